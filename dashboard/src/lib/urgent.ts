/** The most urgent thing that a person can do something about, and what does it. */

import type { Gap, RepairOptions, Status } from '../api';
import { causeOf, notRequested, period } from './gaps';
import type { Tone } from './lamps';
import { nameOfPart, nameOfPlace } from './places';
import { capital } from './reading';
import { CONNECTION, DOCTOR, linkToPlace } from './route.svelte';

export interface Urgent {
  tone: Tone;
  says: string;
  /** What follows, or what a person can do. */
  todo: string | null;
  act: Act;
  /** Where more is said. */
  more: { label: string; link: string } | null;
}

/** `repair` shows first what it would do. */
export type Act =
  | { kind: 'repair'; label: string; repair: string; options: RepairOptions }
  | { kind: 'retry'; label: string; gap: number }
  | { kind: 'look'; label: string; link: string };

/** So long after its end a gap is something to do. */
const RECENT_MS = 86_400_000;
const DAY_S = 86_400;
/** With fewer days of room data is about to be lost. */
const ABOUT_TO = 2;

const WAY = { label: 'The way to Home Assistant, step by step', link: CONNECTION };
const WRONG = { label: 'What is wrong?', link: DOCTOR };

/** Null where nothing waits for a person. The verdict above says the reason of the worst; it is not said twice. */
export function urgent(status: Status, now: number): Urgent | null {
  const room = disk(status);
  const pressing = room?.tone === 'bad' ? room : null;
  return source(status) ?? part(status) ?? pressing ?? place(status) ?? room ?? gap(status, now);
}

function source({ home_assistant: peer }: Status): Urgent | null {
  if (peer.state === 'parked') {
    const says = 'This waits for you: nothing is recorded before it is mended.';
    return { tone: 'bad', says, todo: null, act: { kind: 'look', label: 'See each step', link: CONNECTION }, more: WRONG };
  }
  if (peer.state !== 'disconnected') return null;
  const act: Act = { kind: 'repair', label: 'Connect now …', repair: 'connection', options: {} };
  const todo = 'It is tried again by itself, each minute at the latest.';
  return { tone: 'bad', says: 'Home Assistant cannot be reached.', todo, act, more: WAY };
}

/** A thread of ours that does not do what it is for. What is delivered to has a sentence of its own. */
function part({ parts, sinks, verdict }: Status): Urgent | null {
  const ofSinks = new Set(sinks.filter(({ url }) => url).map(({ name }) => name));
  const ill = parts.find(
    ({ name, state }) =>
      name !== 'home_assistant' && !ofSinks.has(name) && (state === 'unhealthy' || state === 'parked'),
  );
  if (!ill) return null;
  if (ill.name === 'settings') {
    const says = because('The settings wait for you', ill.reason, verdict);
    return { tone: 'wait', says, todo: ill.todo && capital(ill.todo), act: { kind: 'look', ...WRONG }, more: null };
  }
  const says = because(`${nameOfPart(ill.name, sinks)} does not work`, ill.reason, verdict);
  const act: Act =
    ill.name === 'log'
      ? { kind: 'look', label: 'What is wrong?', link: DOCTOR }
      : { kind: 'repair', label: 'Start it anew …', repair: 'restart', options: { part: ill.name } };
  return { tone: 'bad', says, todo: ill.todo && capital(ill.todo), act, more: ill.name === 'log' ? null : WRONG };
}

/** One that is full soon. The verdict says the date, and the doctor has the figures. */
function disk({ disk_full: full }: Status): Urgent | null {
  if (!full) return null;
  const days = Math.floor(full.left_s / DAY_S);
  const room = days === 0 ? 'no room for another day' : `room for ${days} more ${days === 1 ? 'day' : 'days'}`;
  return {
    tone: days < ABOUT_TO ? 'bad' : 'wait',
    says: `The disk has ${room}.`,
    todo: 'Make room, or keep fewer days: retention under [store], max_bytes under [log].',
    act: { kind: 'look', label: 'See what takes the room', link: DOCTOR },
    more: null,
  };
}

/** One that has stopped until somebody mends it. */
function place({ sinks, verdict }: Status): Urgent | null {
  const one = sinks.find(({ state }) => state === 'parked');
  if (!one) return null;
  const called = nameOfPlace(one, sinks);
  return {
    tone: 'wait',
    says: because(`${called} waits for you`, one.reason ?? one.last_error, verdict),
    todo: 'What it has not got is safe on disk and follows.',
    act: { kind: 'repair', label: `Mend ${called} …`, repair: 'sink', options: { sink: one.name } },
    more: { label: `More about ${called}`, link: linkToPlace(one.name) },
  };
}

const because = (what: string, reason: string | null, verdict: string) =>
  reason === null || verdict.includes(reason) ? `${what}.` : `${what}: ${reason}.`;

/** One of the last day that history was asked for only once. */
function gap({ gaps }: Status, now: number): Urgent | null {
  const isUrgent = ({ state, to, tries }: Gap) =>
    (state === 'partly' || state === 'lost') && tries <= 1 && to !== null && now - Date.parse(to) < RECENT_MS;
  const one = notRequested(gaps.recent).find(isUrgent);
  if (!one) return null;
  const how = one.state === 'lost' ? 'Nothing of it could be fetched' : 'A part of it could not be fetched';
  return {
    tone: one.state === 'lost' ? 'bad' : 'wait',
    says: `${period(one, now)}: ${causeOf(one)}. ${how}.`,
    todo: one.note && capital(one.note),
    act: { kind: 'retry', label: 'Fetch it once more', gap: one.id },
    more: null,
  };
}
