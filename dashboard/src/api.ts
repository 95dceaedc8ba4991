/**
 * The documents of the HTTP API, written from its OpenAPI document; not to be edited.
 * Anew: `INSTA_UPDATE=always cargo test -p hearthline-api typescript`.
 */

export interface Alert {
  /** when somebody said that it was seen */
  acknowledged: string | null;
  evidence: AlertFigure[];
  /** the rule, with whom it is about: sink_behind:influxdb */
  id: string;
  /** where the page shows more of it, relative to the page */
  link: string;
  muted_until: string | null;
  rule: AlertRule;
  /** one sentence */
  says: string;
  severity: AlertSeverity;
  since: Time;
  state: 'active' | 'acknowledged' | 'muted';
  /** a sink, a gap, a device or an entity */
  subject: string | null;
  title: string;
  /** what a person can do */
  todo: string;
}

export interface AlertCounts {
  /** what is wrong and not muted */
  active: number;
  /** of these, the critical ones */
  critical: number;
  /** what is wrong and muted */
  muted: number;
  /** of these, the ones that nobody has acknowledged */
  unseen: number;
}

export interface AlertFigure {
  name: string;
  /** s, d, bytes, events, entities */
  unit: string;
  value: number;
}

export interface AlertMute {
  until: Time;
  /** a rule, or the id of an alert */
  what: string;
}

export type AlertRule = 'no_events' | 'sink_behind' | 'refused' | 'gap_lost' | 'disk' | 'silent' | 'canary' | 'backup';

/** warning: nothing is being lost. critical: data is being lost, was or is about to be, or nothing goes on without a person */
export type AlertSeverity = 'warning' | 'critical';

export interface Alerts {
  /** critical ones first, then by age, the newest first; muted ones last */
  active: Alert[];
  /** the newest first */
  history: PastAlert[];
  /** also of what is not wrong now */
  muted: AlertMute[];
  /** why nothing is known of an earlier run */
  note: string | null;
  /** that are switched on */
  rules: AlertRule[];
}

/** as Home Assistant sent them */
export type Attributes = Record<string, unknown>;

/** what has to stand beside the data */
export interface Attribution {
  text: string;
  url: string;
}

export interface Backfill {
  /** the gap that stands for the question */
  gap: number;
}

export interface Backup {
  /** the moment that it is of */
  at: Time;
  by: 'person' | 'schedule';
  /** what putting it back takes */
  bytes: number;
  /** everything up to this log record is in files of the store */
  committed: number;
  /** what could not be read, or was not what was once written */
  damaged: {
    path: string;
    why: string;
  }[];
  files: number;
  /** what a person has to bring along when it is put back */
  left_out: {
    do: string;
    what: string;
    why: string;
  }[];
  log: {
    /** places that could not be read when it was taken */
    damaged: number;
    /** among them */
    events: number;
    /** since the log's very beginning */
    events_total: number;
    /** the oldest record; 0 if there is none */
    first: number;
    /** the newest record */
    last: number;
    segments: number;
  };
  name: string;
  /** what this one took on the disk */
  new_bytes: number;
  /** that no backup before it had */
  new_files: number;
  rehearsed: Rehearsed | null;
  /** in files of the store */
  rows: number;
  took_ms: number;
}

export interface BackupBegun {
  /** as in `running` and `ended` of the list */
  id: string;
}

export type BackupKind = 'backup' | 'rehearsal';

export interface BackupRequest {
  /** a folder of this machine, from / on, in place of that of the settings */
  to?: string;
}

export interface Backups {
  /** the newest first */
  backups: Backup[];
  /** where they lie */
  dir: string;
  ended: {
    at: Time;
    backup: Backup | null;
    /** why it was not done */
    failed: string | null;
    id: string;
    kind: BackupKind;
    rehearsed: Rehearsed | null;
  } | null;
  /** between two that the program takes by itself; null is never */
  every_s: number | null;
  /** how many are kept; null is all */
  keep: number | null;
  /** when the next is due that the program takes by itself */
  next: string | null;
  running: {
    at: Time;
    bytes: number;
    /** that were looked at */
    files: number;
    id: string;
    kind: BackupKind;
  } | null;
  /** why it is not known what there is */
  trouble: string | null;
  unreadable: {
    name: string;
    why: string;
  }[];
}

export interface Bucket {
  count: number;
  last: number | null;
  max: number | null;
  /** of the readings, each counted once */
  mean: number | null;
  min: number | null;
  start: Time;
}

export interface Budget {
  limit: number;
  used: number;
}

/** `event: state` of the live stream */
export interface Change {
  /** the area that the entity is in */
  area: string | null;
  attributes: Attributes | null;
  entity_id: string;
  origin: Origin;
  restored: boolean;
  /** null is a removal */
  state: string | null;
  ts: Time;
  unit: string | null;
  value: number | null;
}

export interface CheckRequest {
  /** what would be in the settings file; null is the file as it is */
  toml?: string | null;
}

export interface Conflict {
  /** the name that is taken */
  field: string;
  /** the field that has our values */
  goes_to: string;
  measurement: string;
  ours: FieldType;
  /** delivered so */
  rows: number;
  /** several where it changed between two shards */
  server: FieldType[];
  since: Time;
  sink: string;
}

