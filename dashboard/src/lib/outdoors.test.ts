import { expect, test } from 'vitest';
import { followsWeather, outdoors } from './outdoors';

const MINUTE = 60;
const at = (minutes: number, temperature?: number) => ({
  at: new Date(minutes * MINUTE * 1000).toISOString(),
  ...(temperature === undefined ? {} : { temperature }),
});
const day = { from: 0, to: 300 * MINUTE };
const drawn = (seen: ReturnType<typeof at>[], every: number | null = null) => {
  const { times, line, old } = outdoors(seen, day, every);
  return times.map((time, i) => [Math.round(time / MINUTE), line[i], old[i]]);
};

test('what is observed often is one line to the end of the period', () => {
  expect(drawn([at(280, 4), at(290, 5)])).toEqual([
    [280, 4, null],
    [290, 5, null],
    [300, 5, null],
  ]);
});

test('after half an hour the line is that of an old observation, after an hour there is none', () => {
  expect(drawn([at(100, 4), at(200, 5), at(245, 6)])).toEqual([
    [100, 4, null],
    [130, 4, 4],
    [160, null, 4],
    [200, 5, null],
    [230, 5, 5],
    [245, null, 5],
    [245, 6, null],
    [275, 6, 6],
    [300, null, 6],
  ]);
});

test('times never go back, also where one ends as the next begins', () => {
  const { times } = outdoors([at(0, 1), at(45, 2), at(105, 3)], day, null);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
});

test('means of two hours are not old because they are two hours apart', () => {
  expect(drawn([at(0, 1), at(120, 2), at(240, 3)], 7200).every(([, , old]) => old === null)).toBe(true);
});

test('an observation without a temperature is none', () => {
  expect(drawn([at(280), at(290, 5)]).map(([time]) => time)).toEqual([290, 300]);
  expect(drawn([])).toEqual([]);
});

test('heating, warmth and energy are seen beside the weather without being asked', () => {
  expect(followsWeather('sensor.a', 'power')).toBe(true);
  expect(followsWeather('climate.hall', null)).toBe(true);
  expect(followsWeather('light.a', null)).toBe(false);
  expect(followsWeather('binary_sensor.a', 'door')).toBe(false);
});
