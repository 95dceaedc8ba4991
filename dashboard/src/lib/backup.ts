/** Backups, in a person's words. */

import type { Backup, Backups } from '../api';
import { bytes, count } from './figures';
import type { Tone } from './lamps';
import { age, ago, length, since, timeOfDay } from './time';

/** How much there is, as of the newest. */
export function newest(backup: Backup, now: number): string {
  return `${ago(since(backup.at, now))}: ${count(backup.log.events_total)} events, ${bytes(backup.bytes)}, of these new ${bytes(backup.new_bytes)}; it took ${seconds(backup.took_ms)}`;
}

export const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : length(ms / 1000));

/** Whether it was tried to put it back, and what came of that. */
export function rehearsed({ rehearsed }: Backup): [Tone, string] {
  if (!rehearsed) return ['off', 'not rehearsed'];
  return rehearsed.equal ? ['good', 'rehearsed: equal'] : ['bad', 'rehearsed: differs'];
}

/** When the program takes one by itself, if it does. */
export function whenNext({ every_s: every, keep, next }: Backups, now: number): string {
  const kept = keep === null ? '' : ` The newest ${count(keep)} are kept.`;
  if (every === null || next === null) {
    return `The program takes one by itself where the settings say how often: every under [backup].${kept}`;
  }
  return `The program takes one by itself each ${age(every)}, next at ${timeOfDay(next, now)}.${kept}`;
}