export interface Conflicts {
  conflicts: Conflict[];
  left_out: LeftOut[];
  unread: Unread[];
}

export interface ConflictsReset {
  sinks: string[];
}

/** received = filtered + duplicate + logged + unlogged, since the data folder was made */
export interface Counted {
  /** held already */
  duplicate: number;
  /** left out by the settings */
  filtered: number;
  logged: number;
  /** received in the last full minute; null in the first */
  per_minute: number | null;
  /** could not be understood; kept with their bytes */
  quarantined: number;
  received: number;
  /** what the equations leave over; 0 at all times */
  unaccounted: number;
  /** not taken by the log; each lies in a gap */
  unlogged: number;
}

export interface Criteria {
  criteria: Criterion[];
  /** every criterion holds; null when of some that is not known, and all others hold */
  met: boolean | null;
  overall: Overall;
}

export interface Criterion {
  id: string;
  label: string;
  /** null when that is not known */
  met: boolean | null;
  note: string | null;
  target: number;
  unit: string;
  value: number | null;
  window_s: number;
}

export interface DiskFull {
  /** about when */
  at: Time;
  /** seconds until then, in whole days; 0 where there is no room for another day */
  left_s: number;
}

export interface DoctorFinding {
  /** the sink or the part, where there are several */
  about: string | null;
  check: string;
  evidence: Evidence[];
  /** what it means and what to do: Markdown */
  explained: string;
  /** stays the same in each release; explained in docs/operations/doctor.md */
  id: string;
  /** a command or a setting */
  remedy: string | null;
  /** as in POST /api/v1/repairs/plan */
  repair: string | null;
  says: string;
  /** where that stands in the documents */
  see: string;
  severity: Severity;
  took_ms: number | null;
}

export interface DoctorReport {
  /** ISO 8601 UTC */
  at: string;
  counts: {
    fault: number;
    note: number;
    ok: number;
    warning: number;
  };
  /** look writes nowhere; try writes a small file and a point into each sink, and removes both; full also reads everything that is stored */
  depth: 'look' | 'try' | 'full';
  /** the worst first */
  findings: DoctorFinding[];
  /** the program runs */
  running: boolean;
  skipped: {
    check: string;
    why: string;
  }[];
  took_ms: number;
  verdict: string;
  version: string;
  worst: Severity;
}

export interface Done {
  /** figures */
  data: unknown;
  says: string;
}

export interface Entities {
  entities: Entity[];
}

export interface Entity {
  area: string | null;
  area_id: string | null;
  device: string | null;
  device_id: string | null;
  /** as Home Assistant writes it now, or wrote it last */
  entity_id: string;
  floor: string | null;
  integration: string | null;
  /** whether the settings keep it */
  kept: boolean;
  /** the name that stays: the registry's id, else the entity id */
  key: string;
  /** their names */
  labels: string[];
  latest: State | null;
  manufacturer: string | null;
  model: string | null;
  /** as people call it */
  name: string | null;
  /** under which it was recorded, the oldest first */
  names: NameSpan[];
  /** the rule that decided */
  rule: string | null;
  silent: EntitySilent | null;
}

export interface EntityChange {
  area: string | null;
  at: Time;
  /** from then on, as name and area */
  entity_id: string;
  /** as it was */
  from: string | null;
  key: string;
  name: string | null;
  /** as it is */
  to: string | null;
  what: 'new' | 'renamed' | 'removed' | 'unit' | 'device_class' | 'area' | 'device' | 'name' | 'labels' | 'other';
}

export interface EntityChanges {
  changes: EntityChange[];
  /** the limit left out older ones */
  more: boolean;
}

/** It says nothing though it usually does */
export interface EntitySilent {
  since: Time;
  /** how many seconds usually pass between two reports */
  usual_s: number;
}

export interface Errors {
  quarantined: number;
  unlogged: number;
  write_errors: number;
}

export interface Event {
  data: Json;
  /** of a state; else what the data name */
  entity_id: string | null;
  /** state_changed of a state */
  event_type: string;
  /** of a state: when the text last changed */
  last_changed?: string;
  origin: Origin;
  /** of a state that came as it happened: from the event to its arrival here */
  received_delay_ms?: number;
  restored: boolean;
  state: string | null;
  ts: Time;
  unit: string | null;
  value: number | null;
  /** when the weather was observed */
  weather_at?: string;
  /** that was long before */
  weather_stale?: boolean;
  /** °C, outdoors at the time of a state */
  weather_temperature?: number;
}

export interface Events {
  /** newest first */
  events: Event[];
  from: Time;
  /** the limit left out older ones */
  more: boolean;
  to: Time;
}

export interface Evidence {
  name: string;
  /** 1 for a count, empty for a word */
  unit: string;
  /** a figure, a word or a list of them; null where it is not known */
  value: unknown;
}

export interface Fault {
  name: string;
  /** what happens, in words */
  says: string;
}

export interface FaultList {
  faults: Fault[];
  naive?: Naive;
}

export type FieldType = 'float' | 'integer' | 'unsigned' | 'text' | 'bool';

