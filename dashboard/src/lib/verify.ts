/** Whether an event gets through, in a person's words. */

import type { Leg, Passage, Verifications } from '../api';
import { count } from './figures';
import type { Tone } from './lamps';
import { capital } from './reading';
import { age, timeOfDay } from './time';

const ENDED: Record<Leg['outcome'], [Tone, string]> = {
  passed: ['good', 'arrived'],
  degraded: ['wait', 'in part'],
  failed: ['bad', 'failed'],
  unreachable: ['bad', 'not reached'],
  skipped: ['off', 'not tried'],
};

export const howItEnded = (outcome: Leg['outcome']): [Tone, string] => ENDED[outcome] ?? ['bad', outcome];

/** `Log: in the log, read back`; what says the part itself stands alone. */
export function whereTo({ part, label }: Pick<Passage, 'part' | 'label'>): string {
  const name = part === 'home_assistant' ? 'Home Assistant' : capital(part.replaceAll('_', ' '));
  return label.includes('Home Assistant') ? capital(label) : `${name}: ${label}`;
}

/** `8 ms`, `1.2 s`. */
export function milliseconds(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : count(Math.round(ms))} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** When the program does it by itself, if it does. */
export function whenNext({ every_s: every, next }: Verifications, now: number): string {
  if (every === null || next === null) return 'The program does it by itself where the settings say how often: every under [verify].';
  return `The program does it by itself each ${age(every)}, next at ${timeOfDay(next, now)}.`;
}
