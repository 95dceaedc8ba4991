import { expect, test } from 'vitest';
import type { Plan, Receipt, Step, StepReceipt } from '../api';
import { canUndo, chosen, named, progress, size, spoken, stateOf, stepOf, took, wayBack, whole } from './repairs';
import { timeOfDay } from './time';

const step: Step = {
  kind: 'copy',
  what: 'copies',
  touches: 'a field',
  rows: 1200,
  bytes: 40_000,
  seconds: 90,
  undo: true,
  data: null,
};
const plan: Plan = {
  repair: 'schema',
  finding: 'attr_dynamics is a text there',
  steps: [step, { ...step, rows: 1, bytes: null, seconds: null, undo: false }],
  confirm: null,
  notes: [],
};
const not: StepReceipt = { started: null, done: null, error: null, undone: null, took_ms: 0 };
const begun: StepReceipt = { ...not, started: '2026-11-26T00:41:07.000000Z' };
const done: StepReceipt = { ...begun, done: { says: '1,200 rows copied, 1,200 counted', data: null } };
const receipt: Receipt = {
  id: '2026-11-26T00-41-07Z-schema',
  options: {},
  plan,
  state: 'done',
  started: '2026-11-26T00:41:07.000000Z',
  ended: '2026-11-26T00:42:37.000000Z',
  steps: [done, done],
  verified: null,
  before: [],
  during: [],
  after: [],
  undoing: false,
  error: null,
  resumed: [],
  line: null,
};

test('what a plan costs is told step by step and as a whole', () => {
  expect(size(step)).toBe('1,200 rows, 40 kB, about 1 min');
  expect(size({ rows: 1, bytes: null, seconds: 0 })).toBe('1 row, about 1 s');
  expect(size({ rows: null, bytes: null, seconds: null })).toBe('');
  expect(whole(plan)).toBe('1,201 rows, 40 kB, about 1 min');
});

test('whether there is a way back is told before', () => {
  expect(wayBack(plan)).toBe('1 of 2 steps can be taken back.');
  expect(wayBack({ ...plan, steps: [step] })).toBe('All of it can be taken back.');
  expect(wayBack({ ...plan, steps: [{ ...step, undo: false }] })).toBe('There is nothing to take back afterwards.');
});

test('only what was begun, can be taken back and was not, is taken back', () => {
  expect(canUndo(receipt)).toBe(true);
  expect(canUndo({ ...receipt, state: 'failed', steps: [begun, not] })).toBe(true);
  expect(canUndo({ ...receipt, state: 'applying' })).toBe(false);
  expect(canUndo({ ...receipt, state: 'undone' })).toBe(false);
  expect(canUndo({ ...receipt, steps: [not, done] })).toBe(false);
  expect(canUndo({ ...receipt, steps: [{ ...done, undone: { says: 'gone', data: null } }, done] })).toBe(false);
});

test('a step says how it is, and why it failed', () => {
  expect(stepOf(undefined, false)).toEqual({ tone: 'off', word: 'to do', says: null });
  expect(stepOf(begun, true)).toEqual({ tone: 'wait', word: 'now', says: null });
  expect(stepOf(done, false)).toEqual({ tone: 'good', word: 'done', says: '1,200 rows copied, 1,200 counted' });
  expect(stepOf({ ...begun, error: 'no answer' }, true)).toEqual({ tone: 'wait', word: 'tried again', says: 'no answer' });
  expect(stepOf({ ...begun, error: 'no answer' }, false)).toMatchObject({ tone: 'bad', word: 'failed' });
  expect(stepOf({ ...done, undone: { says: 'gone', data: null } }, false)).toMatchObject({ word: 'taken back', says: 'gone' });
});

test('each state of a repair has a word of its own', () => {
  const states = ['applying', 'done', 'failed', 'undoing', 'undone'] as const;
  expect(new Set(states.map((state) => stateOf({ ...receipt, state })[1])).size).toBe(states.length);
});

test('progress has a share where the whole is known', () => {
  const seen = { receipt, running: true, step: 0 };
  expect(progress({ ...seen, progress: null })).toBe(null);
  expect(progress({ ...seen, progress: { done: 300, of: 1200, unit: 'rows' } })).toEqual({
    says: '300 of 1,200 rows',
    share: 0.25,
  });
  expect(progress({ ...seen, progress: { done: 2000, of: null, unit: 'bytes' } })).toEqual({ says: '2 kB', share: null });
});

test('what was left empty is not asked with', () => {
  expect(chosen({ sink: 'influxdb', from: '', numbers: false, mode: 'copy' })).toEqual({ sink: 'influxdb', mode: 'copy' });
});

test('a repair has taken so long, up to now where it goes on', () => {
  expect(took(receipt, 0)).toBe('1 min');
  expect(took({ ...receipt, ended: null }, Date.parse('2026-11-26T00:41:37.000000Z'))).toBe('30 s');
});

test('instants in a sentence are times of the person who looks', () => {
  const now = Date.parse('2026-11-26T02:00:00Z');
  const at = '2026-11-26T01:27:46.821190Z';
  expect(spoken(`it is up since ${at}, and was at ${at}`, now)).toBe(
    `It is up since ${timeOfDay(at, now)}, and was at ${timeOfDay(at, now)}`,
  );
  expect(spoken('12:00 is no instant', now)).toBe('12:00 is no instant');
});

test('a name at the beginning of a sentence stays as it is written', () => {
  for (const says of ['attr_brightness (text) 2', 'home_assistant_events has 4 rows', 'sensor.a is silent']) {
    expect(spoken(says, 0)).toBe(says);
  }
  expect(spoken('copy attr_dynamics', 0)).toBe('Copy attr_dynamics');
});

test('a repair is named with what it is of', () => {
  expect(named('gaps', null)).toBe('gaps');
  expect(named('schema', { sink: 'influxdb', mode: 'copy' })).toBe('schema of influxdb');
  expect(named('restart', { part: 'store' })).toBe('restart of store');
});
