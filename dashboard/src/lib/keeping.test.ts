import { expect, test } from 'vitest';
import type { Retention, Settled, SettledList } from '../api';
import { dropping, held, keptFor, settledAs } from './keeping';

const retention = (more: Partial<Retention> = {}): Retention => ({
  keep_s: 365 * 86_400,
  before: null,
  days: [],
  dropped: { days: 0, rows: 0, bytes: 0, files: 0 },
  all: { days: 400, rows: 1_000_000, bytes: 48_000_000, files: 400 },
  receipt: null,
  ...more,
});

test('it is said how long is kept, and what goes next', () => {
  expect(keptFor(retention({ keep_s: null }))).toBe('Kept for ever');
  expect(dropping(retention({ keep_s: null }))).toBeNull();
  expect([keptFor(retention()), keptFor(retention({ keep_s: 86_400 }))]).toEqual(['Kept for 365 days', 'Kept for 1 day']);
  expect(dropping(retention())).toBe('Nothing is old enough to go.');
  expect(dropping(retention({ dropped: { days: 3, rows: 1, bytes: 900, files: 3 } }))).toBe(
    '3 days will be dropped: 1 row, 900 bytes.',
  );
});

test('days that stay nevertheless are told with what keeps them', () => {
  const day = (held: string | null) => ({ day: '2025-01-02', rows: 1, bytes: 1, files: 1, held });
  expect(held(retention({ days: [day(null), day('a gap is not closed')] }))).toEqual([
    { day: '2025-01-02', why: 'a gap is not closed' },
  ]);
});

test('what became of a record that was read again is said with its reason', () => {
  const list = (outcome: Settled['outcome'], reason: string | null = null): SettledList => ({
    recorded: 0,
    duplicate: 0,
    filtered: 0,
    kept: 0,
    dropped: 0,
    settled: [{ seq: 7, outcome, reason }],
  });
  expect(settledAs(list('recorded'))).toBe('Understood now, and recorded.');
  expect(settledAs(list('kept', 'not JSON'))).toBe('Still not understood: not JSON.');
  expect(settledAs(list('kept'))).toBe('Still not understood.');
  expect(settledAs(list('dropped'))).toBe('It is out of this list.');
});
