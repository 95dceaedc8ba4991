import { expect, test } from 'vitest';
import type { Weather } from '../api';
import { OFF } from './status.fixture';
import { asking, details, inShort, observedFor, pointOf, providerOf } from './weather';

const NOW = Date.parse('2026-11-25T12:05:12Z');
const at = '2026-11-25T12:00:00.000000Z';
const bare: Weather = { ...OFF, provider: 'open_meteo', state: 'healthy', calls: 12, cache_hits: 55, age_s: 300 };
const lines = (weather: Weather) => asking(weather, NOW).map(({ name, figure }) => `${name}: ${figure}`);

test('a provider is called as it calls itself, and a simulated one is said to be', () => {
  expect(providerOf({ weather: bare, simulated: false })).toBe('Open-Meteo');
  expect(providerOf({ weather: bare, simulated: true })).toBe('Open-Meteo, simulated');
  expect(providerOf({ weather: { ...bare, provider: 'met_no' }, simulated: false })).toBe('Met no');
});

test('what the program does not say is not shown', () => {
  expect(lines(bare)).toEqual([
    'Observed: 5 min ago',
    'Calls: 12',
    'Still good, not asked: 55',
    'Failed calls: 0',
    'Held back: 0',
  ]);
  expect(lines({ ...bare, provider: 'home_assistant', source: 'weather.home', age_s: null })).toEqual([
    'For: weather.home',
    'Observed: not yet',
  ]);
  expect(details({ at, temperature: 3 })).toEqual([]);
  expect([{ at }, { at, condition: 'partlycloudy' }, { at, temperature: 3, condition: 'fog' }].map(inShort)).toEqual([
    null,
    'partly cloudy',
    '3 °C',
  ]);
});

test('the budget is said as used and allowed, and stands out when it is spent', () => {
  const quota = { minute: { used: 10, limit: 10 }, day: { used: 97, limit: 1000 } };
  const all = asking({ ...bare, errors: 2, limited: 0, quota, next_call_s: 288 }, NOW);
  expect(all.slice(3).map(({ name, figure, bad }) => [name, figure.replace(/\D?000/, '000'), bad ?? false])).toEqual([
    ['Failed calls', '2', true],
    ['Held back', '0', false],
    ['In this minute', '10 of 10', true],
    ['Today', '97 of 1000', false],
    ['Next call', 'in 4 min', false],
  ]);
});

test('the age goes on from the observation’s own time, also while the program is silent', () => {
  expect(observedFor({ ...bare, observation: { at } }, NOW)).toBe(312);
  expect(observedFor(bare, NOW)).toBe(300);
});

test('an observation is said with its units, and the wind with where it comes from', () => {
  const seen = { at, humidity: 81, pressure: 998.3, wind_speed: 4.1, wind_bearing: 225, precipitation: 0 };
  expect(details(seen).map(({ name, figure }) => `${name}: ${figure}`)).toEqual([
    'Humidity: 81%',
    'Pressure: 998.3 hPa',
    'Wind from SW: 4.1 m/s',
    'Rain in the hour before: 0 mm',
  ]);
  expect([0, 22, 23, 359, -90].map(pointOf)).toEqual(['N', 'N', 'NE', 'N', 'W']);
});
