/** The lamps: how each place that the data passes is doing, in plain words. */

import type { Log, Part, Sink, Status } from '../api';
import { bytes, count } from './figures';
import type { IconName } from './icons';
import { behind, events, eventsBehind, isArchive, nameOfPlace } from './places';
import { capital, named } from './reading';
import { CONNECTION, linkToPlace, SYSTEM } from './route.svelte';
import { ago } from './time';
import { inShort } from './weather';

export type Tone = 'good' | 'wait' | 'bad' | 'off';

export interface Lamp {
  name: string;
  icon: IconName;
  tone: Tone;
  word: string;
  /** How old, how much. */
  detail: string;
  /** What is wrong, where something is. */
  reason: string | null;
  /** Where more is said. */
  link: string;
}

export const TONE_ICON: Record<Tone, IconName> = { good: 'check', wait: 'wait', bad: 'alert', off: 'dash' };

/** Letters of a verdict that stand large without being a wall of text on a narrow screen. */
const LONG = 80;

const LINK: Record<Status['home_assistant']['state'], [Tone, string]> = {
  connected: ['good', 'listening'],
  connecting: ['wait', 'connecting'],
  waiting: ['wait', 'waiting for it'],
  disconnected: ['bad', 'not reachable'],
  parked: ['bad', 'waiting for you'],
};

/** Seconds since the last of each; null where there was none. They go on while the program is silent. */
export interface Ages {
  /** Since Home Assistant sent an event. */
  heard: number | null;
  /** Since the newest record was seen to be safe on disk. */
  written: number | null;
  /** Since the weather in use was observed. */
  observed: number | null;
}

export function lamps(status: Status, ages: Ages): Lamp[] {
  const all = [homeAssistant(status, ages.heard), disk(status, ages.written), ...status.sinks.map(place)];
  return status.weather.state === 'off' ? all : [...all, outdoors(status, ages.observed)];
}

/** Its reason stands where the verdict does not say it already. */
function homeAssistant({ home_assistant: peer, verdict }: Status, heard: number | null): Lamp {
  const [tone, word] = LINK[peer.state] ?? ['bad', peer.state];
  const detail = heard === null ? 'nothing heard yet' : `heard ${ago(heard)}`;
  const reason = tone === 'good' || peer.reason === null || verdict.includes(peer.reason) ? null : capital(peer.reason);
  return { name: 'Home Assistant', icon: 'link', tone, word, detail, reason, link: CONNECTION };
}

/** What is known of the other end of the line. `heard`: seconds since its last event. */
export const ofThePeer = (peer: Status['home_assistant'], heard: number | null): { name: string; figure: string }[] => [
  { name: 'Last event', figure: heard === null ? 'none yet' : ago(heard) },
  { name: 'Ping', figure: peer.ping_s === null ? 'not answered yet' : `${Math.round(peer.ping_s * 1000)} ms` },
  { name: 'Home Assistant', figure: peer.version ?? 'not known yet' },
];

function disk({ log, parts }: Status, written: number | null): Lamp {
  const part = parts.find(({ name }) => name === 'log');
  const [tone, word] = wordOf(part?.state ?? 'off', 'safe');
  const detail = written === null ? kept(log) : `written ${ago(written)}`;
  return { name: 'On disk', icon: 'disk', tone, word, detail, reason: reasonOf(part), link: SYSTEM };
}

function place(sink: Sink, _: number, all: Sink[]): Lamp {
  const late = behind(sink);
  const [tone, usual] = wordOf(sink.state, late ?? 'up to date');
  const word = sink.state === 'degraded' && late !== null ? late : usual;
  return {
    name: nameOfPlace(sink, all),
    icon: isArchive(sink) ? 'archive' : 'server',
    tone,
    word,
    detail: word === late ? 'safe on disk' : detailOf(sink),
    reason: tone === 'good' ? null : (sink.reason ?? sink.last_error),
    link: linkToPlace(sink.name),
  };
}

function detailOf(sink: Sink): string {
  if (sink.state !== 'healthy') return `${events(eventsBehind(sink))} safe on disk`;
  if (sink.pending === 0) return `${count(sink.delivered)} kept`;
  // Those of the archive are in every answer already, and in files every few minutes.
  return `${count(sink.pending)} ${isArchive(sink) ? 'not in files yet' : 'on their way'}`;
}

function outdoors({ weather }: Status, observed: number | null): Lamp {
  const [tone, word] = wordOf(weather.state, 'up to date');
  const seen = weather.observation ? inShort(weather.observation) : null;
  const detail = observed === null ? 'nothing known yet' : `${seen === null ? 'observed' : `${seen},`} ${ago(observed)}`;
  const reason = tone === 'good' ? null : (weather.reason ?? weather.last_error ?? null);
  return { name: 'Weather', icon: 'cloud', tone, word, detail, reason, link: SYSTEM };
}

export function wordOf(state: Part['state'], whenHealthy: string): [Tone, string] {
  switch (state) {
    case 'healthy':
      return ['good', whenHealthy];
    case 'starting':
      return ['wait', 'starting'];
    case 'degraded':
      return ['wait', 'late'];
    case 'unhealthy':
      return ['bad', 'not working'];
    case 'parked':
      return ['bad', 'waiting for you'];
    default:
      return ['off', 'off'];
  }
}

const kept = (log: Log): string => `${bytes(log.bytes)} kept`;

const reasonOf = (part: Part | undefined): string | null => (part?.state === 'healthy' ? null : (part?.reason ?? null));

/** The state of the whole: its picture and its word. */
export function overall(status: Status): { tone: Tone; icon: IconName; word: string } {
  switch (status.overall) {
    case 'healthy':
      return { tone: 'good', icon: 'check', word: 'healthy' };
    case 'degraded':
      return { tone: 'wait', icon: 'warn', word: 'degraded' };
    default:
      return { tone: 'bad', icon: 'alert', word: 'unhealthy' };
  }
}

/** The verdict as what stands large, and what comes after it, or the reason where it would be long there. */
export function headline(said: string): [string, string | null] {
  const verdict = named(said);
  const [, word, rest] = /^(\p{L}+\.) (.+)$/u.exec(verdict) ?? [];
  if (word && rest) return [word, rest];
  const colon = verdict.indexOf(': ');
  if (colon < 0 || verdict.length < LONG) return [verdict, null];
  return [`${verdict.slice(0, colon)}.`, capital(verdict.slice(colon + 2))];
}

/** Whether a goal is not met. */
export const goalsTone = ({ criteria }: Status): Tone => (criteria.some(({ met }) => met === false) ? 'bad' : 'good');

/** `6 of 7 goals met`, and how many are not known. */
export function goals(status: Status): string {
  const met = status.criteria.filter((goal) => goal.met === true).length;
  const open = status.criteria.filter((goal) => goal.met === null).length;
  return `${met} of ${status.criteria.length} goals met${open > 0 ? `, ${open} not known yet` : ''}`;
}
