import { expect, test } from 'vitest';
import type { DoctorFinding, DoctorReport } from '../api';
import { asText, evidence, paragraphs, sorted, tookOf, way } from './doctor';

const found = (check: string, more: Partial<DoctorFinding> = {}): DoctorFinding => ({
  id: `${check}-ok`,
  check,
  about: null,
  severity: 'ok',
  says: 'it is fine',
  evidence: [],
  remedy: null,
  repair: null,
  took_ms: null,
  explained: '',
  see: '',
  ...more,
});

const report: DoctorReport = {
  version: '0.1.0',
  at: '2026-11-24T12:00:00.000000Z',
  took_ms: 40,
  depth: 'look',
  running: true,
  worst: 'fault',
  verdict: '1 fault',
  counts: { fault: 1, warning: 0, note: 1, ok: 2 },
  findings: [
    found('ha-token', { id: 'ha-token-refused', severity: 'fault', says: 'the token is refused', remedy: 'make another one', took_ms: 8.12 }),
    found('space', { severity: 'note', evidence: [{ name: 'free', value: 57_676_349_440, unit: 'bytes' }] }),
    found('ha-dns', { took_ms: 0.02 }),
    found('ha-tcp', { took_ms: 21.66 }),
  ],
  skipped: [{ check: 'ha-rights', why: 'the token is not taken' }, { check: 'disk', why: 'it writes' }],
};

test('the way to Home Assistant is told in its order, whatever is worst, with what was not looked at', () => {
  expect(way(report).map(({ name, found, skipped }) => [name, found[0]?.id ?? skipped])).toEqual([
    ['Name', 'ha-dns-ok'],
    ['Port', 'ha-tcp-ok'],
    ['Token', 'ha-token-refused'],
    ['The token’s user', 'the token is not taken'],
  ]);
});

test('times and figures are said with their units', () => {
  expect([null, 0.02, 21.66, 1234.5].map(tookOf)).toEqual(['', 'under 1 ms', '22 ms', '1,235 ms']);
  const say = (value: string | number | boolean | null, unit: string) => evidence({ name: 'free', value, unit }).figure;
  expect([say(55_431, 'bytes'), say(3, '1'), say(12.5, 's'), say(true, ''), say(null, 'd'), say('x', '')]).toEqual([
    '55 kB', '3', '12.5 s', 'yes', 'not known', 'x',
  ]);
});

test('what has to be looked at is apart from what is worth knowing and from what is fine', () => {
  const { wrong, known, fine } = sorted(report);
  expect([wrong.length, known.length, fine.length]).toEqual([1, 1, 2]);
});

test('a report of a mistake has every finding with its figures, what to do, and what was not looked at', () => {
  const text = asText(report, null);
  expect(text).toContain('- **fault** `ha-token-refused`: the token is refused\n  - took 8.12 ms\n  - to do: make another one\n');
  expect(text).toContain('free 57676349440 bytes');
  expect(text).toContain('not looked at: disk: it writes');
  expect(text.match(/^- \*\*/gm)).toHaveLength(report.findings.length);
});

test('what a finding means is told in paragraphs, and of a link that leads nowhere here its words are', () => {
  expect(paragraphs('It is\nlost.\n\nWhat to do: `x`. See [the log](log.md).')).toEqual(['It is lost.', 'What to do: `x`. See the log.']);
});
