/** Which part of time a chart shows: nearer, farther, earlier, later. Times in seconds. */

import type { Period } from './series';

const LEAST_S = 60;
const MOST_S = 5 * 365 * 86_400;

/** So many times as long, around a moment that stays in its place; never beyond now. */
export function zoomed({ from, to }: Period, around: number, times: number, now: number): Period {
  const span = Math.min(MOST_S, Math.max(LEAST_S, (to - from) * times));
  const still = Math.min(to, Math.max(from, around));
  return before(now, still - ((still - from) / (to - from)) * span, span);
}

/** Later by a share of its length, or earlier where that is negative; never beyond now. */
export const moved = ({ from, to }: Period, share: number, now: number): Period =>
  before(now, from + (to - from) * share, to - from);

function before(now: number, from: number, span: number): Period {
  const to = Math.min(now, from + span);
  return { from: to - span, to };
}
