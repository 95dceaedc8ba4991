/** What can be made to go wrong in a simulated house, in groups, and what to watch for then. */

import type { Fault, Naive } from '../api';

export interface FaultGroup {
  name: string;
  faults: Fault[];
}

const FETCHED = 'The time line shows the gap, and it is fetched within about a minute.';
const NEEDS_HEALING = 'The sentence at the top says what is wrong. Then press “heal”: the time line shows the gap, and it is fetched.';

const REPLACED = 'Within about ten seconds its lamp says so, and it is started anew alone. Nothing is missed.';
const NEEDS_START = 'Nothing within the program mends that: it ends with a sentence, and has to be started again.';

/** The faults that are known, by what they happen to. Others come last, under a name of their own. */
const GROUPS: [string, Record<string, string>][] = [
  [
    'The connection',
    {
      drop: FETCHED,
      cut: FETCHED,
      away: 'Nothing happens while the connection holds: now break it, too. When you press “heal”, what was missed is fetched.',
      'half-open': 'Within 25 seconds the silence is noticed. Then press “heal”: what was missed is fetched.',
      throttle: 'What is heard comes late; after a while the line counts as dead. Then press “heal”.',
      flap: NEEDS_HEALING,
    },
  ],
  [
    'Home Assistant',
    {
      restart: 'It counts as waiting, not as a fault. Half a minute later the gap is fetched.',
      kill: 'Half a minute later the gap is fetched, as far as its history kept it.',
      starting: 'It counts as waiting. After a minute and a half the gap is fetched.',
      'restart-storm': 'Several gaps, or a long one, on the time line. When it is over they are fetched.',
      'token-revoked':
        'One attempt and no more: the sentence at the top says what a person has to do. Then press “token restored”.',
      'token-restored': 'It is connected again, without a restart, and the gap is fetched within about a minute.',
    },
  ],
  [
    'Its rights',
    {
      'no-admin':
        'Nothing changes for what is recorded. Now verify: the canary cannot be set, so the next state that comes is followed, and that is said.',
    },
  ],
  [
    'Its history',
    {
      'no-recorder': 'Now break the connection: what was missed cannot be fetched, and the gap says so.',
      'slow-history': 'Now break the connection: the gap stays open for longer, and is fetched all the same.',
    },
  ],
  [
    'The archive',
    {
      archive: 'The lamp says how many events wait, safe on disk; nothing is missed. Press “heal”, and it catches up.',
    },
  ],
  [
    'InfluxDB',
    {
      'influx-down': 'Its lamp says how many events wait, safe on disk; nothing is missed. Press “heal”, and it catches up.',
      'influx-500': 'Its lamp says what the server answers and how many events wait, safe on disk. Then press “heal”.',
      'influx-slow': 'Its events come late, and nothing else does. Then press “heal”.',
      'bucket-dropped': 'Its lamp says what is missing and how many events wait, safe on disk. Then press “heal”.',
    },
  ],
  [
    'Our own parts',
    {
      'hang-store': REPLACED,
      'hang-sink': REPLACED,
      'hang-weather': REPLACED,
      'hang-reader': `${REPLACED} The time line shows the gap, and it is fetched.`,
      'panic-store': REPLACED,
      'panic-sink': REPLACED,
      'panic-weather': REPLACED,
      'panic-reader': `${REPLACED} The time line shows the gap, and it is fetched.`,
      'panic-log': `${REPLACED} The time line shows the gap, and it is fetched.`,
      'slow-store': 'It is named as slow, and not replaced: slow is not dead. Its lamp says how many events wait, safe on disk.',
      'hang-log': NEEDS_START,
      'hang-disk': NEEDS_START,
    },
  ],
  [
    'The old way',
    {
      naive:
        'What it receives, and what of it the server refuses for its type, is counted below. The InfluxDB lamp above is ours: it loses nothing.',
    },
  ],
  [
    'The weather',
    {
      'weather-down':
        'Events are recorded as before. The weather lamp turns amber and says why; the last observation grows old, then rows have none. Press “heal”.',
      'weather-slow': 'No event waits for it: only the weather comes late, or not at all. Then press “heal”.',
      'weather-429': 'The provider says for how long it wants to be left alone, and it is. Then press “heal”.',
      'weather-units': 'What is shown and recorded stays in °C and m/s, whatever the provider sends.',
    },
  ],
  [
    'Its things',
    {
      rename: 'It is told under “Noticed”. Its page shows one history, from before and after, under both names.',
      move: 'It stands in another room of the house, and is told under “Noticed”. Rows from before keep the old room.',
      unit: 'It is told under “Noticed”, and its chart has a line where the unit changed.',
      freezer: 'Nothing is said at once. After some missed reports it is told under “Noticed” that it is silent. Then press “heal”.',
    },
  ],
  [
    'What it sends',
    {
      swallow: 'The next event of that lamp shows that some are missing: a gap of this one entity, filled at once.',
      'type-flip': 'Nothing is refused, and nothing is missed: the lamp is recorded as before.',
      garbage: 'It is listed under More, System as set aside, with its bytes. Everything else goes on.',
      storm: 'Events a minute rise, nothing is missed, and the lamps stay green.',
    },
  ],
];

export const HEAL = 'heal';
const OTHERS = 'More';

/** In their own order within each group; without what heals. */
export function groups(faults: Fault[]): FaultGroup[] {
  const placeOf = (fault: Fault) => GROUPS.find(([, known]) => Object.hasOwn(known, fault.name))?.[0] ?? OTHERS;
  return [...GROUPS.map(([name]) => name), OTHERS]
    .map((name) => ({ name, faults: faults.filter((fault) => fault.name !== HEAL && placeOf(fault) === name) }))
    .filter(({ faults }) => faults.length > 0);
}

/** What to look at after it was caused. */
export function watch({ name, says }: Fault): string {
  if (name === HEAL) return 'If something was missed, the time line shows it, and it is fetched within about a minute.';
  const words = GROUPS.find(([, known]) => Object.hasOwn(known, name))?.[1][name];
  return words ?? (lasts(says) ? NEEDS_HEALING : FETCHED);
}

/** What became of the naive writer's events, in one sentence. */
export function loss({ received, accepted, lost }: Naive): string {
  const of = received === 1 ? '1 event' : `${received} events`;
  return `${of} received, ${accepted} written, ${lost} lost`;
}

/** Whether it goes on until it is healed. */
export const lasts = (says: string): boolean => says.includes('until `heal`');
