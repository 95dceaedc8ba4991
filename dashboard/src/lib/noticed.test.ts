import { expect, test } from 'vitest';
import type { EntityChange, SilentDevice } from '../api';
import { changeMarks, notices, silence } from './noticed';

const change = (what: string, from: string | null, to: string | null, more: Partial<EntityChange> = {}): EntityChange => ({
  at: '2026-11-25T12:00:00.000000Z',
  entity_id: 'sensor.kitchen',
  key: 'k1',
  name: 'Kitchen temperature',
  area: 'Kitchen',
  what: what as EntityChange['what'], // a page that is open over an update may see another
  from,
  to,
  ...more,
});
const words = (...changes: EntityChange[]) => notices([], changes).map(({ who, what, means }) => `${who}: ${what} ${means}`);

test('a change of unit says what stays in the old one', () => {
  expect(words(change('unit', '°C', '°F'))).toEqual([
    'Kitchen temperature: the unit changed from °C to °F. Rows from before stay in °C; each row says its unit.',
  ]);
  expect(words(change('unit', null, 'W'))[0]).toContain('from none to W. Rows from before stay without a unit');
});

test('a rename says that one series goes on', () => {
  expect(words(change('renamed', 'sensor.a', 'sensor.b', { name: null }))).toEqual([
    'Kitchen: sensor.a is sensor.b now. One series goes on under both names.',
  ]);
});

test('what is not known is said as it came', () => {
  expect(words(change('power_source', 'mains', null))[0]).toBe(
    'Kitchen temperature: power source changed from mains to none. Rows from before keep what held at their time.',
  );
  expect(words(change('constructor', null, null))[0]).toContain('constructor changed from none to none.');
});

test('what happened to many at once is one, but a name is of one', () => {
  const second = { key: 'k2', entity_id: 'sensor.oven' };
  const moved = notices([], [change('area', 'Kitchen', null), change('area', 'Kitchen', null, second)]);
  expect(moved.map(({ who, what, entities }) => [`${who}: ${what}`, entities])).toEqual([
    ['2 entities: moved from Kitchen to no room.', ['sensor.kitchen', 'sensor.oven']],
  ]);
  expect(words(change('removed', null, null), change('removed', null, null, second))).toHaveLength(2);
  const later = { ...second, at: '2026-11-25T12:00:01.000000Z' };
  expect(words(change('area', 'Kitchen', null), change('area', 'Kitchen', null, later))).toHaveLength(2);
});

test('what is silent stands before what has changed', () => {
  const freezer: SilentDevice = {
    key: 'd1',
    name: 'Freezer',
    device: 'Freezer',
    area: 'Kitchen',
    entities: ['sensor.freezer'],
    since: '2026-11-25T09:00:00.000000Z',
    silent_s: 10_800,
    usual_s: 300,
    sentence: 'Freezer: nothing for 3 h, usually each 5 min',
  };
  const all = notices([freezer], [change('name', 'Cooker', 'Oven')]);
  expect(all.map(({ who, what }) => `${who}: ${what}`)).toEqual([
    `${freezer.sentence}.`,
    'Kitchen temperature: the name changed from Cooker to Oven.',
  ]);
  const alone = { ...freezer, name: 'sensor.freezer', device: null };
  const named = notices([alone, freezer], [], (id) => (id === 'sensor.freezer' ? 'Freezer temperature' : undefined));
  expect(named.map(({ who }) => who)).toEqual(['Freezer temperature', 'Freezer']);
  expect(silence(freezer)).toBe('nothing for 3 h, usually each 5 min');
});

test('a chart is marked where the unit or the name changed in its time', () => {
  const noon = Date.parse('2026-11-25T12:00:00Z') / 1000;
  const all = [change('unit', '°C', null), change('area', null, 'Hall'), change('renamed', 'sensor.a', 'sensor.b')];
  expect(changeMarks(all, { from: noon - 1, to: noon + 1 })).toEqual([
    { at: noon, label: '°C → no unit' },
    { at: noon, label: 'renamed' },
  ]);
  expect(changeMarks(all, { from: noon + 1, to: noon + 2 })).toEqual([]);
});
