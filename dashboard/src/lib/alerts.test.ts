import { expect, test } from 'vitest';
import type { Alert } from '../api';
import { bellOf, fateOf, figureOf, isElsewhere, mutedBy, periodOf, summary, toneOf } from './alerts';

const NOW = new Date(2026, 10, 23, 14, 0, 0).getTime();
const at = (hour: number) => new Date(2026, 10, 23, hour, 5, 0).toISOString();

const alert: Alert = {
  id: 'sink_behind:influxdb',
  rule: 'sink_behind',
  subject: 'influxdb',
  state: 'active',
  since: at(12),
  acknowledged: null,
  muted_until: null,
  severity: 'critical',
  title: 'influxdb stands still',
  says: 'influxdb takes nothing',
  evidence: [],
  todo: 'put it right',
  link: '#/place/influxdb',
};

test('the bell says how many there are, and is silent about what was seen', () => {
  const counts = (active: number, critical: number, unseen: number) => ({ active, critical, unseen, muted: 1 });
  expect([counts(0, 0, 0), counts(1, 0, 1), counts(3, 1, 2)].map(summary)).toEqual([
    'no alerts',
    '1 alert',
    '3 alerts, 1 critical',
  ]);
  expect([counts(0, 0, 0), counts(2, 1, 0), counts(2, 0, 1), counts(2, 1, 1)].map(bellOf)).toEqual([
    'off',
    'off',
    'wait',
    'bad',
  ]);
});

test('an alert says how bad it is and what became of it', () => {
  expect([toneOf(alert), toneOf({ severity: 'warning' })]).toEqual(['bad', 'wait']);
  expect(fateOf(alert, NOW)).toBeNull();
  expect(fateOf({ ...alert, state: 'acknowledged', acknowledged: at(13) }, NOW)).toBe('seen at 13:05:00');
  expect(fateOf({ ...alert, state: 'muted', acknowledged: at(13), muted_until: at(16) }, NOW)).toBe('muted until 16:05:00');
});

test('figures are read in their units', () => {
  const shown = (value: number, unit: string) => figureOf({ name: 'behind', value, unit });
  expect(shown(4000, 's')).toEqual({ name: 'Behind', figure: '1 h 6 min' });
  expect(shown(107_374_182_400, 'bytes').figure).toBe('107 GB');
  expect(shown(12, 'd').figure).toBe('12 d');
});

test('what is over says from when to when', () => {
  const past = { id: 'disk', rule: 'disk', severity: 'warning', title: '', says: '', from: at(9), to: at(10), acknowledged: null } as const;
  expect(periodOf(past, NOW)).toBe('09:05:00 – 10:05:00');
});

test('an alert that is muted says by what', () => {
  const mute = (what: string) => ({ what, until: at(16) });
  const muted: Alert = { ...alert, state: 'muted' };
  expect(mutedBy(alert, [mute('silent')])).toBeNull();
  expect(mutedBy(muted, [mute('sink_behind'), mute(alert.id)])).toBe(alert.id);
  expect(mutedBy(muted, [mute('sink_behind')])).toBe('sink_behind');
});

test('a mute stands apart only where no alert of that id does', () => {
  expect([isElsewhere('silent', [alert]), isElsewhere(alert.id, [alert])]).toEqual([true, false]);
});
