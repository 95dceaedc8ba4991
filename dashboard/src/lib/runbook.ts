/** Where a report is saved from; relative to the page, whatever path it is served under. */
export const reportLink = (name: string): string => `api/v1/reports/${encodeURIComponent(name)}`;
