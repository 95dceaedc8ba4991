/** What was found, in a person's words and order. */

import type { Evidence, DoctorFinding, DoctorReport, Severity, Status } from '../api';
import { bytes, count, rounded, withUnit } from './figures';
import type { Tone } from './lamps';
import { capital } from './reading';

const SEVERITIES: Record<Severity, [Tone, string]> = {
  fault: ['bad', 'fault'],
  warning: ['wait', 'warning'],
  note: ['off', 'to know'],
  ok: ['good', 'fine'],
};

export const severityOf = ({ severity }: Pick<DoctorFinding, 'severity'>): [Tone, string] => SEVERITIES[severity] ?? ['off', severity];

/** The steps of the way to Home Assistant: each needs the ones before. */
const WAY: Record<string, string> = {
  'ha-dns': 'Name',
  'ha-tcp': 'Port',
  'ha-tls': 'Encryption',
  'ha-http': 'HTTP',
  'ha-websocket': 'WebSocket',
  'ha-token': 'Token',
  'ha-rights': 'The token’s user',
  'ha-version': 'Version',
  'ha-clock': 'Clocks',
  'ha-recorder': 'Its history',
  'ha-frame': 'Largest answer',
};

export interface WayStep {
  name: string;
  found: DoctorFinding[];
  /** Why it was not looked at. */
  skipped: string | null;
}

/** In its order; a step of which nothing is known is not there. */
export function way({ findings, skipped }: DoctorReport): WayStep[] {
  return Object.entries(WAY)
    .map(([check, name]) => ({
      name,
      found: findings.filter((one) => one.check === check),
      skipped: skipped.find((one) => one.check === check)?.why ?? null,
    }))
    .filter(({ found, skipped }) => found.length > 0 || skipped !== null);
}

/** `8 ms`; nothing where the time says nothing. */
export const tookOf = (ms: number | null): string => (ms === null ? '' : ms < 1 ? 'under 1 ms' : `${count(Math.round(ms))} ms`);

export function evidence({ name, value, unit }: Evidence): { name: string; figure: string } {
  return { name: capital(name), figure: figureOf(value, unit) };
}

/** All of it on one line. */
export const inOneLine = (all: readonly Evidence[]): string =>
  all.map(evidence).map(({ name, figure }) => `${name}: ${figure}`).join(' · ');

function figureOf(value: Evidence['value'], unit: string): string {
  if (value === null) return 'not known';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  if (unit === 'bytes') return bytes(value);
  return withUnit(rounded(value), unit === '1' ? null : unit);
}

/** The paragraphs of a piece of Markdown, each on one line; of a link into the documents, which are not here, its words. */
export const paragraphs = (markdown: string): string[] =>
  markdown.split(/\n{2,}/).map((text) => text.replace(/\s+/g, ' ').replace(/\[([^\]]+)\]\([^)]+\)/g, '$1'));

/** What a person has to look at, and what is as it should be. */
export function sorted({ findings }: DoctorReport): { wrong: DoctorFinding[]; known: DoctorFinding[]; fine: DoctorFinding[] } {
  const of = (...severities: Severity[]) => findings.filter(({ severity }) => severities.includes(severity));
  return { wrong: of('fault', 'warning'), known: of('note'), fine: of('ok') };
}

/** All of it as text, for a report of a mistake: Markdown, the worst first. */
export function asText(report: DoctorReport, status: Pick<Status, 'home_assistant' | 'verdict'> | null): string {
  const { counts } = report;
  const line = (one: DoctorFinding) => {
    const figures = one.evidence.map(({ name, value, unit }) => `${name} ${value ?? 'not known'}${unit && unit !== '1' ? ` ${unit}` : ''}`);
    return [
      `- **${one.severity}** \`${one.id}\`${one.about ? ` (${one.about})` : ''}: ${one.says}`,
      ...(figures.length > 0 ? [`  - ${figures.join('; ')}`] : []),
      ...(one.took_ms === null ? [] : [`  - took ${one.took_ms} ms`]),
      ...(one.remedy ? [`  - to do: ${one.remedy}`] : []),
    ];
  };
  return [
    `Hearthline ${report.version}, Home Assistant ${status?.home_assistant.version ?? 'not known'}, ${report.at}`,
    ...(status ? ['', `> ${status.verdict}`] : []),
    '',
    `${counts.fault} fault, ${counts.warning} warning, ${counts.note} to know, ${counts.ok} fine`,
    '',
    ...report.findings.flatMap(line),
    ...report.skipped.map(({ check, why }) => `- not looked at: ${check}: ${why}`),
    '',
  ].join('\n');
}
