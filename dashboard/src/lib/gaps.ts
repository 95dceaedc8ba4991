/** Gaps in a person's words: what was missed, and what became of it. */

import type { Gap, Gaps } from '../api';
import { count } from './figures';
import type { Tone } from './lamps';
import { capital, named } from './reading';
import { timeOfDay } from './time';

const CAUSES: Record<string, string> = {
  disconnected: 'The connection was lost',
  restarted: 'Home Assistant was restarted',
  stopped: 'Hearthline was stopped',
  not_running: 'Hearthline was not running',
  power_cut: 'The machine went down',
  queue_full: 'The disk was too slow',
  log_refused: 'The disk took nothing',
  chain_broken: 'Home Assistant did not send a state',
  compared: 'Home Assistant did not send a state',
  damaged: 'A part of what was written cannot be read',
};

/** Of one entity each, where Home Assistant dropped an event in silence: they come in numbers. */
const SINGLE = new Set(['chain_broken', 'compared']);
/** Where the line broke, or one of its ends was away. */
const LINE = new Set(['disconnected', 'restarted', 'stopped', 'not_running', 'power_cut', 'queue_full']);
const WORDS: [Gap['state'], string][] = [
  ['open', 'open'],
  ['filled', 'filled'],
  ['partly', 'partly filled'],
  ['lost', 'lost'],
];
/** Fewer of a kind are shown one by one. */
const MANY = 3;

const time = (iso: string) => Date.parse(iso);

/** The periods that were missed, without what a person asked for. */
export const notRequested = (gaps: readonly Gap[]): Gap[] => gaps.filter((gap) => gap.kind !== 'requested');
export const requested = (gaps: Gap[]): Gap[] => gaps.filter((gap) => gap.kind === 'requested');

export function causeOf({ kind, cause }: Gap): string {
  const known = CAUSES[kind];
  if (!known) return capital(cause);
  const colon = cause.indexOf(': ');
  return colon < 0 ? known : `${known}: ${named(cause.slice(colon + 2))}`;
}

/** How much of the time was asked for, 0 to 1; null before the first answer. */
export function progress({ from, to, through }: Gap): number | null {
  if (to === null || through === null) return null;
  const whole = time(to) - time(from);
  return whole <= 0 ? null : Math.min(1, Math.max(0, (time(through) - time(from)) / whole));
}

export const percent = (share: number): string => `${Math.floor(share * 100)}%`;

export function stateOf(gap: Gap): { tone: Tone; word: string } {
  switch (gap.state) {
    case 'filled':
      return { tone: 'good', word: 'filled' };
    case 'partly':
      return { tone: 'wait', word: 'partly filled' };
    case 'lost':
      return { tone: 'bad', word: 'lost' };
    default: {
      if (gap.to === null) return { tone: 'wait', word: 'going on' };
      const share = progress(gap);
      return { tone: 'wait', word: share === null ? 'about to be fetched' : `being fetched, ${percent(share)}` };
    }
  }
}

/** What was had afterwards. */
export function fetched({ state, to, recovered }: Gap): string {
  const states = `${count(recovered)} ${recovered === 1 ? 'state' : 'states'} fetched`;
  if (recovered > 0) return `${states} ${state === 'open' ? 'so far' : 'afterwards'}`;
  if (state === 'filled') return 'nothing had changed meanwhile';
  if (state !== 'open') return 'nothing could be fetched';
  return to === null ? 'fetched as soon as Home Assistant is back' : 'nothing fetched yet';
}

export const seconds = ({ from, to }: Gap, now: number): number =>
  Math.max(0, (to === null ? now : time(to)) - time(from)) / 1000;

/** `14:02:11 – 14:02:30`. */
export const period = (gap: Gap, now: number): string =>
  `${timeOfDay(gap.from, now)} – ${gap.to === null ? 'now' : timeOfDay(gap.to, now)}`;

/** While something is missed: that it will be had. Null where nothing is. */
export function pending(gaps: Gap[], now: number): string | null {
  const open = notRequested(gaps).filter((gap) => gap.state === 'open');
  const endless = open.find((gap) => gap.to === null);
  if (endless) return `What happens since ${timeOfDay(endless.from, now)} is fetched as soon as Home Assistant is back.`;
  const [first] = open;
  if (!first) return null;
  if (open.length > 1) return `What was missed in ${open.length} gaps is being fetched.`;
  const share = progress(first);
  const done = share === null ? '' : ` (${percent(share)})`;
  return `What was missed, ${period(first, now)}, is being fetched${done}.`;
}

/** A gap of its own, or several of single entities that look the same. */
export type Entry = { id: number; gaps: [Gap, ...Gap[]] };

/** The same order; neighbours of single entities with the same fate are one entry. */
export function entries(gaps: Gap[]): Entry[] {
  const runs: Entry[] = [];
  for (const gap of gaps) {
    const last = runs.at(-1)?.gaps;
    const joins = last && isSingle(gap) && isSingle(last[0]) && last[0].state === gap.state;
    if (joins) last.push(gap);
    else runs.push({ id: gap.id, gaps: [gap] });
  }
  return runs.flatMap((run) =>
    run.gaps.length < MANY ? run.gaps.map((gap): Entry => ({ id: gap.id, gaps: [gap] })) : [run],
  );
}

const isSingle = ({ kind, entities }: Gap) => SINGLE.has(kind) && entities.length === 1;

/** Several gaps as one: from the first to the last, with the sum of what was fetched. */
export function joined(gaps: [Gap, ...Gap[]]): Gap {
  const bySpan = [...gaps].sort((a, b) => time(a.from) - time(b.from));
  const ends = gaps.map(({ to }) => to);
  const last = ends.includes(null) ? null : ends.reduce((a, b) => (time(a ?? '') > time(b ?? '') ? a : b), gaps[0].to);
  return {
    ...gaps[0],
    from: (bySpan[0] ?? gaps[0]).from,
    to: last,
    entities: [...new Set(gaps.flatMap(({ entities }) => entities))],
    recovered: gaps.reduce((sum, { recovered }) => sum + recovered, 0),
    through: null,
    not_kept: [...new Set(gaps.flatMap(({ not_kept }) => not_kept))],
    without_attributes: gaps.reduce((sum, gap) => sum + gap.without_attributes, 0),
  };
}

/** What is newer of each, the newest gap first. */
export function merged(newest: Gap[], older: Gap[]): Gap[] {
  const known = new Set(newest.map(({ id }) => id));
  return [...newest, ...older.filter(({ id }) => !known.has(id))].sort((a, b) => b.id - a.id);
}

/** Of everything at once, where the line to Home Assistant ended or one of the two was away. */
export const ofTheLine = (gaps: Gap[]): Gap[] => gaps.filter(({ kind }) => LINE.has(kind));

/** All that ever were, by what became of them; what there is none of is left out. */
export function fatesOf(gaps: Gaps): { state: Gap['state']; word: string; number: number }[] {
  const open = gaps.recent.filter(({ state }) => state === 'open').length; // each of them is among these
  return WORDS.map(([state, word]) => ({ state, word, number: state === 'open' ? open : gaps[state] })).filter(({ number }) => number > 0);
}

/** How many ended how, of those that are shown. */
export function tally(gaps: Gap[]): string {
  const of = (state: Gap['state']) => gaps.filter((gap) => gap.state === state).length;
  return WORDS.flatMap(([state, word]) => (of(state) > 0 ? [`${count(of(state))} ${word}`] : [])).join(', ');
}
