import { expect, test } from 'vitest';
import type { Gap, State } from '../api';
import { aGap } from './gap.fixture';
import { bucketFor, extent, fromBuckets, fromStates, held, missed, shares, stretches } from './series';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const period = { from: 1000, to: 2000 };

function state(seconds: number, text: string | null): State {
  const number = Number(text);
  return {
    entity_id: 'sensor.a',
    ts: at(seconds),
    state: text,
    value: text !== null && Number.isFinite(number) ? number : null,
    unit: null,
    device_class: null,
    last_changed: at(seconds),
    origin: 'live',
    restored: false,
    attributes: null,
    area: null,
    device: null,
  };
}

test('a reading holds until the end of the period', () => {
  const { times, line } = fromStates([state(1200, '20'), state(1500, '21')], null, period);
  expect(times).toEqual([1200, 1500, 2000]);
  expect(line).toEqual([20, 21, 21]);
});

test('what held before holds from the beginning', () => {
  expect(fromStates([state(1200, '20')], 19, period)).toMatchObject({ times: [1000, 1200, 2000], line: [19, 20, 20] });
  expect(fromStates([], 19, period)).toMatchObject({ times: [1000, 2000], line: [19, 19] });
  expect(fromStates([], null, period).times).toEqual([]);
});

test('unavailable is a hole, not 0 and not a line', () => {
  const { line } = fromStates([state(1200, '20'), state(1300, 'unavailable'), state(1400, '0')], null, period);
  expect(line).toEqual([20, null, 0, 0]);
});

test('buckets are a line in a band, and an empty one is a hole', () => {
  const bucket = { start: at(1000), min: 1, mean: 2, max: 4, last: 2, count: 3 };
  const empty = { start: at(1300), min: null, mean: null, max: null, last: null, count: 0 };
  const series = fromBuckets([bucket, empty], []);
  expect(series).toEqual({ times: [1000, 1300], line: [2, null], low: [1, null], high: [4, null], steps: false });
  expect(extent(series)).toEqual({ min: 1, max: 4 });
  expect(extent(fromBuckets([empty], []))).toBeNull();
});

test('what holds is a line, but not through what was missed', () => {
  const read = { start: at(1000), min: 1, mean: 2, max: 4, last: 2, count: 3 };
  const held = (seconds: number) => ({ start: at(seconds), min: 2, mean: 2, max: 2, last: 2, count: 0 });
  const buckets = [read, held(1100), held(1200), held(1300)];
  expect(fromBuckets(buckets, []).line).toEqual([2, 2, 2, 2]);
  expect(fromBuckets(buckets, [{ from: 1050, to: 1250 }]).line, 'a reading in it is one all the same').toEqual([2, null, null, 2]);
  expect(fromBuckets(buckets, [{ from: 1350, to: 1360 }]).line).toEqual([2, 2, 2, null]);
});

test('no point is narrower than a pixel, and short periods show each reading', () => {
  const day = 86_400;
  expect([3600, 6 * 3600].map((seconds) => bucketFor(seconds, 800))).toEqual([null, null]);
  expect([day, 7 * day, 30 * day, 365 * day].map((seconds) => bucketFor(seconds, 800))).toEqual([120, 900, 3600, day / 2]);
  expect(bucketFor(365 * day, 340)).toBe(2 * day);
  for (const pixels of [0, 1, 300, 2000]) {
    for (const days of [1, 30, 365, 1825]) expect(bucketFor(days * day, pixels)).toBeGreaterThanOrEqual((days * day) / Math.max(1, pixels));
  }
});

test('neighbours of one text are one stretch, and the unknown beginning is one of its own', () => {
  const all = stretches([state(1100, 'on'), state(1200, 'on'), state(1600, 'off')], null, period);
  expect(all).toEqual([
    { state: null, from: 1000, to: 1100 },
    { state: 'on', from: 1100, to: 1600 },
    { state: 'off', from: 1600, to: 2000 },
  ]);
  expect(shares(all)).toEqual([
    { state: 'on', seconds: 500 },
    { state: 'off', seconds: 400 },
  ]);
});

test('a state older than the period fills it', () => {
  expect(stretches([], 'off', period)).toEqual([{ state: 'off', from: 1000, to: 2000 }]);
});

test('only gaps of the entity that were not filled are hatched, inside the period', () => {
  const gap = (more: Partial<Gap>) => aGap({ state: 'lost', from: at(900), to: at(1100), ...more });
  const gaps = [
    gap({}),
    gap({ state: 'filled' }),
    gap({ entities: ['light.other'] }),
    gap({ state: 'open', from: at(1900), to: null, entities: ['light.a'] }),
    gap({ from: at(10), to: at(20) }),
    gap({ kind: 'requested', from: at(1200), to: at(1300) }),
  ];
  expect(missed(gaps, 'light.a', period)).toEqual([
    { from: 1000, to: 1100 },
    { from: 1900, to: 2000 },
  ]);
});

test('what holds at a time is the last before it', () => {
  expect([0, 1, 1.5, 4, 9].map((time) => held([1, 2, 4], time))).toEqual([-1, 0, 0, 2, 2]);
  expect(held([], 1)).toBe(-1);
});
