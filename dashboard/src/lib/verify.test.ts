import { describe, expect, it } from 'vitest';
import { howItEnded, milliseconds, whenNext, whereTo } from './verify';

describe('a verification', () => {
  it('says of each leg where it leads and how it ended', () => {
    expect(whereTo({ part: 'log', label: 'in the log, read back' })).toBe('Log: in the log, read back');
    expect(whereTo({ part: 'home_assistant', label: 'heard' })).toBe('Home Assistant: heard');
    expect(whereTo({ part: 'home_assistant', label: 'taken by Home Assistant' })).toBe('Taken by Home Assistant');
    expect(howItEnded('degraded')).toEqual(['wait', 'in part']);
    expect(howItEnded('unreachable')[0]).toBe('bad');
  });

  it('tells times in the unit that is read at a glance', () => {
    expect([2.25, 12.6, 999.4, 1040].map(milliseconds)).toEqual(['2.3 ms', '13 ms', '999 ms', '1.0 s']);
  });

  it('says when the program does it by itself', () => {
    const known = { running: null, results: [] };
    const now = Date.parse('2026-11-26T10:00:00Z');
    expect(whenNext({ ...known, every_s: null, next: null }, now)).toContain('every under [verify]');
    expect(whenNext({ ...known, every_s: 21_600, next: '2026-11-26T12:00:00Z' }, now)).toMatch(/each 6 h.*, next at /);
  });
});
