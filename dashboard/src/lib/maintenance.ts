/** Maintenance and messages in a person's words. */

import type { Maintenance, Meanwhile, NotifyPlace, NotifyTested, NotifyTold } from '../api';
import { count } from './figures';
import type { Tone } from './lamps';
import { timeOfDay } from './time';

/** For how long it can begin from the page, and as the program reads it. */
export const LENGTHS: [string, string][] = [
  ['30 minutes', '30m'],
  ['1 hour', '1h'],
  ['2 hours', '2h'],
  ['8 hours', '8h'],
];

const because = (why: string | null) => (why === null ? '' : ` (${why})`);

/** What stands above every page. */
export const banner = ({ until, why }: Maintenance, now: number): string =>
  `Maintenance until ${timeOfDay(until, now)}${because(why)}: what goes wrong is recorded and told to nobody.`;

/** One sentence for each that is not empty; one that says so where all are. */
export function meanwhileOf({ passed, ended, wrong }: Meanwhile): string[] {
  const lists: [string, string[]][] = [
    ['Came and went', passed],
    ['Ended', ended],
    ['Still wrong', wrong],
  ];
  const said = lists.filter(([, titles]) => titles.length > 0).map(([what, titles]) => `${what}: ${titles.join(', ')}.`);
  return said.length > 0 ? said : ['Nothing went wrong meanwhile.'];
}

/** How a place is, in one line. */
export function placeOf({ told, untold, waiting, gathering, held_until }: NotifyPlace, now: number): string {
  const parts = [`${count(told)} told`];
  if (untold > 0) parts.push(`${count(untold)} not told`);
  if (waiting > 0) parts.push(`${count(waiting)} waiting`);
  if (gathering > 0) parts.push(`${count(gathering)} gathered for the next message`);
  if (held_until !== null) parts.push(`held back until ${timeOfDay(held_until, now)}, since there were so many`);
  return `${parts.join(', ')}.`;
}

export const toldTone = ({ urgency, why }: NotifyTold): Tone =>
  why !== null || urgency === 'critical' ? 'bad' : urgency === 'warning' ? 'wait' : 'good';

/** What came of a test, or of a report that was sent; an error where a place has not taken it. */
export function testedOf({ tried }: NotifyTested): string {
  const lines = tried.map(({ name, why }) => (why === null ? `${name} has taken it.` : `${name} has not taken it: ${why}.`));
  const said = lines.join(' ');
  if (tried.some(({ why }) => why !== null)) throw new Error(said);
  return said;
}
