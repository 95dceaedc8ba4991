import { expect, test } from 'vitest';
import { ANY, choices, chosen, isUnavailable, type Choice, type Listed } from './entities';
import { anEntity } from './entity.fixture';

const cell = (id: string, area: string | null, device: string | null, state: string | null = null): Listed => ({
  id,
  name: id,
  area,
  entity: anEntity({ entity_id: id, device }),
  latest: state === null ? null : ({ state, value: null, unit: null, device_class: null } as Listed['latest']),
});
const house = [
  cell('light.kitchen', 'Kitchen', 'Hue lamp', 'on'),
  cell('sensor.kitchen', 'Kitchen', 'Hue lamp', 'unavailable'),
  cell('sensor.attic', null, null),
];
const found = (choice: Partial<Choice>) => house.filter(chosen({ ...ANY, ...choice })).map(({ id }) => id);

test('what is chosen has to fit all that is asked', () => {
  expect(found({})).toHaveLength(3);
  expect(found({ area: 'Kitchen' })).toEqual(['light.kitchen', 'sensor.kitchen']);
  expect(found({ area: 'Kitchen', domain: 'sensor' })).toEqual(['sensor.kitchen']);
  expect(found({ device: 'Hue lamp', query: 'light' })).toEqual(['light.kitchen']);
  expect(found({ query: 'unavailable' })).toEqual(['sensor.kitchen']);
  expect(house.filter(isUnavailable).map(({ id }) => id)).toEqual(['sensor.kitchen']);
});

test('only what there is can be chosen, each once', () => {
  expect(choices(house)).toEqual({ areas: ['Kitchen'], devices: ['Hue lamp'], domains: ['light', 'sensor'] });
});
