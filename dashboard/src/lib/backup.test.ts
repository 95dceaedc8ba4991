import { describe, expect, it } from 'vitest';
import type { Backup, Backups, Rehearsed } from '../api';
import { newest, rehearsed, seconds, whenNext } from './backup';

const now = Date.parse('2026-11-26T10:00:00Z');
const trial: Rehearsed = {
  name: '2026-11-26T09-00-00Z', at: '2026-11-26T09:30:00Z', equal: true, says: 'All that is in it was put back',
  compared: [], files: 12, bytes: 5_000_000, restore_ms: 100, open_ms: 900,
};
const backup: Backup = {
  name: '2026-11-26T09-00-00Z', at: '2026-11-26T09:00:00Z', by: 'schedule', took_ms: 1240, files: 12, bytes: 5_000_000,
  new_files: 2, new_bytes: 40_000, committed: 90, rows: 90, left_out: [], damaged: [], rehearsed: null,
  log: { first: 1, last: 120, events: 100, events_total: 110, segments: 1, damaged: 0 },
};
const known: Backups = {
  dir: '/nas', every_s: null, keep: null, next: null, running: null, ended: null, backups: [], unreadable: [], trouble: null,
};

describe('a backup', () => {
  it('says how old it is, how much is in it and what is new', () => {
    expect(newest(backup, now)).toMatch(/^1 h ago: 110 events, 5 MB, of these new 40 kB; it took 1\.2 s$/);
    expect([50, 9999, 60_000].map(seconds)).toEqual(['0.1 s', '10.0 s', '1 min']);
  });

  it('says whether it was rehearsed', () => {
    expect(rehearsed(backup)).toEqual(['off', 'not rehearsed']);
    expect(rehearsed({ ...backup, rehearsed: trial })).toEqual(['good', 'rehearsed: equal']);
    expect(rehearsed({ ...backup, rehearsed: { ...trial, equal: false } })[0]).toBe('bad');
  });

  it('says when the program takes the next one, and how many stay', () => {
    expect(whenNext(known, now)).toBe('The program takes one by itself where the settings say how often: every under [backup].');
    const daily = { ...known, every_s: 86_400, keep: 14, next: '2026-11-27T09:00:00Z' };
    expect(whenNext(daily, now)).toMatch(/each .*, next at .*The newest 14 are kept\.$/);
  });
});
