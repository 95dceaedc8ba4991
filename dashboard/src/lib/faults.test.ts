import { expect, test } from 'vitest';
import { groups, lasts, loss, watch } from './faults';

const fault = (name: string, says = 'something happens') => ({ name, says });

test('faults are grouped by what they happen to; one that is not known is there too', () => {
  const all = [fault('restart'), fault('drop'), fault('away'), fault('eclipse'), fault('heal')];
  expect(groups(all).map(({ name, faults }) => [name, faults.map(({ name }) => name)])).toEqual([
    ['The connection', ['drop', 'away']],
    ['Home Assistant', ['restart']],
    ['More', ['eclipse']],
  ]);
  expect(groups([])).toEqual([]);
});

test('what happens to the weather and to things has groups of its own, and says what to look at', () => {
  const all = ['weather-down', 'freezer', 'unit', 'weather-429'].map((name) => fault(name));
  expect(groups(all).map(({ name, faults }) => [name, faults.map(({ name }) => name)])).toEqual([
    ['The weather', ['weather-down', 'weather-429']],
    ['Its things', ['freezer', 'unit']],
  ]);
  expect(watch(fault('weather-down'))).toContain('amber');
  expect(watch(fault('rename'))).toContain('one history');
});

test('what happens to our own parts has a group of its own, and says which part is started anew', () => {
  const all = ['hang-store', 'panic-sink', 'hang-log'].map((name) => fault(name));
  expect(groups(all).map(({ name, faults }) => [name, faults.length])).toEqual([['Our own parts', 3]]);
  expect(watch(fault('hang-store'))).toContain('started anew alone');
  expect(watch(fault('hang-log'))).toContain('has to be started again');
});

test('each says what to watch for, and what lasts says how to end it', () => {
  expect(watch(fault('drop'))).toContain('time line');
  expect(watch(fault('eclipse'))).toContain('time line');
  expect(watch(fault('eclipse', 'it is dark until `heal`'))).toContain('heal');
  expect([lasts('it is dark until `heal`'), lasts('it is dark')]).toEqual([true, false]);
});

test('the name of what all objects have is no fault that is known', () => {
  expect(groups([fault('constructor')])[0]?.name).toBe('More');
  expect(watch(fault('constructor'))).toContain('time line');
});

test('what the old way lost is said with what it received', () => {
  const naive = { running: true, ended: null, received: 12, accepted: 3, lost: 8, refused: [] };
  expect(loss(naive)).toBe('12 events received, 3 written, 8 lost');
  expect(loss({ ...naive, received: 1, accepted: 1, lost: 0 })).toBe('1 event received, 1 written, 0 lost');
  expect(groups([fault('naive')])[0]?.name).toBe('The old way');
});
