/** The outdoor temperature as a second line of a chart. Times in seconds. */

import type { Observation } from '../api';
import { domainOf } from './reading';
import type { Period } from './series';

/** As the program has it: an observation counts as old after half an hour, and as none after an hour. */
const OLD_S = 30 * 60;
const NONE_S = 60 * 60;
/** So much before a period is asked for, too: what holds when it begins. */
export const BEFORE_S = NONE_S;

/** Columns: times, the line, and where it is drawn only from an old observation. */
export interface Outdoors {
  times: number[];
  line: (number | null)[];
  old: (number | null)[];
}

/** `every`: seconds of which one observation is the mean. */
export function outdoors(seen: readonly Observation[], period: Period, every: number | null): Outdoors {
  const drawn: Outdoors = { times: [], line: [], old: [] };
  const add = (time: number, line: number | null, old: number | null) => {
    drawn.times.push(time);
    drawn.line.push(line);
    drawn.old.push(old);
  };
  const known = seen.flatMap(({ at, temperature }) =>
    typeof temperature === 'number' ? [{ at: Date.parse(at) / 1000, temperature }] : [],
  );
  known.forEach(({ at, temperature }, i) => {
    const next = known[i + 1]?.at ?? period.to;
    const old = at + Math.max(OLD_S, 1.5 * (every ?? 0));
    add(at, temperature, null);
    if (next > old) {
      add(old, temperature, temperature);
      add(Math.min(old + NONE_S - OLD_S, next - 1), null, temperature);
    } else if (i === known.length - 1 && next > at) {
      add(next, temperature, null);
    }
  });
  return drawn;
}

/** What a person wants to see the weather beside of without having asked. */
const CLASSES = new Set('temperature humidity power energy gas heat cold'.split(' '));
const DOMAINS = new Set(['climate', 'water_heater', 'humidifier']);

export const followsWeather = (entity: string, deviceClass: string | null): boolean =>
  DOMAINS.has(domainOf(entity)) || (deviceClass !== null && CLASSES.has(deviceClass));
