import { expect, test } from 'vitest';
import type { State } from '../api';
import { addition, capital, nameIn, nameOf, read, spoken } from './reading';

function state(text: string | null, more: Partial<State> = {}): State {
  const value = text !== null && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
  return {
    entity_id: 'sensor.a',
    ts: '2026-11-24T12:00:00.000000Z',
    state: text,
    value,
    unit: null,
    device_class: null,
    last_changed: '2026-11-24T12:00:00.000000Z',
    origin: 'live',
    restored: false,
    attributes: null,
    area: null,
    device: null,
    ...more,
  };
}

const say = (id: string, text: string | null, more: Partial<State> = {}) => spoken(read(id, state(text, more)));
const tone = (id: string, text: string | null, more: Partial<State> = {}) => read(id, state(text, more)).tone;

test('a binary sensor speaks the words of its class', () => {
  expect(say('binary_sensor.front', 'on', { device_class: 'door' })).toBe('open');
  expect(say('binary_sensor.front', 'off', { device_class: 'door' })).toBe('closed');
  expect(say('binary_sensor.cellar', 'on', { device_class: 'moisture' })).toBe('wet');
  expect(say('binary_sensor.other', 'on')).toBe('on');
});

test('0 and 1 of a sensor are figures, with their unit', () => {
  expect(say('sensor.doors', '0', { unit: '%' })).toBe('0%');
  expect(tone('sensor.doors', '1')).toBe('figure');
});

test('what is not known is never a figure and never off', () => {
  expect([tone('sensor.a', 'unknown'), tone('light.a', 'unavailable'), tone('light.a', null)]).toEqual([
    'absent',
    'absent',
    'absent',
  ]);
  expect(spoken(read('light.a', null))).toBe('not heard yet');
  expect(say('light.a', null)).toBe('removed');
});

test('on, open, home and playing are active; their opposites are not', () => {
  expect(['light.a/on', 'cover.a/open', 'person.a/home', 'media_player.a/playing'].map(toneOf)).toEqual(
    Array(4).fill('on'),
  );
  expect(['light.a/off', 'cover.a/closed', 'person.a/not_home', 'media_player.a/idle'].map(toneOf)).toEqual(
    Array(4).fill('off'),
  );
  expect(say('person.a', 'not_home')).toBe('away');
});

function toneOf(pair: string): string {
  const [id, text] = pair.split('/') as [string, string];
  return tone(id, text);
}

test('a text that a sensor sends is shown as it is', () => {
  expect(say('sensor.mode', 'eco_plus')).toBe('eco_plus');
  expect(say('select.mode', 'eco_plus')).toBe('eco plus');
});

test('attributes add what a person asks next', () => {
  expect(addition(state('on', { attributes: { brightness: 128 } }))).toBe('50%');
  expect(addition(state('off', { attributes: { brightness: 128 } }))).toBeNull();
  expect(addition(state('heat', { attributes: { current_temperature: 20.5, temperature: 21 } }))).toBe(
    '20.5°, to reach 21°',
  );
  expect(addition(state('unavailable', { attributes: { current_temperature: 20.5 } }))).toBeNull();
});

test('a name is the friendly one, else the id made readable', () => {
  expect(nameOf('light.hue_lamp', state('on', { attributes: { friendly_name: 'Hue lamp 灯' } }))).toBe('Hue lamp 灯');
  expect(nameOf('light.hue_lamp', null)).toBe('Hue lamp');
});

test('inside of a room its name is not said again', () => {
  expect(nameIn('Kitchen', 'Kitchen window')).toBe('Window');
  expect(nameIn('Kitchen', 'Kitchenette lamp')).toBe('Kitchenette lamp');
  expect(nameIn('Kitchen', 'Kitchen')).toBe('Kitchen');
});

test('a sentence of the program has a capital letter, and Home Assistant its name', () => {
  expect(capital('home assistant closed the connection')).toBe('Home Assistant closed the connection');
  expect(capital('the token of home assistant')).toBe('The token of Home Assistant');
});
