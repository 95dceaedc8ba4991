/** Lengths of time and times of day, in words. */

const STEPS: [number, string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** One unit, rounded down: `3 s`, `2 min`, `5 h`, `4 d`. */
export function age(seconds: number): string {
  const [size, unit] = STEPS.find(([size]) => seconds >= size) ?? [1, 's'];
  return `${Math.max(0, Math.floor(seconds / size))} ${unit}`;
}

/** `just now`, `3 s ago`. */
export function ago(seconds: number): string {
  return seconds < 1 ? 'just now' : `${age(seconds)} ago`;
}

/** Two units: `1 h 12 min`. */
export function length(seconds: number): string {
  const index = STEPS.findIndex(([size]) => seconds >= size);
  const [first, second] = [STEPS[index], STEPS[index + 1]];
  if (!first || !second) return age(seconds);
  const rest = Math.floor((seconds % first[0]) / second[0]);
  return rest > 0 ? `${age(seconds)} ${rest} ${second[1]}` : age(seconds);
}

/** Seconds from an instant to `now` (milliseconds); never negative, since two clocks differ a little. */
export function since(iso: string, now: number): number {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}

// Kept, because making one costs more than all else on the page.
const TIME = new Intl.DateTimeFormat(undefined, { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** `14:02:11` on the day of `now`, else with the day. In the zone of the person who looks. */
export function timeOfDay(iso: string, now: number): string {
  const [at, today] = [new Date(iso), new Date(now)];
  const time = TIME.format(at);
  if (at.toDateString() === today.toDateString()) return time;
  const day = at.getFullYear() === today.getFullYear() ? DAY : DAY_AND_YEAR;
  return `${day.format(at)} ${time}`;
}
