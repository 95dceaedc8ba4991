/** How long what is recorded is kept, in a person's words. */

import type { RetentionAmount, Retention, SettledList } from '../api';
import { bytes, count } from './figures';

const DAY_S = 86_400;

const several = (n: number, one: string) => `${count(n)} ${n === 1 ? one : `${one}s`}`;

export const amount = ({ rows, bytes: size }: RetentionAmount): string => `${several(rows, 'row')}, ${bytes(size)}`;
export const days = ({ days }: RetentionAmount): string => several(days, 'day');

export function keptFor({ keep_s }: Retention): string {
  return keep_s === null ? 'Kept for ever' : `Kept for ${several(Math.floor(keep_s / DAY_S), 'day')}`;
}

/** What goes next; null where everything is kept. */
export function dropping({ keep_s, dropped }: Retention): string | null {
  if (keep_s === null) return null;
  return dropped.days === 0 ? 'Nothing is old enough to go.' : `${days(dropped)} will be dropped: ${amount(dropped)}.`;
}

/** The days that are too old and stay, with what keeps them. */
export const held = ({ days }: Retention): { day: string; why: string }[] =>
  days.flatMap(({ day, held }) => (held === null ? [] : [{ day, why: held }]));

/** What became of one record that was read again. */
export function settledAs({ settled: [one] }: SettledList): string {
  switch (one?.outcome) {
    case 'recorded':
      return 'Understood now, and recorded.';
    case 'duplicate':
      return 'Understood now; it was recorded already.';
    case 'filtered':
      return 'Understood now; the settings leave its entity out.';
    case 'kept':
      return `Still not understood${one.reason ? `: ${one.reason}` : ''}.`;
    default:
      return 'It is out of this list.';
  }
}
