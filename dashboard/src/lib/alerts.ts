/** Alerts in a person's words: how bad, whether somebody has seen them, and the figures behind them. */

import type { Alert, AlertCounts, AlertFigure, AlertMute, PastAlert } from '../api';
import { bytes, count } from './figures';
import type { Tone } from './lamps';
import { capital } from './reading';
import { length, timeOfDay } from './time';

/** For how long one can be muted from the page, and as the program reads it. */
export const MUTES: [string, string][] = [
  ['1 hour', '1h'],
  ['8 hours', '8h'],
  ['a day', '1d'],
  ['a week', '7d'],
];

const SEVERITIES: Record<Alert['severity'], Tone> = { warning: 'wait', critical: 'bad' };

export const toneOf = ({ severity }: Pick<Alert, 'severity'>): Tone => SEVERITIES[severity] ?? 'bad';

/** What becomes of it; null where nobody has seen it yet. */
export function fateOf({ state, acknowledged, muted_until }: Alert, now: number): string | null {
  if (state === 'muted' && muted_until !== null) return `muted until ${timeOfDay(muted_until, now)}`;
  return acknowledged === null ? null : `seen at ${timeOfDay(acknowledged, now)}`;
}

/** `2 alerts, 1 critical`: what the bell says. */
export function summary({ active, critical }: AlertCounts): string {
  if (active === 0) return 'no alerts';
  return `${count(active)} ${active === 1 ? 'alert' : 'alerts'}${critical > 0 ? `, ${count(critical)} critical` : ''}`;
}

/** How loud the bell is: not at all where everything was seen. */
export function bellOf({ active, critical, unseen }: AlertCounts): Tone {
  if (active === 0 || unseen === 0) return 'off';
  return critical > 0 ? 'bad' : 'wait';
}

/** As a person reads it: a time in its own units, bytes in theirs. */
export function figureOf({ name, value, unit }: AlertFigure): { name: string; figure: string } {
  const shown = unit === 's' ? length(value) : unit === 'bytes' ? bytes(value) : `${count(value)} ${unit}`;
  return { name: capital(name), figure: shown };
}

/** From when to when it was so. */
export const periodOf = ({ from, to }: PastAlert, now: number): string => `${timeOfDay(from, now)} – ${timeOfDay(to, now)}`;

/** By which of them it is muted: by its own, else by that of its rule. */
export function mutedBy({ id, rule, state }: Alert, mutes: readonly AlertMute[]): string | null {
  if (state !== 'muted') return null;
  return mutes.some(({ what }) => what === id) ? id : rule;
}

/** Whether no alert that is listed shows this mute. */
export const isElsewhere = (what: string, alerts: readonly Alert[]): boolean => alerts.every(({ id }) => id !== what);
