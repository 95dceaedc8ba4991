import { expect, test } from 'vitest';
import { anEntity } from './entity.fixture';
import { belongsTo, finder } from './search';

test('every word is found somewhere, in any case', () => {
  const found = finder('  Kitchen LIGHT ');
  expect(found('Ceiling', 'light.kitchen_ceiling', null)).toBe(true);
  expect(found('Ceiling', 'light.ceiling', 'kitchen')).toBe(true);
  expect(found('Ceiling', 'light.hall', null)).toBe(false);
});

test('words do not reach from one text into the next', () => {
  expect(finder('gon')('Ceiling', 'on')).toBe(false);
});

test('nothing asked finds all', () => {
  expect(finder('')('anything')).toBe(true);
});

test('an entity is found by its device, its integration, its labels and its earlier ids', () => {
  const entity = anEntity({ device: 'Hue lamp', labels: ['Holiday'] });
  const names = [{ entity_id: 'light.old', from: null, to: null }];
  expect(finder('hue holiday')('A', ...belongsTo(entity))).toBe(true);
  expect(belongsTo({ ...entity, integration: 'hue', names })).toEqual(['Hue lamp', 'hue', 'Holiday', 'light.old']);
  expect(belongsTo(null)).toEqual([]);
});
