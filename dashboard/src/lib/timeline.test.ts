import { expect, test } from 'vitest';
import type { Gap } from '../api';
import { aGap } from './gap.fixture';
import { marks, span, ticks } from './timeline';

const MINUTE = 60_000;
const NOW = new Date(2026, 10, 24, 12).getTime();
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

let id = 0;
const gap = (from: number, to: number | null, state: Gap['state'] = 'filled'): Gap =>
  aGap({ id: id++, state, from: ago(from), to: to === null ? null : ago(to) });
const hour = { from: NOW - 60 * MINUTE, to: NOW, began: NOW - 60 * MINUTE };
const places = (gaps: Gap[]) =>
  marks(gaps, hour).map(({ at, width, state, gaps }) => [Math.round(at * 60), Math.round(width * 60), state, gaps.length]);

test('the line shows a day, or as much of it as is recorded, but never less than a quarter of an hour', () => {
  const minutes = (since: string | null) => {
    const { from, to, began } = span(since, NOW);
    return [(to - from) / MINUTE, (to - began) / MINUTE];
  };
  expect(minutes(ago(50_000))).toEqual([1440, 1440]);
  expect(minutes(ago(120))).toEqual([120, 120]);
  expect(minutes(ago(2))).toEqual([15, 2]);
  expect(minutes(null)).toEqual([15, 0]);
  expect(minutes(ago(-1)), 'a clock that is ahead').toEqual([15, 0]);
});

test('marks lie where the gaps were, the oldest first', () => {
  expect(places([gap(20, 10, 'lost'), gap(50, 40)])).toEqual([
    [10, 10, 'filled', 1],
    [40, 10, 'lost', 1],
  ]);
});

test('what lies outside is left out, what reaches over the edge is cut, what is open grows until now', () => {
  expect(places([gap(90, 70), gap(70, 55), gap(5, null, 'open')])).toEqual([
    [0, 5, 'filled', 1],
    [55, 5, 'open', 1],
  ]);
  const later = marks([gap(5, null, 'open')], { ...hour, to: NOW + 30 * MINUTE });
  expect(later[0]?.width).toBeCloseTo(35 / 90);
});

test('gaps too close for two marks are one, and it has the worst fate', () => {
  expect(places([gap(50, 40), gap(39.8, 39.5, 'lost'), gap(39.4, 39)])).toEqual([[10, 11, 'lost', 3]]);
  expect(places([gap(50, 40), gap(45, 44)]), 'one within another does not cut it short').toEqual([[10, 10, 'filled', 2]]);
});

test('an open gap stays a mark of its own', () => {
  expect(places([gap(5, 4.9), gap(4.8, null, 'open'), gap(4.7, 4.6)])).toHaveLength(3);
});

test('ticks end with now', () => {
  expect(ticks(hour, 4)).toEqual(['11:00', '11:15', '11:30', '11:45', 'now']);
});