export interface FilterPreview {
  /** the first hundred */
  comes_in: string[];
  comes_in_count: number;
  /** of which Home Assistant has a state */
  entities: number;
  /** the first hundred */
  goes_out: string[];
  goes_out_count: number;
  /** of these, so many are recorded now */
  recorded: number;
  says: string;
  /** so many would be */
  would_be: number;
}

export interface Finding {
  /** what it is asked with */
  options: RepairOptions | null;
  plan: Plan | null;
  repair: string;
  /** why it is not known whether something is wrong */
  unknown: string | null;
}

export interface Findings {
  findings: Finding[];
}

export interface Flushed {
  /** the last log record that is in files */
  committed_seq: number;
}

export interface Gap {
  cause: string;
  /** empty means all */
  entities: string[];
  from: Time;
  id: number;
  /** the cause as one word */
  kind: 'disconnected' | 'stopped' | 'not_running' | 'queue_full' | 'log_refused' | 'chain_broken' | 'restarted' | 'power_cut' | 'compared' | 'damaged' | 'requested';
  /** entities that changed in it and that history does not have: states of them may be lost */
  not_kept: string[];
  /** why something could not be had */
  note: string | null;
  /** states that were had afterwards */
  recovered: number;
  state: 'open' | 'filled' | 'partly' | 'lost';
  /** while it is being filled: history was asked for up to here */
  through: Time | null;
  to: Time | null;
  /** how often history was asked for all of it */
  tries: number;
  /** of the recovered states, those whose attributes Home Assistant did not keep */
  without_attributes: number;
}

export interface Gaps {
  filled: number;
  lost: number;
  open: number;
  partly: number;
  /** newest first */
  recent: Gap[];
}

export interface Health {
  overall: Overall;
  verdict: string;
}

/** Either states or buckets is there, the oldest first */
export interface History {
  buckets?: Bucket[];
  /** what it is called now, or was called last */
  entity_id: string;
  from: Time;
  /** the name that stays */
  key: string;
  /** the limit left something out at the end */
  more: boolean;
  names: NameSpan[];
  states?: State[];
  to: Time;
}

export interface HomeAssistant {
  /** connection attempts since the program started */
  attempts: number;
  /** of these, those that came as far as a subscription */
  connects: number;
  /** why the last attempt failed or the last connection ended */
  last_error: string | null;
  last_event_age_s: number | null;
  location_name: string | null;
  /** what the last answered ping took */
  ping_s: number | null;
  /** why it is not connected, and what to do */
  reason: string | null;
  since: Time;
  state: 'connected' | 'connecting' | 'waiting' | 'disconnected' | 'parked';
  version: string | null;
}

export interface Interruption {
  count: number;
  /** as of a gap */
  kind: string;
  /** both in words */
  words: string;
}

/** JSON as Home Assistant sent it; null where it is not known */
export type Json = unknown;

export interface Kept {
  interruptions: Interruption[];
  /** states that were had after a gap */
  recovered: number;
  /** states from before the first connection that a person asked for */
  requested: number;
  /** all of it, for a person */
  sentence: string | null;
  /** the first connection; null before it */
  since: Time | null;
}

export interface KeptSet {
  file: string | null;
  /** when all had been well for a minute */
  healthy: string;
  /** never given twice */
  number: number;
  settings: KeptSetting[];
  /** since when they held */
  since: string;
  /** the release that they held under */
  version: string;
}

export interface KeptSetting {
  name: string;
  /** null is the default */
  origin: string | null;
  secret: boolean;
  /** null where there was none, and of a secret */
  value: unknown;
}

export interface KeptSettings {
  /** the newest first */
  kept: KeptSet[];
}

export interface KnownSetting {
  origin: string;
  /** Null where it is a secret */
  value: string | null;
}

/** a field that rows were written without, since the program started */
export interface LeftOut {
  field: string;
  reason: string;
  rows: number;
  sink: string;
}

/** what the settings leave out, sorted by id; known while the program runs */
export interface LeftOutEntities {
  entities: LeftOutEntity[];
}

export interface LeftOutEntity {
  entity_id: string;
  /** changes that were left out since the program started */
  events: number;
  /** when the last of them came */
  last: Time | null;
  /** of `filter.exclude`; null where `filter.include` names others only */
  rule: string | null;
}

export interface Leg {
  /** from the setting of the state to here; of the files from when they were asked for */
  ms: number | null;
  outcome: VerifyOutcome;
  part: string;
  says: string;
  step: VerifyStep;
  todo: string | null;
}

export interface Log {
  /** on disk */
  bytes: number;
  first_seq: number;
  last_seq: number;
  /** the newest record that survives a power cut */
  synced_seq: number;
}

/** error: something is lost, or needs a hand; warn: late or absent, and nothing is lost */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  at: string;
  /** what belongs to it, by name */
  fields: Record<string, string>;
  level: LogLevel;
  message: string;
  /** who says it */
  part: string;
  /** rising, also over restarts */
  seq: number;
}

export interface LogLines {
  /** lines since the start of the program that no file has */
  dropped: number;
  /** the number of the newest line of all */
  last: number;
  /** the oldest first */
  lines: LogLine[];
  /** why files could not be read */
  unread: string | null;
}

/** `event: lost` of the live stream: the reader was too slow */
export interface Lost {
  skipped: number;
}

