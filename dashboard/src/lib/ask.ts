import type {
  Alert,
  AlertMute,
  Alerts,
  Backfill,
  Conflicts,
  ConflictsReset,
  Entities,
  Entity,
  EntityChange,
  EntityChanges,
  Fault,
  FaultList,
  Findings,
  Gaps,
  History,
  KeptSettings,
  LeftOutEntities,
  LogLevel,
  LogLines,
  Note,
  NoteList,
  MaintenanceView,
  Notify,
  NotifyTested,
  Observation,
  Observations,
  Plan,
  Quarantine,
  Rate,
  Events,
  Refusal,
  Reloaded,
  RepairBegun,
  RepairOptions,
  Repairs,
  DoctorReport,
  ReportList,
  ReportSendRequest,
  Retention,
  Retried,
  Runbook,
  RunbookRun,
  SeenRepair,
  Session,
  SettingsChecked,
  SettingsInForce,
  SettledList,
  Setup,
  SetupBegun,
  SetupRequest,
  SinkReport,
  Status,
  BackupBegun,
  Backups,
  Talkers,
  Verifications,
  VerifyBegun,
} from '../api';
import { incidentPath, incidentSince } from './incident';

/** A request that was answered with a refusal, in the program's words. */
export class Refused extends Error {}

/** Only who shows the program's token may ask this. */
export class NeedsToken extends Refused {}

/** An answer and the program's own time of day, in milliseconds, where the answer carries it. */
export interface Answer<T> {
  body: T;
  time: number | null;
}

const PATIENCE_MS = 10_000;
/** How far back the last states of one entity are looked for: a quiet door may have had none for weeks. */
const LONG_AGO_MS = 90 * 86_400_000;

/** Relative to the page, whatever path it is served under. */
async function ask<T>(path: string, method = 'GET', document?: unknown, patience = PATIENCE_MS): Promise<Answer<T>> {
  const headers: Record<string, string> = document === undefined ? {} : { 'content-type': 'application/json' };
  const body = document === undefined ? null : JSON.stringify(document);
  const signal = AbortSignal.timeout(patience);
  const response = await fetch(`api/v1/${path}`, { method, headers, body, cache: 'no-store', signal });
  if (response.status === 401) throw new NeedsToken(await refusal(response));
  if (!response.ok) throw new Refused(await refusal(response));
  const date = Date.parse(response.headers.get('date') ?? '');
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const answered: unknown = response.status === 204 ? null : isJson ? await response.json() : await response.text();
  return { body: answered as T, time: Number.isNaN(date) ? null : date };
}

async function refusal(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as Refusal;
    return `${error.what}: ${error.why}; ${error.do}`;
  } catch {
    return `answer ${response.status}`; // from something between the page and the program
  }
}

/** Who the program takes this browser for. */
export const askSession = async () => (await ask<Session>('session')).body;
/** Shows the token once; the program knows this browser from then on, by a cookie. */
export const signIn = async (token: string) => (await ask<Session>('session', 'POST', { token })).body;
export const signOut = async () => void (await ask<null>('session', 'DELETE'));

/** What is missing or wrong, while nothing is recorded. */
export const askSetup = async () => (await ask<Setup>('setup')).body;
/** Its steps have limits of their own, two minutes together. */
const ON_THE_WAY_MS = 150_000;
/** Goes the way to Home Assistant. */
export const testSetup = async (request: SetupRequest) => (await ask<DoctorReport>('setup/test', 'POST', request, ON_THE_WAY_MS)).body;
/** Writes down what was tested; recording begins. */
export const beginSetup = async (request: SetupRequest) => (await ask<SetupBegun>('setup', 'POST', request)).body;

export const askStatus = () => ask<Status>('status');
export const askEntities = () => ask<Entities>('entities');

/** The newest states: of one entity, else of all in the last hour. */
export async function askEvents(limit: number, entity?: string): Promise<Events> {
  const from = new Date(Date.now() - LONG_AGO_MS).toISOString();
  const only = entity === undefined ? '' : `&entity=${encodeURIComponent(entity)}&from=${from}`;
  return (await ask<Events>(`events?type=state_changed&limit=${limit}${only}`)).body;
}

/** A year of a sensor that never rests, from a slow disk. */
const READING_MS = 60_000;

const TALKERS = 200;

/** Who said most in the last hour. */
export const askTalkers = async () => (await ask<Talkers>(`entities/talkers?limit=${TALKERS}`)).body;
/** What the settings leave out. */
export const askLeftOut = async () => (await ask<LeftOutEntities>('entities/left_out')).body.entities;

/** `bucket` in seconds, and one without a reading has what holds; without it the states themselves. Times in milliseconds. */
export async function askHistory(entity: string, from: number, to: number, bucket: number | null): Promise<History> {
  const period = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
  const what = bucket === null ? 'limit=10000' : `bucket=${bucket}s&fill=previous`;
  const path = `entities/${encodeURIComponent(entity)}/history?${period}&${what}`;
  return (await ask<History>(path, 'GET', undefined, READING_MS)).body;
}

