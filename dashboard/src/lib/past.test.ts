import { expect, test } from 'vitest';
import { dayBefore, Pace, startOf } from './past';

test('days are counted back over the ends of months, in the zone of who looks', () => {
  expect(dayBefore(new Date(2026, 2, 5, 23, 59).getTime(), 10)).toBe('2026-02-23');
  expect(dayBefore(new Date(2026, 0, 1, 0, 1).getTime(), 0)).toBe('2026-01-01');
});

test('a day begins at its first instant there, and what is no day is refused', () => {
  expect(startOf('2026-11-15')).toBe(new Date(2026, 10, 15).toISOString());
  expect([startOf(''), startOf('2026-13-40'), startOf('yesterday')]).toEqual([null, null, null]);
});

test('what is left follows from the speed so far, and goes down while nothing new is seen', () => {
  const pace = new Pace(1000, 0.2);
  expect(pace.left(2000, 0.2)).toBeNull();
  expect(pace.left(3000, 0.21), 'too little to tell').toBeNull();
  expect(pace.left(11_000, 0.6)).toBeCloseTo(10);
  expect(pace.left(14_000, 0.6)).toBeCloseTo(7);
  expect(pace.left(90_000, 0.6)).toBe(0);
  expect(pace.left(91_000, 1)).toBe(0);
});
