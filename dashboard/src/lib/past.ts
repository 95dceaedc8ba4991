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

/** Before so much is done, the speed says nothing. */
const TELLING = 0.05;

/** How fast something gets on, as it is seen now and then. Instants in milliseconds, shares from 0 to 1. */
export class Pace {
  #first: { at: number; share: number };
  #last: { at: number; share: number };

  constructor(at: number, share: number) {
    this.#first = this.#last = { at, share };
  }

  /** Seconds that are left at the speed so far; null where that cannot be told yet. */
  left(at: number, share: number): number | null {
    if (share !== this.#last.share) this.#last = { at, share };
    const done = this.#last.share - this.#first.share;
    if (done < TELLING) return null;
    const whole = ((this.#last.at - this.#first.at) * (1 - this.#last.share)) / done;
    return Math.max(0, whole - (at - this.#last.at)) / 1000;
  }
}
