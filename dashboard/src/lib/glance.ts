/** The house at a glance: what is lit and what stands open. */

import { kindOf } from './kinds';
import { domainOf } from './reading';
import type { House, Placed } from './rooms';

export interface Seen extends Placed {
  state: string | null;
}

export interface Glance {
  lightsOn: number;
  lights: number;
  open: string[];
  peopleHome: number;
  /** Present, but nothing is known of them now. */
  silent: number;
  /** The drawing's windows: rooms with lamps, or the lamps where no rooms are known. */
  windows: { name: string; lit: boolean }[];
}

const OPENING = new Set(['door', 'window']);

const isLight = (entity: Seen) => domainOf(entity.id) === 'light';

function isOpen(entity: Seen): boolean {
  if (domainOf(entity.id) === 'cover') return entity.deviceClass === 'garage' && entity.state === 'open';
  return OPENING.has(kindOf(entity.id, entity.deviceClass).icon) && entity.state === 'on';
}

export function glance(house: House<Seen>): Glance {
  const all = house.rooms.flatMap((room) => room.things);
  const lights = all.filter(isLight);
  const lit = (lamps: Seen[]) => lamps.some((lamp) => lamp.state === 'on');
  const hasAreas = house.rooms.some((room) => room.isArea);
  return {
    lightsOn: lights.filter((lamp) => lamp.state === 'on').length,
    lights: lights.length,
    open: all.filter(isOpen).map((entity) => entity.name),
    peopleHome: house.people.filter((person) => person.state === 'home').length,
    silent: all.filter((entity) => entity.state === 'unavailable' || entity.state === 'unknown').length,
    windows: hasAreas
      ? house.rooms
          .filter((room) => room.things.some(isLight))
          .map((room) => ({ name: room.name, lit: lit(room.things.filter(isLight)) }))
      : lights.map((lamp) => ({ name: lamp.name, lit: lamp.state === 'on' })),
  };
}
