import { expect, test } from 'vitest';
import type { Gap } from '../api';
import { aGap } from './gap.fixture';
import { causeOf, entries, fatesOf, fetched, joined, merged, ofTheLine, pending, period, progress, seconds, stateOf, tally } from './gaps';

const NOON = new Date(2026, 10, 24, 12).getTime();
const at = (second: number) => new Date(NOON + second * 1000).toISOString();

const gap = (more: Partial<Gap> = {}) =>
  aGap({ from: at(0), to: at(100), cause: 'connection lost: closed by the peer', recovered: 12, ...more });

test('the cause is said in words, with what is known beyond them', () => {
  expect(causeOf(gap())).toBe('The connection was lost: closed by the peer');
  expect(causeOf(gap({ kind: 'power_cut', cause: 'the machine went down' }))).toBe('The machine went down');
  expect(causeOf(gap({ kind: 'of_tomorrow' as Gap['kind'], cause: 'something new: x' }))).toBe('Something new: x');
});

test('progress is the share of the time that history was asked for', () => {
  expect(progress(gap({ through: at(43) }))).toBeCloseTo(0.43);
  expect(progress(gap({ through: at(900) }))).toBe(1);
  expect(progress(gap({ through: null }))).toBeNull();
  expect(progress(gap({ to: null, through: at(1) }))).toBeNull();
  expect(progress(gap({ to: at(0), through: at(0) }))).toBeNull();
});

test('each state has a word, and an open one says how far it is', () => {
  const words = [
    gap(),
    gap({ state: 'partly' }),
    gap({ state: 'lost' }),
    gap({ state: 'open', to: null }),
    gap({ state: 'open' }),
    gap({ state: 'open', through: at(43) }),
  ].map((one) => stateOf(one).word);
  expect(words).toEqual(['filled', 'partly filled', 'lost', 'going on', 'about to be fetched', 'being fetched, 43%']);
});

test('what was fetched is counted, and nothing is not called a success unless it is one', () => {
  expect(fetched(gap({ recovered: 1 }))).toBe('1 state fetched afterwards');
  expect(fetched(gap({ recovered: 12 }))).toBe('12 states fetched afterwards');
  expect(fetched(gap({ recovered: 8, state: 'open' }))).toBe('8 states fetched so far');
  expect(fetched(gap({ recovered: 0 }))).toBe('nothing had changed meanwhile');
  expect(fetched(gap({ recovered: 0, state: 'lost' }))).toBe('nothing could be fetched');
  expect(fetched(gap({ recovered: 0, state: 'open', to: null }))).toBe('fetched as soon as Home Assistant is back');
});

test('a gap without an end lasts until now', () => {
  expect(seconds(gap({ to: null }), NOON + 60_000)).toBe(60);
  expect(seconds(gap(), NOON + 60_000)).toBe(100);
  expect(period(gap({ to: null }), NOON)).toBe('12:00:00 – now');
});

test('while something is missed the sentence says that it will be had', () => {
  const open = gap({ state: 'open' });
  expect(pending([], NOON)).toBeNull();
  expect(pending([gap(), { ...open, kind: 'requested' }], NOON)).toBeNull();
  expect(pending([{ ...open, to: null }, open], NOON)).toBe(
    'What happens since 12:00:00 is fetched as soon as Home Assistant is back.',
  );
  expect(pending([{ ...open, through: at(50) }], NOON)).toBe(
    'What was missed, 12:00:00 – 12:01:40, is being fetched (50%).',
  );
  expect(pending([open, open], NOON)).toBe('What was missed in 2 gaps is being fetched.');
});

test('three neighbours of single entities with one fate are one entry', () => {
  const single = (id: number, more: Partial<Gap> = {}) =>
    gap({ id, kind: 'compared', entities: [`light.l${id}`], recovered: 1, ...more });
  const ids = (gaps: Gap[]) => entries(gaps).map((entry) => entry.gaps.map(({ id }) => id));
  expect(ids([single(5), single(4), single(3, { kind: 'chain_broken' })])).toEqual([[5, 4, 3]]);
  expect(ids([single(5), single(4)]), 'two are few').toEqual([[5], [4]]);
  expect(ids([single(5), single(4), gap({ id: 3 }), single(2)])).toEqual([[5], [4], [3], [2]]);
  expect(ids([single(5), single(4), single(3), single(2, { state: 'lost' })])).toEqual([[5, 4, 3], [2]]);
  expect(ids([gap({ id: 2 }), gap({ id: 1 })]), 'gaps of everything stay alone').toEqual([[2], [1]]);
});

test('several as one reach from the first to the last, with the sum of what was fetched', () => {
  const one = joined([
    gap({ from: at(50), to: at(60), recovered: 2, entities: ['light.a'] }),
    gap({ from: at(10), to: at(90), recovered: 3, entities: ['light.b'], without_attributes: 1 }),
    gap({ from: at(20), to: at(30), recovered: 4, entities: ['light.a'], without_attributes: 2 }),
  ]);
  expect([one.from, one.to, one.recovered, one.without_attributes]).toEqual([at(10), at(90), 9, 3]);
  expect(one.entities).toEqual(['light.a', 'light.b']);
  expect(joined([gap(), gap({ to: null })]).to).toBeNull();
});

test('a tally leaves out what there is none of', () => {
  expect(tally([gap(), gap(), gap({ state: 'lost' })])).toBe('2 filled, 1 lost');
});

test('all that ever were are counted by what became of them', () => {
  expect(fatesOf({ open: 0, filled: 1204, partly: 2, lost: 0, recent: [] })).toEqual([
    { state: 'filled', word: 'filled', number: 1204 },
    { state: 'partly', word: 'partly filled', number: 2 },
  ]);
});

test('what one entity missed did not break the line', () => {
  const gaps = [gap({ id: 1 }), gap({ id: 2, kind: 'chain_broken' }), gap({ id: 3, kind: 'requested' }), gap({ id: 4, kind: 'power_cut' })];
  expect(ofTheLine(gaps).map(({ id }) => id)).toEqual([1, 4]);
});

test('the newest gaps are as the status has them, and older ones follow', () => {
  const all = merged([gap({ id: 9, state: 'filled' })], [gap({ id: 9, state: 'open' }), gap({ id: 2 }), gap({ id: 3 })]);
  expect(all.map(({ id, state }) => [id, state])).toEqual([[9, 'filled'], [3, 'filled'], [2, 'filled']]);
});