export interface Maintenance {
  /** seconds until then */
  left_s: number;
  since: Time;
  /** it ends by itself */
  until: Time;
  /** in the words of whoever began it */
  why: string | null;
}

export interface MaintenanceOver {
  /** when it ended */
  at: Time;
  /** a person ended it before its time */
  ordered: boolean;
  since: Time;
  why: string | null;
}

export interface MaintenanceRequest {
  /** 30m, 2h: a minute at least, 24 hours at most */
  for: string;
  /** in a person's words, which people are told */
  why?: string | null;
}

export interface MaintenanceView {
  /** the last one that is over */
  last: MaintenanceOver | null;
  /** what happened during the one that goes on, or else the last one */
  meanwhile: Meanwhile | null;
  now: Maintenance | null;
}

/** What became of alerts since maintenance began: their titles, each once */
export interface Meanwhile {
  /** was wrong before, and is over */
  ended: string[];
  /** began, and is over */
  passed: string[];
  /** is wrong and not muted */
  wrong: string[];
}

export interface MuteRequest {
  /** 30m, 2h, 7d: a minute at least, 90 days at most */
  for: string;
}

/** the naive writer of a demonstration, which writes as the system before Hearthline did; counts are of events */
export interface Naive {
  /** taken by the server */
  accepted: number;
  /** why it does not, once it has ended */
  ended: string | null;
  /** given up */
  lost: number;
  /** came over its connection */
  received: number;
  /** the lost ones by the server's words */
  refused: {
    events: number;
    words: string;
  }[];
  /** whether it reads */
  running: boolean;
}

/** A name, while the entity had it */
export interface NameSpan {
  entity_id: string;
  /** null where no earlier name is known */
  from: string | null;
  /** null where it goes on */
  to: string | null;
}

export interface Note {
  at: string;
  text: string;
}

export interface NoteList {
  /** the newest first */
  notes: Note[];
}

export interface NoteRequest {
  /** 2,000 bytes at most */
  text: string;
}

export interface Notify {
  places: NotifyPlace[];
}

export interface NotifyPlace {
  /** things that happened and are not in a message yet */
  gathering: number;
  /** until when no message goes out, since there were so many within an hour */
  held_until: Time | null;
  /** host and port: the rest of the address gives access */
  host: string;
  kind: 'ntfy' | 'slack' | 'discord' | 'gotify' | 'template';
  /** the newest first */
  last: NotifyTold[];
  /** what is less urgent is not told there */
  level: 'warning' | 'critical';
  name: string;
  /** messages that were taken */
  told: number;
  /** why the last message was not taken; null where it was */
  trouble: string | null;
  /** messages that were refused, became too old, or had no room */
  untold: number;
  /** messages that wait, the one that is tried included */
  waiting: number;
}

export interface NotifyTestRequest {
  /** the name of one; null is all */
  place?: string | null;
}

export interface NotifyTested {
  tried: NotifyTried[];
}

export interface NotifyTold {
  /** when its fate was known */
  at: Time;
  title: string;
  /** how often it was tried */
  tries: number;
  urgency: 'info' | 'warning' | 'critical';
  /** why it was not taken; null where it was */
  why: string | null;
}

export interface NotifyTried {
  name: string;
  /** why it was not taken; null where it was */
  why: string | null;
}

/** the one in use; what is not known is left out */
export interface Observation {
  apparent_temperature?: number;
  at: Time;
  /** % */
  cloud_cover?: number;
  /** Home Assistant's word */
  condition?: string;
  dew_point?: number;
  /** % */
  humidity?: number;
  /** mm in the hour before */
  precipitation?: number;
  /** hPa */
  pressure?: number;
  /** °C, as every temperature */
  temperature?: number;
  /** degrees */
  wind_bearing?: number;
  /** m/s */
  wind_gust_speed?: number;
  /** m/s */
  wind_speed?: number;
}

export interface Observations {
  from: Time;
  /** the limit left something out at the end */
  more: boolean;
  observations: Observed[];
  to: Time;
}

/** An observation, or the mean of those of a length of time (the last wind_bearing and condition of it); what is not known is left out */
export interface Observed {
  /** °C */
  apparent_temperature?: number;
  at: Time;
  /** % */
  cloud_cover?: number;
  /** Home Assistant's word for it */
  condition?: string;
  /** °C */
  dew_point?: number;
  /** % */
  humidity?: number;
  /** mm in the hour before */
  precipitation?: number;
  /** hPa */
  pressure?: number;
  provider: string;
  /** which entity or place it is of */
  source: string;
  /** °C */
  temperature?: number;
  /** where the wind comes from, degrees clockwise from north */
  wind_bearing?: number;
  /** m/s */
  wind_gust_speed?: number;
  /** m/s */
  wind_speed?: number;
}

/** how it is known */
export type Origin = 'live' | 'history' | 'snapshot' | 'chain' | 'import';

/** degraded: something is late or absent, nothing is lost; unhealthy: data is being lost or about to be */
export type Overall = 'healthy' | 'degraded' | 'unhealthy';

