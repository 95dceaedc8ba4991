import { expect, test } from 'vitest';
import { finder } from './search';

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
