import { expect, test } from 'vitest';
import type { Setting } from '../api';
import { changeOf, differences, history, namesOf, sectionsOf, valueOf } from './settings';

const setting = (name: string, value: unknown, origin: string | null = '/etc/hearthline.toml:1'): Setting => ({
  name,
  value,
  origin,
  secret: false,
  meaning: '',
  kind: '',
  unset: '',
  holds: 'live',
});

test('what somebody has set stands by its section', () => {
  const all = [
    setting('data_dir', './data', null),
    setting('filter.include', []),
    setting('filter.exclude', ['light'], null),
    setting('sinks.influxdb.url', 'http://a:8086'),
  ];
  const names = (every: boolean) => sectionsOf(all, every).map(({ name, settings }) => [name, settings.length]);
  expect(names(false)).toEqual([['filter', 1], ['sinks.influxdb', 1]]);
  expect(names(true)).toEqual([['', 1], ['filter', 2], ['sinks.influxdb', 1]]);
});

test('a value is told as the file would say it, and no secret', () => {
  const said = (value: unknown, secret = false) => valueOf({ value, secret });
  expect(said('24h')).toBe('"24h"');
  expect(said(['light', 'sensor.*'])).toBe('["light", "sensor.*"]');
  expect(said({ house: 'summer house' })).toBe('{ house = "summer house" }');
  expect([said(null), said(true), said(5), said(null, true)]).toEqual(['nothing', 'true', '5', 'set, not told']);
  expect(changeOf({ from: 5, to: null, secret: false })).toBe('5 → nothing');
  expect(changeOf({ from: null, to: null, secret: true })).toBe('another secret');
});

test('each set says what it changed against the one before', () => {
  const kept = (number: number, settings: Setting[]) => ({ number, since: '', healthy: '', version: '', file: null, settings });
  const [first, second] = [kept(1, [setting('a', 1), setting('b', 2)]), kept(2, [setting('a', 1), setting('c', 3)])];
  expect(differences(first.settings, first.settings)).toEqual([]);
  expect(history([second, first]).map(([set, changes]) => [set.number, changes?.map(({ name }) => name) ?? null])).toEqual([
    [2, ['c', 'b']],
    [1, null],
  ]);
});

test('of many names the first are told and the others counted', () => {
  const preview = {
    entities: 3000, recorded: 3000, would_be: 1, comes_in: [], comes_in_count: 0, goes_out: ['light.a', 'light.b'],
    goes_out_count: 2999, says: '',
  };
  expect(namesOf(preview, 'goes_out')).toBe('light.a, light.b, and 2,997 more');
  expect(namesOf(preview, 'comes_in')).toBe('');
});
