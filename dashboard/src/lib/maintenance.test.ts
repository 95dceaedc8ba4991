import { expect, test } from 'vitest';
import type { NotifyPlace } from '../api';
import { banner, meanwhileOf, placeOf, testedOf, toldTone } from './maintenance';

const NOW = new Date(2026, 10, 23, 14, 0, 0).getTime();
const at = (hour: number) => new Date(2026, 10, 23, hour, 5, 0).toISOString();

const place: NotifyPlace = {
  name: 'phone',
  kind: 'ntfy',
  host: 'ntfy.sh:443',
  level: 'warning',
  trouble: null,
  waiting: 0,
  gathering: 0,
  held_until: null,
  told: 12,
  untold: 0,
  last: [],
};

test('the banner says until when, and what for', () => {
  const maintenance = { since: at(13), until: at(15), left_s: 3900, why: 'new disk' };
  const rest = 'what goes wrong is recorded and told to nobody.';
  expect(banner(maintenance, NOW)).toBe(`Maintenance until 15:05:00 (new disk): ${rest}`);
  expect(banner({ ...maintenance, why: null }, NOW)).toBe(`Maintenance until 15:05:00: ${rest}`);
});

test('what happened meanwhile is told, and that nothing did', () => {
  expect(meanwhileOf({ passed: ['a', 'b'], ended: [], wrong: ['c'] })).toEqual(['Came and went: a, b.', 'Still wrong: c.']);
  expect(meanwhileOf({ passed: [], ended: [], wrong: [] })).toEqual(['Nothing went wrong meanwhile.']);
});

test('a place says what it was told and what waits', () => {
  expect(placeOf(place, NOW)).toBe('12 told.');
  expect(placeOf({ ...place, untold: 1, waiting: 2, gathering: 7, held_until: at(15) }, NOW)).toBe(
    '12 told, 1 not told, 2 waiting, 7 gathered for the next message, held back until 15:05:00, since there were so many.',
  );
});

test('what was not taken is bad however urgent it was', () => {
  const told = { at: at(13), title: '', tries: 1, why: null };
  expect(toldTone({ ...told, urgency: 'info' })).toBe('good');
  expect(toldTone({ ...told, urgency: 'warning' })).toBe('wait');
  expect(toldTone({ ...told, urgency: 'info', why: 'HTTP 400' })).toBe('bad');
});

test('a test that a place has not taken is a refusal', () => {
  const taken = { name: 'phone', why: null };
  expect(testedOf({ tried: [taken] })).toBe('phone has taken it.');
  expect(() => testedOf({ tried: [taken, { name: 'team', why: 'HTTP 401' }] })).toThrow('team has not taken it: HTTP 401.');
});
