import { expect, test } from 'vitest';
import { moved, zoomed } from './zoom';

const period = { from: 1000, to: 2000 };

test('what is looked at stays where it is', () => {
  expect(zoomed(period, 1250, 0.5, 9000)).toEqual({ from: 1125, to: 1625 });
  expect(zoomed(period, 1500, 2, 9000)).toEqual({ from: 500, to: 2500 });
  expect(zoomed(period, 3000, 0.5, 9000), 'its end, where that is elsewhere').toEqual({ from: 1500, to: 2000 });
});

test('nothing is shown beyond now', () => {
  expect(zoomed(period, 1500, 2, 2000)).toEqual({ from: 0, to: 2000 });
  expect(moved(period, 0.5, 2200)).toEqual({ from: 1200, to: 2200 });
  expect(moved(period, -0.5, 2200)).toEqual({ from: 500, to: 1500 });
});

test('a minute is the least, and five years are the most', () => {
  expect(zoomed(period, 1500, 0.001, 9000)).toEqual({ from: 1470, to: 1530 });
  const { from, to } = zoomed(period, 1500, 1e9, 9000);
  expect(to - from).toBe(5 * 365 * 86_400);
});
