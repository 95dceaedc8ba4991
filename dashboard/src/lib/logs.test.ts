import { expect, test } from 'vitest';
import type { LogLine } from '../api';
import { MOST, asText, joined, withText } from './logs';

const line = (seq: number, message = 'x', fields: Record<string, string> = {}): LogLine => ({
  seq,
  at: '2026-11-26T22:00:00.000000Z',
  level: 'warn',
  part: 'influxdb',
  message,
  fields,
});

test('what comes is put behind what there was, and the newest are kept', () => {
  expect(joined([line(1)], [line(2), line(3)]).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(joined([line(1)], [])).toEqual([line(1)]);
  const many = joined([line(0)], Array.from({ length: MOST }, (_, n) => line(n + 1)));
  expect([many.length, many[0]?.seq]).toEqual([MOST, 1]);
});

test('a program whose numbers begin again is another one', () => {
  expect(joined([line(7), line(8)], [line(1)])).toEqual([line(1)]);
});

test('a text is looked for in all that a line says', () => {
  const lines = [line(1, 'No answer'), line(2, 'y', { file: 'a.parquet' })];
  expect(withText(lines, ' no ANSWER ').map(({ seq }) => seq)).toEqual([1]);
  expect(withText(lines, 'a.parquet').map(({ seq }) => seq)).toEqual([2]);
  expect(withText(lines, 'influxdb')).toEqual(lines);
  expect(withText(lines, ' ')).toEqual(lines);
});

test('as a text a line is one line', () => {
  const text = '2026-11-26T22:00:00.000000Z  WARN   influxdb  x';
  expect(asText([line(1), line(2, 'x', { rows: '3' })])).toBe(`${text}\n${text}  rows=3`);
});
