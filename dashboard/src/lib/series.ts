/** What a chart draws, made from a history. Times in seconds, as the chart takes them. */

import type { Bucket, Gap, State } from '../api';

export interface Range {
  label: string;
  seconds: number;
}

export const RANGES: readonly Range[] = [
  { label: '1 h', seconds: 3600 },
  { label: '6 h', seconds: 6 * 3600 },
  { label: '24 h', seconds: 86_400 },
  { label: '7 d', seconds: 7 * 86_400 },
  { label: '30 d', seconds: 30 * 86_400 },
  { label: '1 y', seconds: 365 * 86_400 },
];

/** Up to here each reading is drawn. */
const READINGS_S = 6 * 3600;
/** What a point may stand for: lengths that a person can say. */
const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];

/** Seconds that one point stands for where readings are drawn as min, mean and max, no point narrower than a pixel; null draws each reading. */
export function bucketFor(seconds: number, pixels: number): number | null {
  if (seconds <= READINGS_S) return null;
  const least = seconds / 60 / Math.max(1, pixels);
  return 60 * (MINUTES.find((minutes) => minutes >= least) ?? Math.ceil(least));
}

/** Columns: times, the line, and the band's two edges. Null is a hole. */
export interface Series {
  times: number[];
  line: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** What the line holds until the next point, else straight to it. */
  steps: boolean;
}

export interface Period {
  from: number;
  to: number;
}

/** A moment at which something about the entity became different. */
export interface Mark {
  at: number;
  label: string;
}

/** The place of the last time that is not after this one; -1 where there is none. Times go up. */
export function held(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const secondsOf = (iso: string): number => Date.parse(iso) / 1000;

/**
 * A reading holds until the next one: Home Assistant only sends changes. Text such as `unavailable` is a hole.
 * `before` is what held when the period began, where that is known.
 */
export function fromStates(states: readonly State[], before: number | null, period: Period): Series {
  const times: number[] = [];
  const line: (number | null)[] = [];
  const add = (time: number, value: number | null) => {
    times.push(time);
    line.push(value);
  };
  if (before !== null) add(period.from, before);
  for (const state of states) add(secondsOf(state.ts), state.value);
  const last = line.at(-1);
  if (last !== undefined && (times.at(-1) ?? 0) < period.to) add(period.to, last);
  return { times, line, low: [], high: [], steps: true };
}

/** A bucket without a reading has what holds since before it: not where something may have been missed, and then it is a hole. */
export function fromBuckets(buckets: readonly Bucket[], missed: readonly Period[]): Series {
  const times = buckets.map((bucket) => secondsOf(bucket.start));
  const isHole = buckets.map(({ count }, i) => {
    const [from, to] = [times[i] ?? 0, times[i + 1] ?? Infinity];
    return count === 0 && missed.some((period) => period.from < to && period.to > from);
  });
  const column = (of: 'mean' | 'min' | 'max') => buckets.map((bucket, i) => (isHole[i] ? null : bucket[of]));
  return { times, line: column('mean'), low: column('min'), high: column('max'), steps: false };
}

/** The least and the greatest figure; null where there is none. */
export function extent(series: Series): { min: number; max: number } | null {
  const all = [...series.line, ...series.low, ...series.high].filter((value) => value !== null);
  if (all.length === 0) return null;
  return all.reduce((seen, value) => ({ min: Math.min(seen.min, value), max: Math.max(seen.max, value) }), {
    min: Infinity,
    max: -Infinity,
  });
}

/** A stretch of one state. Null is a stretch of which nothing is known. */
export interface Stretch extends Period {
  state: string | null;
}

/** Neighbours of one text are one stretch. `before` is what held when the period began, where that is known. */
export function stretches(states: readonly State[], before: string | null, period: Period): Stretch[] {
  const all: Stretch[] = [];
  const begin = (state: string | null, from: number) => {
    const last = all.at(-1);
    if (last?.state === state) return;
    if (last) last.to = from;
    all.push({ state, from, to: period.to });
  };
  begin(before, period.from);
  for (const { ts, state } of states) begin(state, Math.max(period.from, secondsOf(ts)));
  return all.filter((stretch) => stretch.to > stretch.from);
}

/** Seconds in each state, the longest first; nothing known is left out. */
export function shares(all: readonly Stretch[]): { state: string; seconds: number }[] {
  const sums = new Map<string, number>();
  for (const { state, from, to } of all) {
    if (state !== null) sums.set(state, (sums.get(state) ?? 0) + to - from);
  }
  return [...sums].map(([state, seconds]) => ({ state, seconds })).sort((a, b) => b.seconds - a.seconds);
}

/** The parts of a period in which something was or may have been missed; what a person asked for was not. */
export function missed(gaps: readonly Gap[], entity: string, period: Period): Period[] {
  return gaps
    .filter((gap) => gap.state !== 'filled' && gap.kind !== 'requested')
    .filter(({ entities }) => entities.length === 0 || entities.includes(entity))
    .map((gap) => ({
      from: Math.max(period.from, secondsOf(gap.from)),
      to: Math.min(period.to, gap.to === null ? period.to : secondsOf(gap.to)),
    }))
    .filter(({ from, to }) => to > from);
}
