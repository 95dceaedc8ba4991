/** Events a minute, as bars. Instants in milliseconds. */

import type { Gap, Rate } from '../api';
import { notRequested } from './gaps';

export interface Bar {
  from: number;
  /** States a minute that arrived as they happened, and that were had otherwise. */
  live: number;
  afterwards: number;
}

/** A period in which something was missed; `red` where it could not be had. */
export interface Missed {
  from: number;
  to: number;
  red: boolean;
  gap: Gap;
}

export interface Drawn {
  from: number;
  to: number;
  /** Milliseconds of each bar. */
  every: number;
  /** One for each length of time, also where nothing came. */
  bars: Bar[];
  /** The greatest of all bars. */
  most: number;
  missed: Missed[];
}

const MINUTE_MS = 60_000;

/** The last bar is of a time that is not over: it is a rate over what has passed of it. */
export function drawn(rate: Rate, gaps: readonly Gap[]): Drawn {
  const [from, to, every] = [Date.parse(rate.from), Date.parse(rate.to), rate.every_s * 1000];
  const counted = new Map(rate.pieces.map((piece) => [Date.parse(piece.start), piece] as const));
  const bars: Bar[] = [];
  for (let start = from - (from % every); start < to; start += every) {
    const passed = (Math.min(start + every, to) - Math.max(start, from)) / MINUTE_MS;
    const piece = counted.get(start);
    const perMinute = (count: number) => count / Math.max(passed, 1 / 60);
    bars.push({ from: start, live: perMinute(piece?.live ?? 0), afterwards: perMinute(piece?.afterwards ?? 0) });
  }
  const most = Math.max(0, ...bars.map(({ live, afterwards }) => live + afterwards));
  return { from, to, every, bars, most, missed: missed(gaps, from, to) };
}

/** Of everything at once: what one entity missed is no hole in the recording of a house. */
function missed(gaps: readonly Gap[], from: number, to: number): Missed[] {
  return notRequested(gaps)
    .filter(({ entities }) => entities.length === 0)
    .map((gap) => ({
      from: Math.max(from, Date.parse(gap.from)),
      to: Math.min(to, gap.to === null ? to : Date.parse(gap.to)),
      red: gap.state === 'lost' || gap.state === 'partly',
      gap,
    }))
    .filter((one) => one.to >= from && one.from <= to && one.to >= one.from);
}

/** Those that a bar lies in. */
export const during = ({ missed, every }: Drawn, bar: Bar): Gap[] =>
  missed.filter((one) => one.from < bar.from + every && one.to > bar.from).map(({ gap }) => gap);