export interface Part {
  /** seconds of 30 days in which it was not up, looked at each second */
  down_s: number | null;
  last_restart: Restart | null;
  /** what its state means for the data; null where it is as it should be */
  meaning: string | null;
  name: string;
  reason: string | null;
  /** how often it was started anew since the program started */
  restarts: number;
  since: Time;
  state: PartState;
  /** what a person can do; null where there is nothing to do but wait */
  todo: string | null;
  /** a share from 0 to 1, since the program started; null where the part is off */
  uptime: number | null;
  /** the same over 24 hours, or since `uptime_since` of the status if that is later; time in which the program did not run counts as down */
  uptime_24h: number | null;
  /** the same over 30 days */
  uptime_30d: number | null;
  /** the same over 7 days */
  uptime_7d: number | null;
}

export type PartState = 'starting' | 'healthy' | 'degraded' | 'unhealthy' | 'parked' | 'off';

export interface Passage {
  label: string;
  /** from the setting of the state to here; of the files from when they were asked for */
  median_ms: number | null;
  of: number;
  outcome: VerifyOutcome;
  part: string;
  passed: number;
  says: string;
  slowest_ms: number | null;
  step: VerifyStep;
  todo: string | null;
}

export interface PastAlert {
  acknowledged: string | null;
  from: Time;
  id: string;
  rule: AlertRule;
  /** what it said last */
  says: string;
  severity: AlertSeverity;
  title: string;
  to: Time;
}

export interface Plan {
  /** what a person has to type before it is applied */
  confirm: string | null;
  /** what is wrong; without steps, why there is nothing to do */
  finding: string;
  notes: string[];
  repair: string;
  steps: Step[];
}

export interface Quarantine {
  /** the limit left out older ones */
  more: boolean;
  /** newest first */
  quarantined: Quarantined[];
  /** how many there are that somebody has */
  settled: number;
  /** how many there are that nobody has settled */
  waiting: number;
}

export interface Quarantined {
  /** how many it has */
  bytes: number;
  /** the first 2000 bytes as text */
  raw: string;
  /** when it was set aside */
  reason: string;
  /** the log record */
  seq: number;
  settled: Settlement | null;
  ts: Time;
  /** by this release; a retry would record it */
  understood: boolean;
}

export interface QuarantinedWhole {
  /** all of them, where they are no UTF-8 */
  base64: string | null;
  /** how many it has */
  bytes: number;
  /** as this release reads it; null where a retry would understand it */
  now: string | null;
  /** when it was set aside */
  reason: string;
  /** the log record */
  seq: number;
  settled: Settlement | null;
  /** all of them; null where they are no UTF-8 */
  text: string | null;
  ts: Time;
}

/** what was used of what may be asked outside */
export interface Quota {
  day: Budget;
  minute: Budget;
}

export interface Rate {
  /** seconds of each piece */
  every_s: number;
  from: Time;
  /** the oldest first; one without a state is left out */
  pieces: RatePiece[];
  to: Time;
}

/** States, those put back by Home Assistant after a restart left out */
export interface RatePiece {
  /** were had otherwise: from history, or by a comparison */
  afterwards: number;
  /** arrived as they happened */
  live: number;
  start: Time;
}

export interface Ready {
  ready: boolean;
  /** parts that are still starting */
  starting: string[];
}

export interface Receipt {
  after: Criterion[];
  before: Criterion[];
  during: {
    at_s: number;
    unmet: string[];
  }[];
  ended: string | null;
  /** why it is not known to be mended */
  error: string | null;
  id: string;
  /** the line of a runbook that it is; null where a person asked for it alone */
  line: string | null;
  options: RepairOptions;
  plan: Plan;
  resumed: string[];
  started: string;
  state: 'applying' | 'done' | 'failed' | 'undoing' | 'undone';
  /** one for each step of the plan */
  steps: StepReceipt[];
  /** it is being taken back, or was when it failed */
  undoing: boolean;
  verified: Done | null;
}

export interface ReceiptFile {
  bytes: number;
  /** CRC-32 of all its bytes */
  crc: number;
  id: number;
  /** relative to the store's folder */
  path: string;
  rows: number;
}

/** rows of the store on their way to a sink, because the log does not have them */
export interface Refill {
  /** events whose fate is known */
  done: number;
  /** null is from the first */
  from: Time | null;
  /** seconds that the rest takes, as fast as it goes */
  left_s: number | null;
  of: number;
  /** false while it waits for the server */
  running: boolean;
  since: Time;
  /** null is up to what the log has */
  to: Time | null;
  /** others that come after it */
  waiting: number;
  why: 'missed' | 'new' | 'asked';
}

export interface Refusal {
  error: {
    /** what the caller can do */
    do: string;
    what: string;
    why: string;
  };
}

export interface RefusedRow {
  at: Time;
  entity: string | null;
  /** as it was sent */
  line: string;
  seq: number;
  /** the server's */
  words: string;
}

export interface Rehearsed {
  at: Time;
  bytes: number;
  compared: {
    backup: number;
    found: number;
    what: string;
  }[];
  /** whether all that was compared is equal */
  equal: boolean;
  files: number;
  name: string;
  open_ms: number;
  restore_ms: number;
  /** in one sentence */
  says: string;
}

