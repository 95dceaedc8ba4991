import { expect, test } from 'vitest';
import type { Criterion, Sink, Status, Weather } from '../api';
import { goals, headline, lamps, overall, type Ages } from './lamps';
import { aSink, aStatus, OFF } from './status.fixture';

const sink = aSink();
const status = aStatus;

const NEVER: Ages = { heard: null, written: null, observed: null };

const words = (of: Status, ages: Ages = { heard: 3.2, written: 2.5, observed: 312 }) =>
  lamps(of, ages).map(({ name, tone, word, detail }) => [name, tone, word, detail]);

test('three lamps say what is heard, what is safe and what is archived', () => {
  expect(words(status())).toEqual([
    ['Home Assistant', 'good', 'listening', 'heard 3 s ago'],
    ['On disk', 'good', 'safe', 'written 2 s ago'],
    ['Archive', 'good', 'up to date', '900 kept'],
  ]);
});

test('before anything was heard or written no age is made up', () => {
  const silent = status();
  silent.home_assistant = { ...silent.home_assistant, state: 'connecting' };
  expect(words(silent, NEVER).slice(0, 2)).toEqual([
    ['Home Assistant', 'wait', 'connecting', 'nothing heard yet'],
    ['On disk', 'good', 'safe', '2 kB kept'],
  ]);
});

test('a refused token waits for a person, with the reason', () => {
  const refused = status();
  refused.home_assistant = { ...refused.home_assistant, state: 'parked', reason: 'the token was refused' };
  expect(lamps(refused, NEVER)[0]).toMatchObject({
    tone: 'bad',
    word: 'waiting for you',
    reason: 'The token was refused',
  });
  const said = status({ verdict: 'Not recording: the token was refused.' });
  expect(lamps({ ...refused, verdict: said.verdict }, NEVER)[0]?.reason, 'it is not said twice').toBeNull();
});

test('a place that is behind says by how much, and that nothing is lost by it', () => {
  const place = (more: Partial<Sink>) => lamps(status({ sinks: [{ ...sink, ...more }] }), NEVER)[2];
  const late: Partial<Sink> = { pending: 1234, lag_s: 130, reason: 'disk is slow' };
  const word = 'behind by 1,234 events (2 min)';
  expect(place({ ...late, state: 'degraded' })).toMatchObject({
    tone: 'wait',
    word,
    detail: 'safe on disk',
    reason: 'disk is slow',
  });
  expect(place({ ...late, state: 'healthy' })).toMatchObject({ tone: 'good', word, detail: 'safe on disk', reason: null });
  const kept = { detail: '1,234 events safe on disk', reason: 'disk is slow' };
  expect(place({ ...late, state: 'parked' })).toMatchObject({ tone: 'bad', word: 'waiting for you', ...kept });
  expect(place({ ...late, state: 'degraded', lag_s: 0 })).toMatchObject({ tone: 'wait', word: 'late', ...kept });
  expect(place({ pending: 12, lag_s: 1 })).toMatchObject({ word: 'up to date', detail: '12 not in files yet' });
  const server = { pending: 12, lag_s: 1, name: 'influxdb', kind: 'influxdb' };
  expect(place(server)).toMatchObject({ word: 'up to date', detail: '12 on their way' });
});

test('an InfluxDB is called so, whatever the settings call it, and its lamp leads to its page', () => {
  const influxdb: Sink = { ...sink, name: 'influxdb-simulated', kind: 'influxdb' };
  const lamp = lamps(status({ sinks: [sink, influxdb] }), NEVER)[3];
  expect(lamp).toMatchObject({ name: 'InfluxDB', link: '#/place/influxdb-simulated' });
});

test('the weather has a lamp where it is on, with its age, and with the reason where it is late', () => {
  const lamp = (weather: Partial<Weather>, observed: number | null = 312) =>
    lamps(status({ weather: { ...OFF, provider: 'open_meteo', ...weather } }), { ...NEVER, observed })[3];
  const observation = { at: '2026-11-24T12:00:00.000000Z', temperature: 11.2, condition: 'partlycloudy' };
  expect(lamp({ state: 'off' })).toBeUndefined();
  expect(lamp({ state: 'starting' }, null)).toMatchObject({ tone: 'wait', detail: 'nothing known yet' });
  expect(lamp({ state: 'healthy', observation })).toMatchObject({
    tone: 'good',
    word: 'up to date',
    detail: '11.2 °C, 5 min ago',
    reason: null,
  });
  expect(lamp({ state: 'degraded', observation: null, reason: 'no answer' })).toMatchObject({
    tone: 'wait',
    word: 'late',
    detail: 'observed 5 min ago',
    reason: 'no answer',
  });
});

test('the first screen has none of the words of the trade', () => {
  const states = ['starting', 'healthy', 'degraded', 'unhealthy', 'parked', 'off'] as const;
  const said = states.flatMap((state) => words(status({ sinks: [{ ...sink, state, pending: 5, lag_s: 5 }] })).flat());
  expect(said.join(' ')).not.toMatch(/sink|cursor|lag|quarantine|parked|backfill/i);
});

test('the state of the whole is never by colour alone', () => {
  const seen = (['healthy', 'degraded', 'unhealthy'] as const).map((state) => overall(status({ overall: state })));
  expect(new Set(seen.map(({ icon }) => icon)).size).toBe(3);
  expect(seen.map(({ word }) => word)).toEqual(['healthy', 'degraded', 'unhealthy']);
});

test('a verdict with a long reason stands large without it', () => {
  expect(headline('Recording.')).toEqual(['Recording.', null]);
  expect(headline('Recording. 0 of 9 entities have changed yet: it only sends changes.')).toEqual([
    'Recording.',
    '0 of 9 entities have changed yet: it only sends changes.',
  ]);
  expect(headline('Waiting: Home Assistant restarts.')).toEqual(['Waiting: Home Assistant restarts.', null]);
  const reason = 'the service cannot be asked: the connection to it broke before its answer was complete.';
  expect(headline(`Recording, weather is degraded: ${reason}`)).toEqual([
    'Recording, weather is degraded.',
    `T${reason.slice(1)}`,
  ]);
});

test('a goal that is not known is neither met nor missed', () => {
  const goal = (id: string, met: boolean | null): Criterion => ({
    id,
    label: id,
    met,
    value: null,
    target: 1,
    unit: '',
    window_s: 0,
    note: null,
  });
  expect(goals(status({ criteria: [goal('a', true), goal('b', null), goal('c', false)] }))).toBe(
    '1 of 3 goals met, 1 not known yet',
  );
  expect(goals(status({ criteria: [goal('a', true)] }))).toBe('1 of 1 goals met');
});