/** The number that held at an instant, in milliseconds; null where none is known. */
export async function askHeld(entity: string, at: number): Promise<number | null> {
  const { buckets = [] } = await askHistory(entity, at - 1000, at, 1);
  return buckets.at(-1)?.last ?? null;
}

/** By a name that it has or had. */
export const askEntity = async (entity: string) => (await ask<Entity>(`entities/${encodeURIComponent(entity)}`)).body;

/** What has become different since an instant: of one entity, else of all. Milliseconds. */
export async function askChanges(from: number, limit: number, entity?: string): Promise<EntityChange[]> {
  const only = entity === undefined ? '' : `&entity=${encodeURIComponent(entity)}`;
  return (await ask<EntityChanges>(`entities/changes?from=${new Date(from).toISOString()}&limit=${limit}${only}`)).body.changes;
}

/** Means of each `every` seconds; without it each observation. Times in milliseconds. */
export async function askWeather(from: number, to: number, every: number | null): Promise<Observation[]> {
  const period = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
  const which = every === null ? 'limit=5000' : `every=${every}s`;
  return (await ask<Observations>(`weather?${period}&${which}`)).body.observations;
}

/** What can be made to go wrong in a simulated house. */
export const askFaults = async () => (await ask<FaultList>('demo/faults')).body;
export const causeFault = async (name: string) => (await ask<Fault>(`demo/faults/${name}`, 'POST')).body;

/** Every gap that is remembered one by one. */
export const askGaps = async () => (await ask<Gaps>('gaps')).body;
/** Has Home Assistant's history asked once more for what was missed in one gap. */
export const retryGap = async (gap: number) => (await ask<Retried>(`gaps/retry?gap=${gap}`, 'POST')).body;
/** Has the states since an instant fetched that Home Assistant's history still has. */
export const fetchPast = async (from: string) =>
  (await ask<Backfill>(`backfill?from=${encodeURIComponent(from)}`, 'POST')).body;

/** The newest of what could not be understood. */
export const askQuarantine = async (limit: number) => (await ask<Quarantine>(`quarantine?limit=${limit}`)).body;
/** Has it read once more, as this release reads. */
export const readAgain = async (seq: number) => (await ask<SettledList>(`quarantine/retry?seqs=${seq}`, 'POST')).body;
export const dropAside = async (seq: number) => (await ask<SettledList>(`quarantine/drop?seqs=${seq}`, 'POST')).body;

export const askRetention = async () => (await ask<Retention>('retention')).body;

/** One place that the log is delivered to, with what is known of its server. */
export const askSink = async (name: string) => (await ask<SinkReport>(`sinks/${encodeURIComponent(name)}`)).body;
/** Fields that have another type at some place, of all places. */
export const askConflicts = async () => (await ask<Conflicts>('conflicts')).body;
/** Has it forget what it knows of its server's fields and read them again. */
export const readFieldsAgain = async (name: string) =>
  (await ask<ConflictsReset>(`conflicts/reset?sink=${encodeURIComponent(name)}`, 'POST')).body;

export const askAlerts = async () => (await ask<Alerts>('alerts')).body;
/** A person has seen it. */
export const acknowledgeAlert = async (id: string) =>
  (await ask<Alert>(`alerts/${encodeURIComponent(id)}/acknowledge`, 'POST')).body;
/** For a time as the program reads it: `2h`. */
export const muteAlert = async (what: string, time: string) =>
  (await ask<AlertMute>(`alerts/${encodeURIComponent(what)}/mute`, 'POST', { for: time })).body;
export const unmuteAlert = async (what: string) =>
  (await ask<{ what: string }>(`alerts/${encodeURIComponent(what)}/unmute`, 'POST')).body;
export const askMaintenance = async () => (await ask<MaintenanceView>('maintenance')).body;
/** For a time as the program reads it: `30m`. */
export const beginMaintenance = async (time: string, why: string) =>
  (await ask<MaintenanceView>('maintenance', 'POST', { for: time, why: why === '' ? null : why })).body;
export const endMaintenance = async () => (await ask<MaintenanceView>('maintenance/end', 'POST')).body;
export const askNotify = async () => (await ask<Notify>('notify')).body;
/** Sends a message to all places. */
export const testNotify = async () => (await ask<NotifyTested>('notify/test', 'POST', {})).body;
/** How many states came in each `every` seconds. Times in milliseconds. */
export const askRate = async (from: number, to: number, every: number) =>
  (await ask<Rate>(`rate?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&every=${every}s`)).body;

/** All checks run beside each other, each within a time of its own. */
const LOOKING_MS = 60_000;
/** Looks at everything that recording depends on. */
export const askReport = async () => (await ask<DoctorReport>('doctor', 'GET', undefined, LOOKING_MS)).body;