export interface Reloaded {
  at: string;
  by: 'file' | 'signal' | 'person';
  /** the last record that was let through by the filter of before; null where that is the same */
  filter_behind: number | null;
  /** with one of them, nothing was changed */
  mistakes: SettingMistake[];
  /** all of it in one sentence */
  says: string;
  /** what holds now */
  taken: SettingChange[];
  /** what did not go as it should */
  troubles: string[];
  /** what holds with the next start */
  waiting: SettingChange[];
}

export interface RepairBegun {
  /** of its receipt */
  id: string;
}

export interface RepairKind {
  mends: string;
  name: string;
  /** the running program alone can do it */
  needs_program: boolean;
  options: string[];
  touches: string;
  undo: string;
}

/** those that the catalogue names for the repair */
export type RepairOptions = Record<string, string | number | boolean>;

export interface RepairRequest {
  /** what the plan's `confirm` says */
  confirm?: string;
  options?: RepairOptions;
  /** as in `hearthline repair <name>` */
  repair: string;
}

export interface Repairs {
  catalogue: RepairKind[];
  damaged: {
    id: string;
    why: string;
  }[];
  /** the newest first; `during` is empty here */
  receipts: Receipt[];
  /** the one that is being carried out */
  running: string | null;
}

export interface ReportFile {
  bytes: number;
  name: string;
}

export interface ReportList {
  reports: ReportFile[];
}

export interface ReportSendRequest {
  /** the name of one; null is all */
  place?: string | null;
  /** from this instant on; null is 24 h before the end */
  since?: string | null;
  /** up to, but not including, this instant; null is now */
  until?: string | null;
}

/** `event: reset` of the live stream: the reader cannot go on where it was, and should ask for everything again */
export interface Reset {
  /** the id that it came with */
  after: number;
}

export interface Restart {
  at: Time;
  /** in words */
  why: string;
}

export interface Retention {
  all: RetentionAmount;
  /** days before this one are too old */
  before: string | null;
  /** too old, oldest first */
  days: RetentionDay[];
  dropped: RetentionAmount;
  /** seconds that a day is kept after its end; null is for ever */
  keep_s: number | null;
  receipt: RetentionReceipt | null;
}

export interface RetentionAmount {
  bytes: number;
  days: number;
  files: number;
  /** of states, events and quarantine */
  rows: number;
}

export interface RetentionDay {
  bytes: number;
  day: string;
  files: number;
  /** why it stays nevertheless */
  held: string | null;
  /** of states, events and quarantine */
  rows: number;
}

export interface RetentionReceipt {
  /** days before this one were too old */
  before: string;
  begun: Time;
  bytes: number;
  days: string[];
  ended: Time | null;
  files: ReceiptFile[];
  number: number;
  /** begun: not known yet */
  outcome: 'begun' | 'dropped' | 'kept';
  rows: number;
  /** a setting or a command */
  why: string;
}

export interface RetentionReceipts {
  receipts: RetentionReceipt[];
}

export interface Retried {
  /** gaps that are open again */
  retried: number;
}

export interface Runbook {
  last: RunbookRun | null;
  plan: Plan | null;
  /** why the lines are not known */
  unknown: string | null;
}

export interface RunbookRequest {
  /** maintenance begins before its first line and ends after its last */
  maintenance?: boolean;
  /** how long it watches at its end, in seconds; 120 without it */
  monitor_s?: number | null;
}

export interface RunbookRun {
  outcome: 'unfinished' | 'met' | 'degraded' | 'failed' | 'undone';
  /** the name of its report; null before its end */
  report: string | null;
  seen: SeenRepair;
  /** the outcome in one sentence */
  verdict: string;
}

export interface SeenRepair {
  progress: {
    done: number;
    of: number | null;
    unit: string;
  } | null;
  receipt: Receipt;
  running: boolean;
  /** which step is being done, from 0 */
  step: number | null;
}

export interface Session {
  caller: 'token' | 'session' | 'ingress' | 'machine';
  /** Whether it may change what is recorded */
  may_change: boolean;
  /** The name that Home Assistant's ingress says */
  user: string | null;
}

export interface Setting {
  /** when a change of it holds: at once, once its part is started anew alone, or with the next start */
  holds: 'live' | 'part' | 'restart';
  /** what can be written */
  kind: string;
  meaning: string;
  /** with its section; of a sink sinks.<name>.<key> */
  name: string;
  /** a file with its line, or an environment variable; null is the default */
  origin: string | null;
  /** it has a value, which is not told */
  secret: boolean;
  /** what holds where there is no value, in words */
  unset: string;
  /** as it can be written in the file; null where there is none, and of a secret */
  value: unknown;
}

export interface SettingChange {
  /** null where there was none, and of a secret */
  from: unknown;
  holds: 'live' | 'part' | 'restart';
  name: string;
  /** only that it is another one is told */
  secret: boolean;
  /** null likewise */
  to: unknown;
}

export interface SettingMistake {
  do: string;
  /** empty where the file cannot be read at all */
  key: string;
  /** file, line and column, or the variable */
  place: string;
  reason: string;
}

export interface SettingsChecked {
  changes: SettingChange[];
  mistakes: SettingMistake[];
  preview: FilterPreview | null;
  /** all of it in one sentence */
  says: string;
}

