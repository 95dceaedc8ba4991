import { expect, test } from 'vitest';
import { glance, type Seen } from './glance';
import { furnish, ownSensor } from './rooms';

function thing(id: string, area: string | null, more: Partial<Seen> = {}): Seen {
  return { id, name: id, area, deviceClass: null, present: true, state: 'off', ...more };
}

const names = (house: { rooms: { name: string; things: Seen[] }[] }) =>
  house.rooms.map((room) => [room.name, room.things.map(({ id }) => id)]);

test('with areas there is a room for each, and the rest stands last', () => {
  const house = furnish([
    thing('sun.sun', null),
    thing('sensor.lux', 'Living room', { deviceClass: 'illuminance' }),
    thing('light.sofa', 'Living room'),
    thing('light.oven', 'Küche'),
  ]);
  expect(names(house)).toEqual([
    ['Küche', ['light.oven']],
    ['Living room', ['light.sofa', 'sensor.lux']],
    ['No room yet', ['sun.sun']],
  ]);
  expect(house.rooms.map((room) => room.isArea)).toEqual([true, true, false]);
});

test('without areas there is a heading for each kind of thing, lights before sensors', () => {
  const house = furnish([
    thing('sensor.t', null, { deviceClass: 'temperature' }),
    thing('binary_sensor.w', null, { deviceClass: 'window' }),
    thing('cover.blind', null),
    thing('light.a', null),
    thing('made_up.x', null),
  ]);
  expect(names(house)).toEqual([
    ['Lights', ['light.a']],
    ['Doors, windows and blinds', ['binary_sensor.w', 'cover.blind']],
    ['Warmth and air', ['sensor.t']],
    ['Made up', ['made_up.x']],
  ]);
});

test('the warmth of a room is that of its own sensor, not of a freezer in it', () => {
  const warm = (id: string, name: string) => thing(id, 'Kitchen', { name, deviceClass: 'temperature' });
  const things = [warm('sensor.freezer', 'Freezer temperature'), warm('sensor.kitchen', 'Kitchen temperature')];
  const room = { name: 'Kitchen', isArea: true, things };
  expect(ownSensor(room, 'temperature')?.id).toBe('sensor.kitchen');
  expect(ownSensor({ ...room, things: things.slice(0, 1) }, 'temperature')?.id).toBe('sensor.freezer');
  expect(ownSensor(room, 'humidity')).toBeUndefined();
  expect(ownSensor({ ...room, isArea: false }, 'temperature')).toBeUndefined();
});

test('people stand by themselves, and what was removed is not there', () => {
  const house = furnish([thing('person.alex', 'kitchen'), thing('light.gone', null, { present: false })]);
  expect(house.people.map(({ id }) => id)).toEqual(['person.alex']);
  expect(house.rooms).toEqual([]);
});

test('the glance counts what is lit, open and silent', () => {
  const house = furnish([
    thing('light.a', 'Kitchen', { state: 'on' }),
    thing('light.b', 'Kitchen'),
    thing('light.c', 'Hall'),
    thing('binary_sensor.door', 'Hall', { deviceClass: 'door', state: 'on', name: 'Front door' }),
    thing('binary_sensor.motion', 'Hall', { deviceClass: 'motion', state: 'on' }),
    thing('cover.garage', 'garage', { deviceClass: 'garage', state: 'open', name: 'Garage door' }),
    thing('cover.blind', 'Hall', { deviceClass: 'blind', state: 'open' }),
    thing('sensor.soil', 'garden', { state: 'unavailable' }),
  ]);
  const seen = glance(house);
  expect(seen).toMatchObject({ lightsOn: 1, lights: 3, silent: 1 });
  expect(seen.open.sort()).toEqual(['Front door', 'Garage door']);
  expect(seen.windows).toEqual([
    { name: 'Hall', lit: false },
    { name: 'Kitchen', lit: true },
  ]);
});
