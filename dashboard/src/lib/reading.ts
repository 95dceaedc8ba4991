/** What an entity says, in a person's words. */

import type { State } from '../api';
import { figure, withUnit } from './figures';

export interface Reading {
  /** The words, without the unit. */
  text: string;
  unit: string | null;
  /**
   * `on`: something is active or someone is there; `off`: it is not; `figure`: a number; `words`: any other text;
   * `absent`: nothing is known.
   */
  tone: 'on' | 'off' | 'figure' | 'words' | 'absent';
}

/** What `on` and `off` mean, by the device class of a binary sensor. */
const BINARY: Record<string, [string, string]> = {
  battery: ['low', 'fine'],
  carbon_monoxide: ['detected', 'clear'],
  cold: ['cold', 'normal'],
  connectivity: ['connected', 'disconnected'],
  door: ['open', 'closed'],
  garage_door: ['open', 'closed'],
  gas: ['detected', 'clear'],
  heat: ['hot', 'normal'],
  light: ['light', 'dark'],
  lock: ['unlocked', 'locked'],
  moisture: ['wet', 'dry'],
  motion: ['motion', 'still'],
  moving: ['moving', 'still'],
  occupancy: ['occupied', 'empty'],
  opening: ['open', 'closed'],
  plug: ['plugged in', 'unplugged'],
  power: ['power', 'no power'],
  presence: ['home', 'away'],
  problem: ['problem', 'fine'],
  running: ['running', 'stopped'],
  safety: ['unsafe', 'safe'],
  smoke: ['smoke', 'clear'],
  sound: ['sound', 'quiet'],
  tamper: ['tampered', 'untouched'],
  update: ['update available', 'up to date'],
  vibration: ['vibration', 'still'],
  window: ['open', 'closed'],
};

const WORDS: Record<string, string> = {
  not_home: 'away',
  above_horizon: 'up',
  below_horizon: 'down',
  partlycloudy: 'partly cloudy',
  'clear-night': 'clear night',
  'lightning-rainy': 'thunder and rain',
  lightning: 'thunder',
  pouring: 'pouring rain',
  'snowy-rainy': 'sleet',
  'windy-variant': 'windy and cloudy',
};

/** A word of Home Assistant's as people say it. */
export const wordFor = (state: string): string => WORDS[state] ?? state.replaceAll('_', ' ');

/** States that mean: active, open, there. */
const ACTIVE = new Set(
  ('on open opening closing home playing heat cool heat_cool fan_only dry auto unlocked unlocking cleaning returning ' +
    'triggered above_horizon buffering').split(' '),
);
/** States that mean: at rest, closed, not there. */
const RESTING = new Set(
  'off closed not_home locked locking idle paused standby docked disarmed below_horizon'.split(' '),
);

const absent = (text: string): Reading => ({ text, unit: null, tone: 'absent' });

export function domainOf(entity: string): string {
  return entity.split('.', 1)[0] ?? entity;
}

export function read(entity: string, latest: Pick<State, 'state' | 'value' | 'unit' | 'device_class'> | null): Reading {
  if (latest === null) return absent('not heard yet');
  const { state, value, unit, device_class } = latest;
  if (state === null) return absent('removed');
  if (state === 'unavailable' || state === 'unknown') return absent(state);
  const domain = domainOf(entity);
  if (domain === 'binary_sensor' && (state === 'on' || state === 'off')) {
    const [on, off] = BINARY[device_class ?? ''] ?? ['on', 'off'];
    return { text: state === 'on' ? on : off, unit: null, tone: state };
  }
  if (value !== null && Number.isFinite(Number(state))) return { text: figure(value, state), unit, tone: 'figure' };
  if (domain === 'sensor') return { text: WORDS[state] ?? state, unit, tone: 'words' };
  const tone = ACTIVE.has(state) ? 'on' : RESTING.has(state) ? 'off' : 'words';
  return { text: wordFor(state), unit: null, tone };
}

/** The words with their unit. */
export const spoken = (reading: Reading): string => withUnit(reading.text, reading.unit);

/** What the attributes add in a few words: how bright, what plays, how warm it should be. */
export function addition(latest: State | null): string | null {
  const { brightness, media_title, temperature, current_temperature, current_position } = latest?.attributes ?? {};
  if (!latest || latest.state === 'unavailable' || latest.state === 'unknown') return null;
  if (latest.state === 'on' && typeof brightness === 'number') return `${Math.round(brightness / 2.55)}%`;
  if (latest.state === 'playing' && typeof media_title === 'string') return media_title;
  if (typeof current_temperature === 'number') {
    const wanted = typeof temperature === 'number' ? `, to reach ${temperature}°` : '';
    return `${current_temperature}°${wanted}`;
  }
  if (typeof current_position === 'number' && latest.state === 'open') return `${current_position}%`;
  return null;
}

/** The name that Home Assistant shows, else the id made readable. */
export function nameOf(entity: string, latest: State | null): string {
  const given = latest?.attributes?.friendly_name;
  if (typeof given === 'string' && given.trim() !== '') return given;
  return capital(entity.slice(entity.indexOf('.') + 1).replaceAll('_', ' '));
}

/** A sentence of the program begins with a small letter, and Home Assistant has its name. */
export function capital(text: string): string {
  return named(text.charAt(0).toLocaleUpperCase() + text.slice(1));
}

/** Home Assistant by its name, as errors of the program do not write it. */
export const named = (text: string): string => text.replace(/\bhome assistant\b/gi, 'Home Assistant');

/** The name as it is said inside of a room: "Kitchen window" is the window there. */
export function nameIn(room: string, name: string): string {
  const prefix = `${room.toLocaleLowerCase()} `;
  const rest = name.toLocaleLowerCase().startsWith(prefix) ? name.slice(prefix.length).trim() : '';
  return rest === '' ? name : capital(rest);
}
