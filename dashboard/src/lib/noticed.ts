/** What was noticed about the entities, in a person's words: what, and what it means for what is recorded. */

import type { EntityChange, SilentDevice } from '../api';
import type { IconName } from './icons';
import type { Tone } from './lamps';
import { nameOf } from './reading';
import type { Mark, Period } from './series';

export interface Notice {
  id: string;
  icon: IconName;
  tone: Tone;
  at: string;
  /** The name, or how many. */
  who: string;
  what: string;
  means: string;
  /** The ids now. */
  entities: string[];
}

interface Kind {
  icon: IconName;
  says: (from: string | null, to: string | null) => string;
  means: (from: string | null) => string;
}

/** `from x to y`, as far as both are known. */
const way = (from: string | null, to: string | null, none: string) => `from ${from ?? none} to ${to ?? none}`;
const OF_THEIR_TIME = 'Rows from before keep what held at their time.';

const KINDS: Record<string, Kind> = {
  renamed: {
    icon: 'tag',
    says: (from, to) => `${from ?? 'its old id'} is ${to ?? 'another id'} now.`,
    means: () => 'One series goes on under both names.',
  },
  unit: {
    icon: 'gauge',
    says: (from, to) => `the unit changed ${way(from, to, 'none')}.`,
    means: (from) => `Rows from before stay ${from === null ? 'without a unit' : `in ${from}`}; each row says its unit.`,
  },
  device_class: {
    icon: 'ask',
    says: (from, to) => `what it measures changed ${way(said(from), said(to), 'not said')}.`,
    means: () => OF_THEIR_TIME,
  },
  area: {
    icon: 'house',
    says: (from, to) => `moved ${way(from, to, 'no room')}.`,
    means: () => 'Rows from before keep the room of their time.',
  },
  device: {
    icon: 'plug',
    says: (from, to) => `its device changed ${way(from, to, 'none')}.`,
    means: () => OF_THEIR_TIME,
  },
  name: {
    icon: 'tag',
    says: (from, to) => `the name changed ${way(from, to, 'none')}.`,
    means: () => 'Only what people read is different; the series goes on.',
  },
  labels: {
    icon: 'tag',
    says: (from, to) => `its labels changed ${way(from, to, 'none')}.`,
    means: () => OF_THEIR_TIME,
  },
  removed: {
    icon: 'dash',
    says: () => 'Home Assistant does not have it any more.',
    means: () => 'What was recorded stays.',
  },
};

const said = (text: string | null) => text?.replaceAll('_', ' ') ?? null;

/** What lasts stands first, then what happened, the newest first. What happened to many at once is one. */
export function notices(
  silent: readonly SilentDevice[],
  changes: readonly EntityChange[],
  nameNow: (id: string) => string | undefined = () => undefined,
): Notice[] {
  const told = together(changes).map(ofChanges);
  return [...silent.map((item) => ofSilence(item, nameNow(item.name))), ...told];
}

/** One without a device is called by its id there; people know it by another name. */
const ofSilence = (item: SilentDevice, known: string | undefined): Notice => ({
  id: `silent ${item.entities.join()}`,
  icon: 'wait',
  tone: 'wait',
  at: item.since,
  who: known ?? item.name,
  what: `${silence(item)}.`,
  means: 'Home Assistant still shows its last value: look at its battery and its radio.',
  entities: item.entities,
});

/** As the program says it, without the name. */
export const silence = ({ name, sentence }: SilentDevice): string =>
  sentence.startsWith(`${name}: `) ? sentence.slice(name.length + 2) : sentence;

function ofChanges([first, ...more]: [EntityChange, ...EntityChange[]]): Notice {
  const { what, from, to } = first;
  const all = [first, ...more];
  const who = more.length === 0 ? (first.name ?? nameOf(first.entity_id, null)) : `${all.length} entities`;
  const kind = Object.hasOwn(KINDS, what) ? KINDS[what] : undefined;
  return {
    id: keyOf(first),
    icon: kind?.icon ?? 'eye',
    tone: 'off',
    at: first.at,
    who,
    what: kind?.says(from, to) ?? `${said(what)} changed ${way(from, to, 'none')}.`,
    means: kind?.means(from) ?? OF_THEIR_TIME,
    entities: all.map(({ entity_id }) => entity_id),
  };
}

/** To the second: one act of a person reaches many entities. A name is of one. */
const SINGLE = new Set(['name', 'renamed', 'removed']);
const keyOf = ({ at, key, what, from, to }: EntityChange) =>
  [at.slice(0, 19), what, from, to, SINGLE.has(what) ? key : ''].join('\n');

function together(changes: readonly EntityChange[]): [EntityChange, ...EntityChange[]][] {
  const groups = new Map<string, [EntityChange, ...EntityChange[]]>();
  for (const change of changes) {
    const group = groups.get(keyOf(change));
    if (group) group.push(change);
    else groups.set(keyOf(change), [change]);
  }
  return [...groups.values()];
}

/** On a chart: where the unit or the name became another. */
export function changeMarks(changes: readonly EntityChange[], { from, to }: Period): Mark[] {
  return changes
    .filter(({ what }) => what === 'unit' || what === 'renamed')
    .map((change) => ({
      at: Date.parse(change.at) / 1000,
      label: change.what === 'unit' ? `${change.from ?? 'no unit'} → ${change.to ?? 'no unit'}` : 'renamed',
    }))
    .filter(({ at }) => at > from && at < to);
}
