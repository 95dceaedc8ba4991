/** Asking for what was before: days, as a form for dates has them. */

/** Home Assistant's recorder keeps so many days unless its settings say otherwise. */
export const USUAL_DAYS = 10;

/** `2026-11-15`, in the zone of the person who looks. */
export function dayBefore(now: number, days: number): string {
  const at = new Date(now);
  at.setDate(at.getDate() - days);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/** The first instant of that day in the same zone; null where it is no day. */
export function startOf(day: string): string | null {
  const at = new Date(`${day}T00:00:00`);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}

/** How far something is, and when it was seen so: milliseconds and a share from 0 to 1. */
export interface Seen {
  at: number;
  share: number;
}

/** Seconds that are left at the speed since the first look; null before anything moved. */
export function remaining(first: Seen, last: Seen): number | null {
  const done = last.share - first.share;
  return done > 0 ? ((last.at - first.at) * (1 - last.share)) / done / 1000 : null;
}
