/** The places that everything is delivered to, in a person's words. */

import type { Conflict, Refill, RefusedRow, Sink } from '../api';
import { count } from './figures';
import { capital } from './reading';
import { age } from './time';

export const isArchive = (sink: Sink): boolean => sink.name === 'store';

/** What it is called: the archive, InfluxDB, or as in the settings where there are several. */
export function nameOfPlace(sink: Sink, all: Sink[]): string {
  if (isArchive(sink)) return 'Archive';
  const alike = all.filter(({ kind }) => kind === sink.kind).length;
  return sink.kind === 'influxdb' && alike === 1 ? 'InfluxDB' : sink.name;
}

const PARTS: Record<string, string> = {
  api: 'This page and its API',
  home_assistant: 'Home Assistant',
  log: 'On disk',
  mqtt: 'Home Assistant, over MQTT',
  notify: 'Messages to people',
  registry: 'Rooms and devices',
  store: 'Archive',
  weather: 'Weather',
};

/** A part of the program, as it is called on the first page. */
export function nameOfPart(part: string, sinks: Sink[]): string {
  const sink = sinks.find(({ name }) => name === part);
  return sink ? nameOfPlace(sink, sinks) : (PARTS[part] ?? capital(part.replaceAll('_', ' ')));
}

/** What a finding is about, by the name that it has on the first page; what is in the settings, as it is called there. */
export const nameOfSubject = (about: string): string => PARTS[about] ?? about;

/** The same name at the beginning of what was found. */
export const namingIts = (about: string | null, says: string): string =>
  about !== null && says.startsWith(`${about} `) ? nameOfSubject(about) + says.slice(about.length) : says;

/** A place that is a moment behind, as it is at each event, is up to date for a person. */
const BEHIND_S = 5;

/** Events that it has not got. */
export const eventsBehind = (sink: Sink): number => sink.lag_events ?? sink.pending;

export const events = (n: number): string => `${count(n)} ${n === 1 ? 'event' : 'events'}`;

/** `behind by 1,204 events (12 s)`; null where it is up to date. */
export function behind(sink: Sink): string | null {
  const n = eventsBehind(sink);
  return sink.lag_s < BEHIND_S || n === 0 ? null : `behind by ${events(n)} (${age(sink.lag_s)})`;
}

/** `gets what it missed from the archive: 3 of 52 events, 2 min left`. */
function refilled({ why, done, of, left_s, running }: Refill): string {
  const what = { missed: 'gets what it missed from the archive', new: 'gets the past from the archive', asked: 'gets a part of the past from the archive again' }[why];
  const left = !running ? 'once it takes something again' : left_s === null ? null : `${age(left_s)} left`;
  return [`${what}: ${count(done)} of ${events(of)}`, left].filter(Boolean).join(', ');
}

/** How it is with the data, in one sentence. */
export function sentenceOf(sink: Sink, name: string): string {
  const late = behind(sink);
  const kept = `${events(eventsBehind(sink))} safe on disk`;
  switch (sink.state) {
    case 'parked':
      return `${name} waits for you: ${kept}, and nothing is lost meanwhile.`;
    case 'starting':
      return `${name} is looked for.`;
    case 'off':
      return `${name} is off.`;
    default:
      if (sink.refill && late === null) return `${name} ${refilled(sink.refill)}.`;
      if (late === null) return sink.state === 'healthy' ? `${name} has everything.` : `${name} has all there is to have, and something is wrong.`;
      return `${name} is ${late}. They are safe on disk and follow by themselves.`;
  }
}

/** What an error of a server means for a person, where that can be said. */
export function plainly(error: string): string | null {
  const said = MEANINGS.find(([pattern]) => pattern.test(error));
  return said ? said[1] : null;
}

const MEANINGS: [RegExp, string][] = [
  [/HTTP 40[13]|unauthori[sz]ed|authorization|credentials/i, 'It does not let us in. Put a token or password that may write into the settings.'],
  [/HTTP 404|not found|is not there/i, 'What we write to is not there. Make it in InfluxDB, or have it made under Repairs.'],
  [/HTTP 429/, 'It asks us to wait, and we do.'],
  [/HTTP 413/, 'It wants smaller pieces, and gets them.'],
  [/HTTP 5\d\d/, 'It answers and cannot take anything now. It is asked again by itself.'],
  [/refused|no answer|not answer|timed? ?out|unreachable|cannot (be reached|connect)|connect|closed|reset/i, 'Nobody answers there: is it running, and is the address right? It is asked again by itself.'],
  [/no space/i, 'The disk is full. Free some room.'],
];

/** `text and boolean`. */
export const types = (all: string[]): string => all.map((one) => (one === 'bool' ? 'boolean' : one)).join(' and ');

/** Rows that went past conflicts, into a field of their own. */
export const sumOfRows = (conflicts: Conflict[]): number => conflicts.reduce((sum, { rows }) => sum + rows, 0);

/** Rows that were refused for the same reason, together; the newest first. */
export function byReason(rows: RefusedRow[]): { words: string; rows: RefusedRow[] }[] {
  const groups = new Map<string, RefusedRow[]>();
  for (const row of rows) groups.set(row.words, [...(groups.get(row.words) ?? []), row]);
  return [...groups].map(([words, rows]) => ({ words, rows }));
}
