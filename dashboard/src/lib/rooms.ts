/** The house in parts: by room where rooms are known, else by kind of thing. */

import { kindOf } from './kinds';
import { domainOf, nameIn } from './reading';

/** What is needed of an entity to put it into a room. */
export interface Placed {
  id: string;
  name: string;
  area: string | null;
  deviceClass: string | null;
  /** It is there: not removed. */
  present: boolean;
}

export interface Room<T> {
  name: string;
  /** A real room, not a kind of thing. */
  isArea: boolean;
  /** What a person looks for first stands first. */
  things: T[];
}

export interface House<T> {
  people: T[];
  rooms: Room<T>[];
}

const NOWHERE = 'No room yet';

export function furnish<T extends Placed>(entities: readonly T[]): House<T> {
  const present = entities.filter((entity) => entity.present);
  const people = present.filter((entity) => entity.id.startsWith('person.'));
  const things = present
    .filter((entity) => !entity.id.startsWith('person.'))
    .map((entity) => ({ entity, kind: kindOf(entity.id, entity.deviceClass) }))
    .sort((a, b) => a.kind.rank - b.kind.rank || a.entity.name.localeCompare(b.entity.name));
  const hasAreas = things.some(({ entity }) => entity.area);

  const rooms = new Map<string, Room<T>>();
  for (const { entity, kind } of things) {
    const name = hasAreas ? (entity.area ?? NOWHERE) : kind.heading;
    const room = rooms.get(name) ?? { name, isArea: hasAreas && entity.area !== null, things: [] };
    room.things.push(entity);
    rooms.set(name, room);
  }
  const all = [...rooms.values()];
  // Rooms by name, with what belongs to none at the end; kinds are in the order of their rank already.
  if (hasAreas) all.sort((a, b) => Number(b.isArea) - Number(a.isArea) || a.name.localeCompare(b.name));
  return { people, rooms: all };
}

/** The sensor that is the room's own: called after it where there are several, as a freezer has one too. */
export function ownSensor<T extends Placed>({ name, isArea, things }: Room<T>, deviceClass: string): T | undefined {
  if (!isArea) return undefined;
  const all = things.filter((thing) => domainOf(thing.id) === 'sensor' && thing.deviceClass === deviceClass);
  return all.find((thing) => nameIn(name, thing.name) !== thing.name) ?? all[0];
}
