import { expect, test } from 'vitest';
import type { Refill, RefusedRow, Sink } from '../api';
import { behind, byReason, nameOfPart, nameOfPlace, nameOfSubject, namingIts, plainly, sentenceOf, types } from './places';
import { aSink } from './status.fixture';

const sink = aSink({ name: 'cloud', kind: 'influxdb' });
const late: Sink = { ...sink, state: 'degraded', pending: 1300, lag_events: 1204, lag_s: 12.8, reason: 'HTTP 503' };

test('an InfluxDB is called so while it is the only one', () => {
  const store: Sink = { ...sink, name: 'store', kind: 'parquet' };
  expect(nameOfPlace(sink, [store, sink])).toBe('InfluxDB');
  const other = { ...sink, name: 'attic' };
  expect([store, sink, other].map((one) => nameOfPlace(one, [store, sink, other]))).toEqual(['Archive', 'cloud', 'attic']);
});

test('behind is said with events and time, and not of what is on its way anyway', () => {
  expect(behind(late)).toBe('behind by 1,204 events (12 s)');
  expect(behind({ ...late, lag_events: 1 })).toBe('behind by 1 event (12 s)');
  expect(behind({ ...late, lag_events: null })).toBe('behind by 1,300 events (12 s)');
  expect(behind({ ...late, lag_s: 4.9 })).toBe(null);
  expect(behind({ ...late, lag_events: 0 })).toBe(null);
  expect(behind(sink)).toBe(null);
});

test('one sentence says how it is with the data', () => {
  const say = (of: Sink) => sentenceOf(of, 'InfluxDB');
  expect(say(sink)).toBe('InfluxDB has everything.');
  expect(say(late)).toBe('InfluxDB is behind by 1,204 events (12 s). They are safe on disk and follow by themselves.');
  expect(say({ ...late, state: 'parked' })).toBe('InfluxDB waits for you: 1,204 events safe on disk, and nothing is lost meanwhile.');
  expect(say({ ...sink, state: 'degraded' })).toBe('InfluxDB has all there is to have, and something is wrong.');
  expect(say({ ...sink, state: 'starting' })).toBe('InfluxDB is looked for.');
});

test('what comes from the archive is said with how far it is', () => {
  const refill: Refill = {
    why: 'missed',
    done: 3,
    of: 52,
    from: null,
    to: null,
    since: '2026-11-25T12:00:00.000000Z',
    left_s: null,
    waiting: 0,
    running: true,
  };
  const say = (change: object) => sentenceOf({ ...sink, state: 'degraded', refill: { ...refill, ...change } }, 'InfluxDB');
  expect(say({})).toBe('InfluxDB gets what it missed from the archive: 3 of 52 events.');
  expect(say({ left_s: 120 })).toBe('InfluxDB gets what it missed from the archive: 3 of 52 events, 2 min left.');
  expect(say({ why: 'new', running: false })).toBe('InfluxDB gets the past from the archive: 3 of 52 events, once it takes something again.');
  expect(sentenceOf({ ...late, refill }, 'InfluxDB')).toContain('behind by');
});

test.each([
  ['HTTP 401: unauthorized access', 'let us in'],
  ['HTTP 403: "ro" user is not authorized to write to database "ha"', 'let us in'],
  ['HTTP 404: database not found: "house"', 'is not there'],
  ['HTTP 429', 'asks us to wait'],
  ['HTTP 500: simulated', 'cannot take anything now'],
  ['HTTP 503: it restarts', 'cannot take anything now'],
  ['cannot connect to 127.0.0.1:8086 (Connection refused)', 'Nobody answers'],
  ['no answer within 10 s', 'Nobody answers'],
  ['no space left on device', 'disk is full'],
])('%s is told plainly', (error, says) => {
  expect(plainly(error)).toContain(says);
});

test('what cannot be told plainly is told in the server’s words alone', () => {
  expect(plainly('points beyond retention policy')).toBe(null);
});

test('rows that were refused for one reason stand together, the newest first', () => {
  const row = (seq: number, words: string): RefusedRow => ({ at: '', seq, entity: null, line: '', words });
  const groups = byReason([row(5, 'a'), row(4, 'b'), row(3, 'a')]);
  expect(groups.map(({ words, rows }) => [words, rows.map(({ seq }) => seq)])).toEqual([
    ['a', [5, 3]],
    ['b', [4]],
  ]);
});

test('what a finding is about is called as on the first page, also where its sentence begins with it', () => {
  expect(['home_assistant', 'registry', 'cloud'].map(nameOfSubject)).toEqual(['Home Assistant', 'Rooms and devices', 'cloud']);
  expect(namingIts('home_assistant', 'home_assistant is starting')).toBe('Home Assistant is starting');
  expect(namingIts('cloud', 'cloud takes nothing')).toBe('cloud takes nothing');
  expect(namingIts(null, 'home_assistant is starting')).toBe('home_assistant is starting');
});

test('types are words', () => {
  expect(types(['text', 'bool'])).toBe('text and boolean');
});

test('a part is called as on the first page, one of a release to come by its own name', () => {
  expect(['log', 'home_assistant', 'cloud', 'of_tomorrow'].map((part) => nameOfPart(part, [sink]))).toEqual([
    'On disk', 'Home Assistant', 'InfluxDB', 'Of tomorrow',
  ]);
});
