/** What can be looked at beside the house: one row each, in the order in which a person needs them. */

import { ALERTS, BACKUP, CONFLICTS, CONNECTION, DOCTOR, GAPS, LOGS, REPAIRS, REPORT, RUNBOOK, SETTINGS, SYSTEM, VERIFY } from './route.svelte';

export interface Row {
  name: string;
  /** What is found there, in one line. */
  what: string;
  link: string;
}

export const ROWS: readonly Row[] = [
  { name: 'System', what: 'Goals, events a minute, each part and for how long it was up', link: SYSTEM },
  { name: 'What is wrong?', what: 'Everything that recording depends on, with figures and what to do', link: DOCTOR },
  { name: 'Alerts', what: 'What you should know of, and what was wrong before', link: ALERTS },
  { name: 'Connection', what: 'The way to Home Assistant, step by step, and why it broke', link: CONNECTION },
  { name: 'Gaps', what: 'What was missed, why, and what became of it; fetch the past', link: GAPS },
  { name: 'Fields of another type', what: 'Where a value goes that InfluxDB has as another type', link: CONFLICTS },
  { name: 'Repairs', what: 'What would be mended, how, and the way back', link: REPAIRS },
  { name: 'Runbook', what: 'All that is to be done at night, in order, with a report', link: RUNBOOK },
  { name: 'Verify', what: 'Whether an event gets through, followed to every place', link: VERIFY },
  { name: 'Settings', what: 'What holds and who said so, what another file would change, and what held before', link: SETTINGS },
  { name: 'Backup', what: 'A copy of everything, taken while it is recorded, and rehearsed', link: BACKUP },
  { name: 'Logs', what: 'What the program says of itself, as it comes', link: LOGS },
  { name: 'Report', what: 'An incident told afterwards, to be saved; your notes', link: REPORT },
];
