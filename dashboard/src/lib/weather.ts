/** The weather in a person's words: what it is like, where that is known from, and how it is asked for. */

import type { Budget, Observation, Status, Weather } from '../api';
import { count, rounded, withUnit } from './figures';
import { capital, wordFor } from './reading';
import { age, ago, since } from './time';

const PROVIDERS: Record<string, string> = {
  open_meteo: 'Open-Meteo',
  openweathermap: 'OpenWeather',
  home_assistant: 'Home Assistant',
};

const POINTS = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];

export interface Line {
  name: string;
  figure: string;
  bad?: boolean;
}

export function providerOf({ weather, simulated }: Pick<Status, 'weather' | 'simulated'>): string {
  const name = PROVIDERS[weather.provider] ?? capital(weather.provider.replaceAll('_', ' '));
  return simulated ? `${name}, simulated` : name;
}

/** Seconds since the observation in use, which go on while the program is silent; null where there is none. */
export function observedFor({ observation, age_s }: Weather, now: number): number | null {
  return observation ? since(observation.at, now) : age_s;
}

/** `11.2 °C`, else `cloudy`; null where neither is known. */
export const inShort = ({ temperature, condition }: Observation): string | null =>
  temperature === undefined ? (condition === undefined ? null : wordFor(condition)) : degrees(temperature);

export const degrees = (value: number): string => withUnit(rounded(value), '°C');

/** What else was observed; what is not known is not there. */
export function details(seen: Observation): Line[] {
  const line = (name: string, value: number | undefined, unit: string) =>
    value === undefined ? [] : [{ name, figure: withUnit(rounded(value), unit) }];
  const wind = seen.wind_bearing === undefined ? 'Wind' : `Wind from ${pointOf(seen.wind_bearing)}`;
  return [
    ...line('Feels like', seen.apparent_temperature, '°C'),
    ...line('Humidity', seen.humidity, '%'),
    ...line('Pressure', seen.pressure, 'hPa'),
    ...line(wind, seen.wind_speed, 'm/s'),
    ...line('Gusts', seen.wind_gust_speed, 'm/s'),
    ...line('Clouds', seen.cloud_cover, '%'),
    ...line('Rain in the hour before', seen.precipitation, 'mm'),
  ];
}

export const pointOf = (bearing: number): string =>
  POINTS[Math.round((((bearing % 360) + 360) % 360) / 45) % POINTS.length] ?? '';

/** How the provider is asked. */
export function asking(weather: Weather, now: number): Line[] {
  const observed = observedFor(weather, now);
  const quota = (name: string, part: Budget | undefined): Line[] =>
    part ? [{ name, figure: `${count(part.used)} of ${count(part.limit)}`, bad: part.used >= part.limit }] : [];
  const next = weather.next_call_s;
  return [
    ...(weather.source ? [{ name: 'For', figure: weather.source }] : []),
    { name: 'Observed', figure: observed === null ? 'not yet' : ago(observed) },
    ...(weather.provider === 'home_assistant'
      ? []
      : [
          { name: 'Calls', figure: count(weather.calls) },
          { name: 'Still good, not asked', figure: count(weather.cache_hits) },
          { name: 'Failed calls', figure: count(weather.errors), bad: weather.errors > 0 },
          { name: 'Held back', figure: count(weather.limited) },
          ...quota('In this minute', weather.quota?.minute),
          ...quota('Today', weather.quota?.day),
          ...(typeof next === 'number' ? [{ name: 'Next call', figure: next < 1 ? 'now' : `in ${age(next)}` }] : []),
        ]),
  ];
}