export interface SettingsInForce {
  /** null where the environment alone says what holds */
  file: string | null;
  last_reload: Reloaded | null;
  /** variables that are set and do nothing */
  notes: string[];
  settings: Setting[];
  /** since when these hold */
  since: string;
  /** what is written otherwise and holds with the next start */
  waiting: SettingChange[];
}

export interface Settled {
  outcome: 'recorded' | 'duplicate' | 'filtered' | 'kept' | 'dropped';
  /** why it was not understood */
  reason: string | null;
  /** the log record */
  seq: number;
}

export interface SettledList {
  /** they wait no more */
  dropped: number;
  /** understood, and held already */
  duplicate: number;
  /** understood, and left out by the settings */
  filtered: number;
  /** not understood; they wait */
  kept: number;
  /** understood, and in the log by now */
  recorded: number;
  settled: Settled[];
}

export interface Settlement {
  at: Time;
  how: 'retried' | 'dropped';
}

export interface Setup {
  do: string | null;
  /** The settings file that is read, or that would be written */
  file: string | null;
  mistakes: SettingMistake[];
  state: 'recording' | 'setup' | 'mistakes';
  token: KnownSetting | null;
  url: KnownSetting | null;
  verdict: string;
}

export interface SetupBegun {
  file: string;
  token_file: string | null;
}

export interface SetupRequest {
  tls_verify?: boolean;
  /** Left out where the settings have it */
  token?: string | null;
  /** Left out where the settings have it */
  url?: string | null;
}

export type Severity = 'ok' | 'note' | 'warning' | 'fault';

export interface ShownToken {
  /** What hearthline token show prints */
  token: string;
}

/** sensors that report regularly and have not done so for long */
export interface Silence {
  /** devices; an entity without one counts as one */
  count: number;
  entities: number;
  /** those that have been silent for longest first, 50 at most */
  items: SilentDevice[];
}

export interface SilentDevice {
  area: string | null;
  device: string | null;
  entities: string[];
  /** the device's id, or the entity's where it belongs to none */
  key: string;
  /** the device's, or the entity's where it has none */
  name: string;
  /** all of it, for a person */
  sentence: string;
  silent_s: number;
  since: Time;
  /** seconds from one report to the next at other times */
  usual_s: number;
}

/** logged = delivered + filtered + collapsed + quarantined + lost + pending, from the sink's own first record */
export interface Sink {
  /** were there already */
  collapsed: number;
  /** fields that the server has as another type; their values go to fields of their own */
  conflicts: number | null;
  /** the database or bucket */
  database: string | null;
  /** durably there */
  delivered: number;
  filtered: number;
  kind: string;
  /** events in the log that the server has not taken; pending is counted from what is written down */
  lag_events: number | null;
  /** age of the oldest event that the sink has not been given; 0 when it has all */
  lag_s: number;
  last_error: string | null;
  /** of which time the last of those were, and why */
  loss: string | null;
  /** left the log before the sink had them, and are not in the store either */
  lost: number;
  name: string;
  pending: number;
  quarantined: number;
  /** why it is not healthy, and what to do */
  reason: string | null;
  refill: Refill | null;
  /** seconds that its server takes for what it is given, where that is long */
  slow_s: number | null;
  state: PartState;
  /** the server's address; null where there is none */
  url: string | null;
  /** what the server calls itself */
  version: string | null;
  /** retries included */
  write_errors: number;
}

/** what the points cost the server: series since the program started, fields with those that it has */
export interface SinkCardinality {
  concerns: SinkConcern[];
  entities: number;
  fields: SinkShare[];
  most_fields: SinkShare[];
  most_series: SinkShare[];
  series: number;
}

/** a limit of the server that is near or passed */
export interface SinkConcern {
  count: number;
  limit: number;
  says: string;
  what: string;
}

export interface SinkReport {
  server: SinkServer | null;
  sink: Sink;
}

/** what is known of an InfluxDB */
export interface SinkServer {
  cardinality: SinkCardinality;
  conflicts: Conflict[];
  /** why its fields are not known, in its words */
  fields_unknown: string | null;
  /** how points look: our own way, or as Home Assistant's own integration writes them */
  layout: 'native' | 'ha';
  left_out: LeftOut[];
  /** what states are written to: of the settings, or what a repair switched to; null where the layout has several */
  measurement: string | null;
  /** events that left the log before it had them, and are still to be read from the store */
  missed: number;
  /** the newest rows that it refused alone, the newest first */
  refused: RefusedRow[];
}

export interface SinkShare {
  count: number;
  /** a measurement, an entity or a type of event */
  of: string;
}

/** What is not known of the weather is left out */
export interface State {
  /** the area that it was in */
  area: string | null;
  attributes: Attributes | null;
  device: string | null;
  device_class: string | null;
  /** what the entity was called then */
  entity_id: string;
  last_changed: Time;
  origin: Origin;
  /** put back by Home Assistant after a restart; no new reading */
  restored: boolean;
  /** null is a removal */
  state: string | null;
  ts: Time;
  unit: string | null;
  /** the text as a number, where it is one */
  value: number | null;
  /** when the weather was observed */
  weather_at?: string;
  weather_condition?: string;
  /** % */
  weather_humidity?: number;
  /** hPa */
  weather_pressure?: number;
  /** that was long before */
  weather_stale?: boolean;
  /** °C, outdoors */
  weather_temperature?: number;
  /** m/s */
  weather_wind_speed?: number;
}

