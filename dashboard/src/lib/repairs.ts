/** Repairs in a person's words: what would be done, what is being done, what was. */

import type { Plan, Receipt, RepairOptions, SeenRepair, Step, StepReceipt } from '../api';
import { bytes, count } from './figures';
import type { Tone } from './lamps';
import { capital } from './reading';
import { age, timeOfDay } from './time';

const STATES: Record<Receipt['state'], [Tone, string]> = {
  applying: ['wait', 'under way'],
  done: ['good', 'mended'],
  failed: ['bad', 'not finished'],
  undoing: ['wait', 'being taken back'],
  undone: ['off', 'taken back'],
};

export const stateOf = ({ state }: Receipt): [Tone, string] => STATES[state] ?? ['bad', state];

/** Something was begun that can be taken back and was not. */
export function canUndo({ plan, steps, state }: Receipt): boolean {
  if (state === 'undone' || state === 'applying' || state === 'undoing') return false;
  return plan.steps.some((step, n) => step.undo && steps[n]?.started != null && steps[n]?.undone == null);
}

/** How a step is, and what it says. */
export function stepOf(was: StepReceipt | undefined, isNow: boolean): { tone: Tone; word: string; says: string | null } {
  if (was?.undone) return { tone: 'off', word: 'taken back', says: was.undone.says };
  if (was?.error) return { tone: isNow ? 'wait' : 'bad', word: isNow ? 'tried again' : 'failed', says: was.error };
  if (isNow) return { tone: 'wait', word: 'now', says: null };
  if (was?.done) return { tone: 'good', word: 'done', says: was.done.says };
  return was?.started ? { tone: 'wait', word: 'begun', says: null } : { tone: 'off', word: 'to do', says: null };
}

/** `12,034 rows, 1.2 MB, about 3 min`; empty where nothing is known of it. */
export function size({ rows, bytes: weight, seconds }: Pick<Step, 'rows' | 'bytes' | 'seconds'>): string {
  const parts = [
    rows === null ? null : `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`,
    weight === null ? null : bytes(weight),
    seconds === null ? null : `about ${age(Math.max(1, seconds))}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** Of all steps together, as far as they know. */
export function whole({ steps }: Plan): string {
  const sum = (of: (step: Step) => number | null) => {
    const known = steps.map(of).filter((n) => n !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
  };
  return size({ rows: sum((step) => step.rows), bytes: sum((step) => step.bytes), seconds: sum((step) => step.seconds) });
}

/** Whether all of it can be taken back, or which is not. */
export function wayBack({ steps }: Plan): string {
  const back = steps.filter(({ undo }) => undo).length;
  if (back === steps.length) return 'All of it can be taken back.';
  return back === 0 ? 'There is nothing to take back afterwards.' : `${back} of ${steps.length} steps can be taken back.`;
}

/** `12,034 of 20,000 rows`, and the share from 0 to 1 where it is known. */
export function progress({ progress: at }: SeenRepair): { says: string; share: number | null } | null {
  if (!at) return null;
  const show = at.unit === 'bytes' ? bytes : count;
  const of = at.of === null ? '' : ` of ${show(at.of)}`;
  const share = at.of === null || at.of === 0 ? null : Math.min(1, at.done / at.of);
  return { says: `${show(at.done)}${of}${at.unit === 'bytes' ? '' : ` ${at.unit}`}`, share };
}

/** What a person chose, without what was left empty. */
export function chosen(form: RepairOptions): RepairOptions {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== '' && value !== false));
}

/** How long it took, or has taken up to now. */
export function took({ started, ended }: Receipt, now: number): string {
  return age(Math.max(0, ((ended === null ? now : Date.parse(ended)) - Date.parse(started)) / 1000));
}

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

/** What begins like this is a word; `attr_brightness` is a name and stays as it is. */
const WORD = /^\p{L}+(?![\p{L}\d_.])/u;

/** A sentence of the program, with its instants as times of day. */
export function spoken(says: string, now: number): string {
  const said = says.replace(INSTANT, (at) => timeOfDay(at, now));
  return WORD.test(said) ? capital(said) : said;
}

/** Which repair, and of what: `schema of influxdb`. */
export function named(repair: string, options: RepairOptions | null): string {
  const of = options?.sink ?? options?.part;
  return typeof of === 'string' ? `${repair} of ${of}` : repair;
}
