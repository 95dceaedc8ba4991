/** The last hours as a line, with what was missed on it. Instants in milliseconds, places as shares from 0 to 1. */

import type { Gap } from '../api';

const DAY_MS = 86_400_000;
/** A house that is recorded since a moment ago fills the line all the same. */
const SHORTEST_MS = 15 * 60_000;
/** What is closer together than this is one mark: there is no room for two. */
const CLOSE = 0.012;

export interface Span {
  from: number;
  to: number;
  /** Recording began here; before it there is nothing. */
  began: number;
}

/** One mark: a gap, or some that lie close together. */
export interface Mark {
  at: number;
  width: number;
  /** The worst of its gaps'. */
  state: Gap['state'];
  gaps: [Gap, ...Gap[]];
}

const SEVERITY: Gap['state'][] = ['filled', 'open', 'partly', 'lost'];

/** The last day, or as much of it as is recorded. */
export function span(since: string | null, now: number): Span {
  const began = since === null ? now : Math.min(Date.parse(since), now);
  const from = Math.max(now - DAY_MS, Math.min(began, now - SHORTEST_MS));
  return { from, to: now, began: Math.max(began, from) };
}

/** The oldest first. A gap that is still open is a mark of its own, so that it is seen to grow and to close. */
export function marks(gaps: Gap[], { from, to }: Span): Mark[] {
  const share = (instant: number) => Math.min(1, Math.max(0, (instant - from) / (to - from)));
  const placed = gaps
    .map((gap) => ({ gap, begin: Date.parse(gap.from), end: gap.to === null ? to : Date.parse(gap.to) }))
    .filter(({ begin, end }) => end >= from && begin <= to)
    .sort((a, b) => a.begin - b.begin);
  const all: Mark[] = [];
  for (const { gap, begin, end } of placed) {
    const [first, last] = [share(begin), share(end)];
    const before = all.at(-1);
    const joins = before && gap.state !== 'open' && before.state !== 'open' && first - (before.at + before.width) < CLOSE;
    if (joins) {
      before.width = Math.max(before.at + before.width, last) - before.at;
      before.state = worse(before.state, gap.state);
      before.gaps.push(gap);
    } else {
      all.push({ at: first, width: last - first, state: gap.state, gaps: [gap] });
    }
  }
  return all;
}

const worse = (a: Gap['state'], b: Gap['state']) => (SEVERITY.indexOf(a) > SEVERITY.indexOf(b) ? a : b);

const HOUR = new Intl.DateTimeFormat(undefined, { hourCycle: 'h23', hour: '2-digit', minute: '2-digit' });

/** Times of day at equal distances; the last one is now. */
export function ticks({ from, to }: Span, parts: number): string[] {
  return Array.from({ length: parts }, (_, i) => HOUR.format(from + ((to - from) * i) / parts)).concat('now');
}
