import { expect, test } from 'vitest';
import { age, ago, length, since, timeOfDay } from './time';

test('an age has one unit, rounded down', () => {
  expect([0, 0.9, 59.9, 60, 3599, 3600, 86_399, 86_400 * 9].map(age)).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '23 h',
    '9 d',
  ]);
});

test('what is younger than a second is just now', () => {
  expect([ago(0.4), ago(1), ago(7300)]).toEqual(['just now', '1 s ago', '2 h ago']);
});

test('a length has two units where the second is not 0', () => {
  expect([length(0.5), length(60), length(4320), length(90_000)]).toEqual(['0 s', '1 min', '1 h 12 min', '1 d 1 h']);
});

test('a clock that is a little ahead makes nothing negative', () => {
  expect(since('2026-11-24T12:00:01.000000Z', Date.parse('2026-11-24T12:00:00Z'))).toBe(0);
  expect(since('2026-11-24T12:00:00.000000Z', Date.parse('2026-11-24T12:01:00Z'))).toBe(60);
});

test('the day is said when it is not today, and the year when it is not this one', () => {
  const now = new Date(2026, 10, 24, 12).getTime();
  const iso = (year: number, day: number) => new Date(year, 10, day, 9, 5, 7).toISOString();
  expect(timeOfDay(iso(2026, 24), now)).toBe('09:05:07');
  expect(timeOfDay(iso(2026, 23), now)).toMatch(/23.* 09:05:07$/);
  expect(timeOfDay(iso(2026, 23), now)).not.toContain('2026');
  expect(timeOfDay(iso(2025, 23), now)).toContain('2025');
});
