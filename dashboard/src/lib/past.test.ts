import { expect, test } from 'vitest';
import { dayBefore, remaining, startOf } from './past';

test('days are counted back over the ends of months, in the zone of who looks', () => {
  expect(dayBefore(new Date(2026, 2, 5, 23, 59).getTime(), 10)).toBe('2026-02-23');
  expect(dayBefore(new Date(2026, 0, 1, 0, 1).getTime(), 0)).toBe('2026-01-01');
});

test('a day begins at its first instant there, and what is no day is refused', () => {
  expect(startOf('2026-11-15')).toBe(new Date(2026, 10, 15).toISOString());
  expect([startOf(''), startOf('2026-13-40'), startOf('yesterday')]).toEqual([null, null, null]);
});

test('what is left follows from the speed so far', () => {
  const first = { at: 1000, share: 0.2 };
  expect(remaining(first, { at: 11_000, share: 0.6 })).toBeCloseTo(10);
  expect(remaining(first, { at: 11_000, share: 1 })).toBe(0);
  expect(remaining(first, first)).toBeNull();
});
