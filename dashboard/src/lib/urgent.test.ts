import { expect, test, vi } from 'vitest';
import type { Part, Sink, Status } from '../api';
import { aGap } from './gap.fixture';
import { aSink, aStatus } from './status.fixture';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => undefined);
const { urgent } = await import('./urgent');

const NOW = Date.parse('2026-11-24T12:10:00Z');
const peer = (more: Partial<Status['home_assistant']>) =>
  aStatus({ home_assistant: { ...aStatus().home_assistant, ...more } });
const part = (more: Partial<Part>): Part => ({ ...aStatus().parts[0]!, ...more });

test('where nothing waits for a person nothing is urgent', () => {
  expect(urgent(aStatus(), NOW)).toBeNull();
  expect(urgent(peer({ state: 'waiting', reason: 'it restarts' }), NOW)).toBeNull();
  expect(urgent(aStatus({ sinks: [aSink({ state: 'degraded', reason: 'HTTP 503' })] }), NOW)).toBeNull();
});

test('a refused token comes before all else, in its own words', () => {
  const influxdb: Partial<Sink> = { state: 'parked', reason: 'HTTP 404' };
  const all = { ...peer({ state: 'parked', reason: 'the token was refused: make another one' }), sinks: [aSink(influxdb)] };
  expect(urgent(all, NOW)).toMatchObject({
    says: 'This waits for you: nothing is recorded before it is mended.',
    act: { kind: 'look', link: '#/connection' },
  });
});

test('who is away for long is called at once, a part that is ill is started anew, a full disk is looked at', () => {
  const away = urgent(peer({ state: 'disconnected', reason: 'connection refused' }), NOW);
  expect(away?.act).toMatchObject({ kind: 'repair', repair: 'connection' });
  const ill = urgent(aStatus({ parts: [part({ name: 'weather', state: 'parked', reason: 'it panicked', todo: 'start it' })] }), NOW);
  expect(ill).toMatchObject({ says: 'Weather does not work: it panicked.', todo: 'Start it', act: { repair: 'restart', options: { part: 'weather' } } });
  const full = urgent(aStatus({ parts: [part({ name: 'log', state: 'unhealthy', reason: 'no space left' })] }), NOW);
  expect(full?.act).toMatchObject({ kind: 'look', link: '#/doctor' });
});

test('an InfluxDB that waits is mended by its repair', () => {
  const influxdb = aSink({ name: 'influx', kind: 'influxdb', url: 'http://i', state: 'parked', reason: 'the database is gone' });
  const parts = [part({ name: 'influx', state: 'parked' })];
  expect(urgent(aStatus({ sinks: [influxdb], parts }), NOW)).toMatchObject({
    tone: 'wait',
    says: 'InfluxDB waits for you: the database is gone.',
    act: { kind: 'repair', repair: 'sink', options: { sink: 'influx' } },
    more: { link: '#/place/influx' },
  });
  const said = urgent(aStatus({ sinks: [influxdb], parts, verdict: 'Recording, InfluxDB waits for you: the database is gone.' }), NOW);
  expect(said?.says, 'the verdict has said why').toBe('InfluxDB waits for you.');
});

test('mistakes in the settings wait for a person, and no part is started anew for them', () => {
  const parts = [part({ name: 'settings', state: 'parked', reason: 'sinks are off', todo: 'correct it' })];
  expect(urgent(aStatus({ parts }), NOW)).toMatchObject({
    tone: 'wait',
    says: 'The settings wait for you: sinks are off.',
    todo: 'Correct it',
    act: { kind: 'look', link: '#/doctor' },
  });
});

test('a disk that fills says for how many days there is room, and comes before a place once data is about to be lost', () => {
  const left = (days: number, more: Partial<Status> = {}) =>
    urgent(aStatus({ disk_full: { at: '2026-12-12T12:00:00.000000Z', left_s: days * 86_400 }, ...more }), NOW);
  expect(left(19)).toMatchObject({ tone: 'wait', says: 'The disk has room for 19 more days.', act: { kind: 'look', link: '#/doctor' } });
  expect(left(1)).toMatchObject({ tone: 'bad', says: 'The disk has room for 1 more day.' });
  expect(left(0)?.says).toBe('The disk has no room for another day.');
  const sinks = [aSink({ state: 'parked', reason: 'HTTP 404' })];
  expect(left(2, { sinks })?.act.kind).toBe('repair');
  expect(left(1, { sinks })?.act.kind).toBe('look');
  expect(urgent(aStatus({ disk_full: null }), NOW)).toBeNull();
});

test('a gap that was not filled is fetched once more, unless that was tried or it is long ago', () => {
  const of = (more: Parameters<typeof aGap>[0]) =>
    urgent(aStatus({ gaps: { open: 0, filled: 0, partly: 1, lost: 0, recent: [aGap({ id: 7, state: 'partly', ...more })] } }), NOW);
  expect(of({})?.act).toEqual({ kind: 'retry', label: 'Fetch it once more', gap: 7 });
  expect(of({ state: 'lost' })?.tone).toBe('bad');
  expect(of({ tries: 2 })).toBeNull();
  expect(of({ to: '2026-11-20T12:00:00.000000Z' })).toBeNull();
  expect(of({ kind: 'requested' })).toBeNull();
  expect(of({ state: 'filled' })).toBeNull();
});

test('what is urgent has none of the words of the trade', () => {
  const said = [
    peer({ state: 'parked' }),
    peer({ state: 'disconnected' }),
    aStatus({ sinks: [aSink({ state: 'parked' })] }),
    aStatus({ parts: [part({ name: 'weather', state: 'parked' })] }),
    aStatus({ disk_full: { at: '2026-12-12T12:00:00.000000Z', left_s: 0 } }),
  ].map((status) => JSON.stringify([urgent(status, NOW)?.says, urgent(status, NOW)?.todo, urgent(status, NOW)?.act.label]));
  expect(said.join(' ')).not.toMatch(/\b(sinks?|cursors?|lags?|quarantined?|parked|backfill)\b/i);
});
