/** The report of an incident: since when, and where it is saved from. */

/** How far back, in hours, as a person says it. */
export const SPANS: [number, string][] = [
  [1, 'the last hour'],
  [2, 'the last 2 hours'],
  [12, 'the last 12 hours'],
  [24, 'the last day'],
  [24 * 7, 'the last week'],
];

/** Relative to the page. `now` in milliseconds. */
export const incidentPath = (hours: number, now: number): string =>
  `report?since=${new Date(now - hours * 3_600_000).toISOString()}`;