/** Where an entity's rows can be had as one file: everything that is recorded of it. */
export const exportOf = (entity: string, format: 'csv' | 'parquet') =>
  `api/v1/export?format=${format}&entities=${encodeURIComponent(entity)}`;
/** The Parquet files of the archive, each with its path on the program's machine. */
export const askFiles = async () => (await ask<string[]>('export?files=true')).body;

/** To count rows at a server takes its time. */
const PLANNING_MS = 120_000;

export const askRepairs = async () => (await ask<Repairs>('repairs')).body;
export const askFindings = async () => (await ask<Findings>('repairs/findings', 'GET', undefined, PLANNING_MS)).body.findings;
export const askRepair = async (id: string) => (await ask<SeenRepair>(`repairs/${encodeURIComponent(id)}`)).body;
/** What a repair would do; nothing is changed by it. */
export const planRepair = async (repair: string, options: RepairOptions) =>
  (await ask<Plan>('repairs/plan', 'POST', { repair, options }, PLANNING_MS)).body;
export const beginRepair = async (repair: string, options: RepairOptions, confirm: string | null) =>
  (await ask<RepairBegun>('repairs', 'POST', { repair, options, ...(confirm === null ? {} : { confirm }) }, PLANNING_MS)).body;
export const undoRepair = async (id: string) => (await ask<RepairBegun>(`repairs/${encodeURIComponent(id)}/undo`, 'POST')).body;
export const resumeRepair = async (id: string) =>
  (await ask<RepairBegun>(`repairs/${encodeURIComponent(id)}/resume`, 'POST')).body;

/** The lines of this moment, with the run that is under way or the last one. */
export const askRunbook = async (seconds: number) =>
  (await ask<Runbook>(`runbook?monitor_s=${seconds}`, 'GET', undefined, PLANNING_MS)).body;
export const askRun = async (id: string) => (await ask<RunbookRun>(`runbook/${encodeURIComponent(id)}`)).body;
export const beginRunbook = async (seconds: number) =>
  (await ask<RepairBegun>('runbook', 'POST', { monitor_s: seconds }, PLANNING_MS)).body;
export const undoRun = async (id: string) => (await ask<RepairBegun>(`runbook/${encodeURIComponent(id)}/undo`, 'POST')).body;
export const resumeRun = async (id: string) => (await ask<RepairBegun>(`runbook/${encodeURIComponent(id)}/resume`, 'POST')).body;
export const askBackups = async () => (await ask<Backups>('backups')).body;
export const beginBackup = async () => (await ask<BackupBegun>('backups', 'POST')).body;
/** Puts one into a folder of its own and compares it. */
export const rehearseBackup = async (name: string) =>
  (await ask<BackupBegun>(`backups/${encodeURIComponent(name)}/rehearse`, 'POST')).body;
export const askReports = async () => (await ask<ReportList>('reports')).body.reports;
export const askVerify = async () => (await ask<Verifications>('verify')).body;
/** Follows so many rounds of a state to every place. */
export const beginVerify = async (rounds: number) => (await ask<VerifyBegun>('verify', 'POST', { rounds })).body;

export const askSettings = async () => (await ask<SettingsInForce>('settings')).body;
/** Under which all was well for a minute. */
export const askKept = async () => (await ask<KeptSettings>('settings/kept')).body.kept;
/** A part that is started anew ends in order first. */
const RELOADING_MS = 60_000;
/** Has the file read again, and taken up what can be. */
export const reloadSettings = async () => (await ask<Reloaded>('reload', 'POST', undefined, RELOADING_MS)).body;
/** What this would change as the text of the file; null is the file as it is. */
export const checkSettings = async (toml: string | null) =>
  (await ask<SettingsChecked>('settings/check', 'POST', { toml }, RELOADING_MS)).body;
/** How long the program keeps the question for what comes next. */
const FOLLOWED_S = 20;
/** The newest lines of the kind; with `after`, what comes behind that number, as soon as there is something. */
export async function askLogs(part: string, level: LogLevel, after: number | null): Promise<LogLines> {
  const which = `level=${level}${part === '' ? '' : `&part=${encodeURIComponent(part)}`}`;
  const next = after === null ? 'tail=300' : `tail=1000&after=${after}&wait=${FOLLOWED_S}s`;
  return (await ask<LogLines>(`logs?${which}&${next}`, 'GET', undefined, (FOLLOWED_S + 10) * 1000)).body;
}

export const askNotes = async () => (await ask<NoteList>('notes')).body.notes;
export const addNote = async (text: string) => (await ask<Note>('notes', 'POST', { text })).body;
/** The report of so many hours before an instant, as Markdown. */
export const askIncident = async (hours: number, at: number) => (await ask<string>(incidentPath(hours, at), 'GET', undefined, LOOKING_MS)).body;
/** Tells all places in short what that report says. */
export const sendIncident = async (hours: number, at: number) => {
  const request: ReportSendRequest = { since: incidentSince(hours, at) };
  return (await ask<NotifyTested>('report/send', 'POST', request, LOOKING_MS)).body;
};
