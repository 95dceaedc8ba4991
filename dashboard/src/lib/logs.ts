/** What the program says of itself, for the page: which lines, how bad, and as a text. */

import type { LogLevel, LogLine } from '../api';
import type { Tone } from './lamps';

/** How bad it is for the data, and what that level means. */
export const LEVELS: [LogLevel, string][] = [
  ['error', 'Lost, or needs a hand'],
  ['warn', 'Late or absent, nothing lost'],
  ['info', 'All that is told'],
  ['debug', 'Also what is for who looks for a mistake'],
];

const TONES: Record<LogLevel, Tone> = { error: 'bad', warn: 'wait', info: 'good', debug: 'off', trace: 'off' };

export const toneOf = (level: LogLevel): Tone => TONES[level] ?? 'bad';

/** Lines that the page keeps. */
export const MOST = 1000;

/** What came, behind what there was: the newest are kept. A program whose numbers begin again is another one. */
export const joined = (before: LogLine[], came: LogLine[]): LogLine[] => {
  const first = came[0];
  const last = before.at(-1);
  const kept = first && last && first.seq <= last.seq ? [] : before;
  return [...kept, ...came].slice(-MOST);
};

/** `file=a.parquet rows=3`. */
export const fieldsOf = (line: LogLine): string =>
  Object.entries(line.fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

/** Those that have the text somewhere, whatever the case. */
export function withText(lines: LogLine[], text: string): LogLine[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return lines;
  return lines.filter((line) => `${line.part} ${line.message} ${fieldsOf(line)}`.toLowerCase().includes(wanted));
}

/** As the command prints them; secrets were masked before anything was kept. */
export const asText = (lines: LogLine[]): string =>
  lines.map((line) => `${line.at}  ${line.level.toUpperCase().padEnd(5)}  ${line.part}  ${line.message}  ${fieldsOf(line)}`.trimEnd()).join('\n');
