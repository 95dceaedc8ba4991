/** A house where all is well, for tests. */

import type { Sink, Status, Weather } from '../api';

export const OFF: Weather = { provider: 'off', state: 'off', calls: 0, cache_hits: 0, age_s: null };

export const aSink = (more: Partial<Sink> = {}): Sink => ({
  name: 'store',
  kind: 'parquet',
  state: 'healthy',
  delivered: 900,
  filtered: 0,
  collapsed: 0,
  quarantined: 0,
  pending: 0,
  lag_s: 0,
  write_errors: 0,
  last_error: null,
  ...more,
});

export function aStatus(more: Partial<Status> = {}): Status {
  const since = '2026-11-24T12:00:00.000000Z';
  return {
    version: '0.1.0',
    overall: 'healthy',
    verdict: 'Recording.',
    uptime_s: 60,
    uptime_since: since,
    home_assistant: {
      state: 'connected',
      since,
      version: null,
      attempts: 1,
      connects: 1,
      last_event_age_s: 3.2,
      location_name: null,
      ping_s: null,
      reason: null,
      last_error: null,
    },
    events: { received: 0, filtered: 0, duplicate: 0, logged: 0, unlogged: 0, quarantined: 0, per_minute: null },
    log: { first_seq: 1, last_seq: 9, bytes: 2000, synced_seq: 9 },
    sinks: [aSink()],
    parts: [
      {
        name: 'log',
        state: 'healthy',
        since,
        reason: null,
        uptime: 1,
        uptime_24h: 1,
        uptime_7d: 1,
        uptime_30d: 1,
        meaning: null,
        todo: null,
        restarts: 0,
        last_restart: null,
      },
    ],
    weather: OFF,
    gaps: { open: 0, filled: 0, partly: 0, lost: 0, recent: [] },
    kept: { since: null, recovered: 0, requested: 0, interruptions: [], sentence: null },
    criteria: [],
    ...more,
  };
}