export interface Stats {
  connection_attempts: number;
  errors: Errors;
  events: Counted;
  events_per_minute: number | null;
  sinks: Sink[];
  store: Stored;
  uptime_s: number;
}

/** Every figure comes from a counter of something that happened; what is not known is null, never 0 */
export interface Status {
  alerts: AlertCounts;
  /** the backups that the program takes by itself; null where it does not */
  backup: {
    /** seconds since the moment of the newest; null where there is none */
    age_s: number | null;
    /** seconds between two */
    every_s: number;
    /** why the last try failed */
    failed: string | null;
    /** seconds since the program began to look after them */
    waited_s: number;
  } | null;
  criteria: Criterion[];
  /** when the disk is full at the rate of the last days, where that is sooner than `disk` under [alerts]; null also where it is not known */
  disk_full: DiskFull | null;
  events: Counted;
  gaps: Gaps;
  home_assistant: HomeAssistant;
  kept: Kept;
  log: Log;
  /** null where nobody works on the house */
  maintenance: Maintenance | null;
  overall: Overall;
  parts: Part[];
  /** a settings file with mistakes, or what waits for the next start */
  settings_note: string | null;
  silent: Silence;
  /** the house is a simulated one */
  simulated: boolean;
  sinks: Sink[];
  /** seconds since the program started */
  uptime_s: number;
  /** since when it is known how much of the time the parts were up, over restarts of the program */
  uptime_since: string | null;
  /** one sentence for a person */
  verdict: string;
  version: string;
  weather: Weather;
}

export interface Step {
  /** that are sent or written, about */
  bytes: number | null;
  /** what the program needs to do it */
  data: unknown;
  kind: string;
  rows: number | null;
  /** how long it takes, about */
  seconds: number | null;
  touches: string;
  /** it can be taken back */
  undo: boolean;
  what: string;
}

export interface StepReceipt {
  done: Done | null;
  error: string | null;
  started: string | null;
  took_ms: number;
  undone: Done | null;
}

export interface Stored {
  bytes: number;
  entities: number;
  files: number;
  states: number;
}

export interface Talker {
  /** as it was called then */
  entity_id: string;
  per_hour: number;
  states: number;
}

/** who has the most states in a period, the most talkative first */
export interface Talkers {
  from: Time;
  /** of all entities, also those behind the limit */
  states: number;
  talkers: Talker[];
  to: Time;
}

/** ISO 8601 UTC with microseconds */
export type Time = string;

export interface Unmuted {
  what: string;
}

/** a sink whose server does not say which fields it has */
export interface Unread {
  reason: string;
  sink: string;
}

export interface Verifications {
  /** between two that the program does by itself; null is never */
  every_s: number | null;
  /** when that is due */
  next: string | null;
  results: Verified[];
  running: {
    at: string;
    by: 'person' | 'schedule';
    id: string;
    /** the one that is being done, from 1 */
    round: number;
    rounds: number;
  } | null;
}

export interface Verified {
  at: string;
  by: 'person' | 'schedule';
  /** of the newest result alone: those that did not get through, and the last, 12 at most */
  changes: {
    at: string | null;
    entity_id: string;
    kind: 'text' | 'boolean' | 'removal' | 'natural';
    legs: Leg[];
    round: number;
    seq: number | null;
    state: string | null;
  }[];
  id: string;
  /** why not the canary was followed */
  instead: string | null;
  outcome: VerifyOutcome;
  /** each leg over all changes */
  passages: Passage[];
  rounds: number;
  says: string;
  /** an event gets to every place and comes back as set, whatever was followed and with weather or without */
  through: boolean;
  /** what to do about that */
  todo: string | null;
  took_ms: number;
}

export interface VerifyBegun {
  id: string;
}

export type VerifyOutcome = 'skipped' | 'passed' | 'degraded' | 'failed' | 'unreachable';

export interface VerifyRequest {
  /** 1 to 100, each of a change, a flip of a type and a removal; 1 without it */
  rounds?: number;
}

export type VerifyStep = 'set' | 'heard' | 'logged' | 'synced' | 'stored' | 'weather' | 'files' | 'delivered' | 'read_back';

export interface Weather {
  /** since the observation in use was made */
  age_s: number | null;
  attribution: Attribution | null;
  /** looks at which the last answer was still good */
  cache_hits: number;
  /** since the program started, as all counts here */
  calls: number;
  /** what the settings say */
  configured: string;
  /** calls that brought no observation */
  errors: number;
  last_error: string | null;
  /** looks at which no call was made because of the budget or Retry-After */
  limited: number;
  next_call_s: number | null;
  observation: Observation | null;
  /** what is in use: open_meteo, openweathermap, home_assistant or off */
  provider: string;
  quota: Quota | null;
  /** why it is not healthy, and what to do */
  reason: string | null;
  requests: {
    count: number;
    outcome: 'ok' | 'unauthorised' | 'too_many' | 'server_error' | 'rejected' | 'late' | 'unreachable' | 'garbage';
    provider: string;
  }[];
  /** the place that is asked for, rounded, or the weather entity */
  source: string | null;
  state: PartState;
}
