/** The report of an incident: since when, and where it is saved from. */

/** How far back, in hours, as a person says it. */
export const SPANS: [number, string][] = [
  [1, 'the last hour'],
  [2, 'the last 2 hours'],
  [12, 'the last 12 hours'],
  [24, 'the last day'],
  [24 * 7, 'the last week'],
];

/** Its first instant, ISO 8601. `now` in milliseconds. */
export const incidentSince = (hours: number, now: number): string => new Date(now - hours * 3_600_000).toISOString();

/** Relative to the page. */
export const incidentPath = (hours: number, now: number): string => `report?since=${incidentSince(hours, now)}`;
