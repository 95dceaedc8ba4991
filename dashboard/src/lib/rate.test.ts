import { expect, test } from 'vitest';
import type { Rate } from '../api';
import { aGap as gap } from './gap.fixture';
import { drawn, during } from './rate';

const at = (time: string) => `2026-11-24T${time}.000000Z`;
const rate: Rate = {
  from: at('12:02:00'),
  to: at('12:16:00'),
  every_s: 300,
  pieces: [
    { start: at('12:00:00'), live: 30, afterwards: 0 },
    { start: at('12:10:00'), live: 50, afterwards: 25 },
    { start: at('12:15:00'), live: 4, afterwards: 0 },
  ],
};

test('each length of time is a bar, also one in which nothing came; the first and the last are of what is in the period', () => {
  const { bars, most } = drawn(rate, []);
  expect(bars.map(({ live, afterwards }) => [live, afterwards])).toEqual([[10, 0], [0, 0], [10, 5], [4, 0]]);
  expect(most).toBe(15);
});

test('a gap of everything is hatched, and red where something is lost; those of one entity and what was asked for are not shown', () => {
  const of = (more: object) => gap({ from: at('12:06:00'), to: at('12:09:00'), entities: [], kind: 'disconnected', ...more });
  const shown = drawn(rate, [
    of({ id: 1, state: 'filled' }),
    of({ id: 2, state: 'lost' }),
    of({ id: 3, entities: ['light.a'] }),
    of({ id: 4, kind: 'requested' }),
    of({ id: 5, from: at('10:00:00'), to: at('11:00:00') }),
  ]);
  expect(shown.missed.map(({ gap, red }) => [gap.id, red])).toEqual([[1, false], [2, true]]);
  const [, second, third] = shown.bars;
  expect(second && during(shown, second).map(({ id }) => id)).toEqual([1, 2]);
  expect(third && during(shown, third)).toEqual([]);
});

test('one that goes on ends now, and nothing at all has no bar above 0', () => {
  const open = gap({ state: 'open', from: at('12:14:00'), to: null, entities: [], kind: 'disconnected' });
  expect(drawn(rate, [open]).missed[0]?.to).toBe(Date.parse(rate.to));
  expect(drawn({ ...rate, pieces: [] }, []).most).toBe(0);
});
