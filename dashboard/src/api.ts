/** The documents of the HTTP API, as the program writes them. Times are ISO 8601 UTC with microseconds. */

export interface Status {
  version: string;
  overall: 'healthy' | 'degraded' | 'unhealthy';
  /** One sentence for a person. */
  verdict: string;
  uptime_s: number;
  /** Since when it is known how much of the time the parts were up. */
  uptime_since: string | null;
  home_assistant: HomeAssistant;
  events: Events;
  log: Log;
  sinks: Sink[];
  parts: Part[];
  weather: Weather;
  silent?: SilentList;
  gaps: Gaps;
  kept: Kept;
  /** When the disk is full, where that is soon. Absent in an older program. */
  disk_full?: DiskFull | null;
  /** Absent in an older program. */
  alerts?: AlertCounts;
  /** A person works on the house. Absent in an older program. */
  maintenance?: Maintenance | null;
  criteria: Criterion[];
  /** The house is a simulated one. Absent means no. */
  simulated?: boolean;
}

export interface DiskFull {
  /** About when, at the rate of the last days. */
  at: string;
  /** Until then, in whole days; 0 where there is no room for another day. */
  left_s: number;
}

export interface HomeAssistant {
  state: 'connected' | 'connecting' | 'waiting' | 'disconnected' | 'parked';
  since: string;
  version: string | null;
  attempts: number;
  /** Of these, those that came as far as a subscription. */
  connects: number;
  last_event_age_s: number | null;
  location_name: string | null;
  ping_s: number | null;
  reason: string | null;
  /** Why the last attempt failed or the last connection ended, also while it is connected again. */
  last_error: string | null;
}

/** `received = filtered + duplicate + logged + unlogged`, since the data folder was made. */
export interface Events {
  received: number;
  filtered: number;
  duplicate: number;
  logged: number;
  unlogged: number;
  quarantined: number;
  per_minute: number | null;
}

export interface Log {
  first_seq: number;
  last_seq: number;
  bytes: number;
  synced_seq: number;
}

/** `logged = delivered + filtered + collapsed + quarantined + pending`, from the sink's own first record. */
export interface Sink {
  name: string;
  kind: string;
  state: PartState;
  delivered: number;
  filtered: number;
  collapsed: number;
  quarantined: number;
  pending: number;
  /** 0 when it has been given everything. */
  lag_s: number;
  write_errors: number;
  last_error: string | null;
  /** Why it is not healthy, and what to do. */
  reason?: string | null;
  /** What its server calls itself. */
  version?: string | null;
  url?: string | null;
  database?: string | null;
  /** Fields that the server has as another type. */
  conflicts?: number | null;
  /** Events that the server has not taken; `pending` is counted from what is written down. */
  lag_events?: number | null;
  /** Seconds that its server takes for an answer, where that is long. */
  slow_s?: number | null;
  /** Events that left the log before it had them, and are not in the archive either. */
  lost?: number;
  /** Which, and why. */
  loss?: string | null;
  /** What it gets from the archive, because the log does not have it any more. */
  refill?: Refill | null;
}

export interface Refill {
  /** `missed`: the log could not wait. `new`: it gets all that there is. `asked`: a person wants it. */
  why: 'missed' | 'new' | 'asked';
  done: number;
  of: number;
  /** Seconds that the rest takes; null until that is known. */
  left_s: number | null;
  /** False while it waits for its server. */
  running: boolean;
}

/** One place that the log is delivered to, with what is known of its server. */
export interface SinkReport {
  sink: Sink;
  server: SinkServer | null;
}

export interface SinkServer {
  /** How points look: `native`, or `ha` for those of Home Assistant's own integration. */
  layout: string;
  /** What states are written to; null where the layout has several. */
  measurement: string | null;
  /** Why its fields are not known, in its words. */
  fields_unknown: string | null;
  conflicts: Conflict[];
  left_out: LeftOut[];
  /** The newest first. */
  refused: RefusedRow[];
  /** Events that left the log before it had them. */
  missed: number;
  cardinality: Cardinality;
}

/** A field of ours whose name the server has as another type. Nothing is lost by it. */
export interface Conflict {
  sink: string;
  measurement: string;
  field: string;
  server: string[];
  ours: string;
  goes_to: string;
  since: string;
  rows: number;
}

/** A field that rows were written without. */
export interface LeftOut {
  sink: string;
  field: string;
  reason: string;
  rows: number;
}

export interface RefusedRow {
  at: string;
  seq: number;
  entity: string | null;
  /** As it was sent. */
  line: string;
  /** The server's. */
  words: string;
}

/** Series since the program started, fields with those that the server has. */
export interface Cardinality {
  series: number;
  entities: number;
  fields: Share[];
  most_series: Share[];
  most_fields: Share[];
  concerns: Concern[];
}

export interface Share {
  of: string;
  count: number;
}

/** A limit of the server that is near or passed. */
export interface Concern {
  what: string;
  count: number;
  limit: number;
  says: string;
}

/** Of all places together. */
export interface Conflicts {
  conflicts: Conflict[];
  left_out: LeftOut[];
  /** Places whose server does not say which fields it has. */
  unread: { sink: string; reason: string }[];
}

/** The sinks that read their server's fields again. */
export interface ConflictsReset {
  sinks: string[];
}

export type PartState = 'starting' | 'healthy' | 'degraded' | 'unhealthy' | 'parked' | 'off';

export interface Part {
  name: string;
  state: PartState;
  since: string;
  reason: string | null;
  /** A share from 0 to 1, since the program started; null where the part is off. */
  uptime: number | null;
  /** The same over longer, or since counting began. */
  uptime_24h: number | null;
  uptime_7d: number | null;
  uptime_30d: number | null;
  /** What its state means for the data. */
  meaning: string | null;
  /** What a person can do. */
  todo: string | null;
  /** Since the program started. */
  restarts: number;
  last_restart: { at: string; why: string } | null;
}

export interface Weather {
  /** What is in use; `off` too where `auto` found nothing. */
  provider: string;
  state: PartState;
  calls: number;
  cache_hits: number;
  age_s: number | null;
  /** The place that is asked for, or the entity. */
  source?: string | null;
  /** Why, where it is not healthy, with what to do. */
  reason?: string | null;
  errors?: number;
  /** Calls that were not made: the budget, or the provider, forbade them. */
  limited?: number;
  next_call_s?: number | null;
  quota?: { minute: Quota; day: Quota } | null;
  observation?: Observation | null;
  attribution?: Attribution | null;
  last_error?: string | null;
}

export interface Quota {
  used: number;
  limit: number;
}

/** What the provider's licence wants to be said beside its data. */
export interface Attribution {
  text: string;
  url: string;
}

/** °C, %, hPa, m/s, degrees, mm. What is not known is left out. */
export interface Observation {
  at: string;
  temperature?: number;
  apparent_temperature?: number;
  dew_point?: number;
  humidity?: number;
  pressure?: number;
  wind_speed?: number;
  wind_gust_speed?: number;
  wind_bearing?: number;
  cloud_cover?: number;
  precipitation?: number;
  condition?: string;
}

/** The oldest first. */
export interface Observations {
  observations: Observation[];
}

/** Sensors of which nothing is heard for much longer than usual, by device. */
export interface SilentList {
  count: number;
  items: Silent[];
}

export interface Silent {
  name: string;
  device: string | null;
  area: string | null;
  entities: string[];
  since: string;
  silent_s: number;
  usual_s: number;
  /** All of it in words. */
  sentence: string;
}

export interface Gaps {
  open: number;
  filled: number;
  partly: number;
  lost: number;
  /** Newest first. */
  recent: Gap[];
}

export interface Gap {
  id: number;
  state: 'open' | 'filled' | 'partly' | 'lost';
  from: string;
  /** Null while the stream has not come back. */
  to: string | null;
  /** In words; what is known beyond the kind comes after `: `. */
  cause: string;
  /** Empty means all. */
  entities: string[];
  recovered: number;
  /** One word for the cause. `requested` is no fault: a person asked for what was before. */
  kind: string;
  /** While it is being filled: history was asked for up to here. */
  through: string | null;
  /** Changed in it, and are not in Home Assistant's history. */
  not_kept: string[];
  without_attributes: number;
  /** Why something could not be had. */
  note: string | null;
  /** How often history was asked for all of it. */
  tries: number;
}

/** What was kept that would have been lost, since the first connection. */
export interface Kept {
  since: string | null;
  recovered: number;
  requested: number;
  interruptions: { kind: string; count: number; words: string }[];
  /** All of it in one sentence; null before the first connection. */
  sentence: string | null;
}

export interface Criterion {
  id: string;
  label: string;
  /** Null when it is not known. */
  met: boolean | null;
  value: number | null;
  target: number;
  unit: string;
  window_s: number;
  note: string | null;
}

export interface Entities {
  entities: Entity[];
}

export interface Entity {
  entity_id: string;
  kept: boolean;
  rule: string | null;
  latest: State | null;
  /** Stays, whatever the entity is called. */
  key?: string;
  area?: string | null;
  floor?: string | null;
  device?: string | null;
  integration?: string | null;
  labels?: string[];
  /** The oldest first. */
  names?: Name[];
}

/** A name that an entity had for a time; null at the ends is: always before, until now. */
export interface Name {
  entity_id: string;
  from: string | null;
  to: string | null;
}

/** Newest first. */
export interface EntityChanges {
  changes: EntityChange[];
}

/** Something that has become different about an entity. */
export interface EntityChange {
  at: string;
  /** Its name now. */
  entity_id: string;
  key: string;
  name: string | null;
  area: string | null;
  what: string;
  from: string | null;
  to: string | null;
}

export interface State {
  ts: string;
  /** Null is a removal. */
  state: string | null;
  value: number | null;
  unit: string | null;
  device_class: string | null;
  last_changed: string;
  origin: string;
  restored: boolean;
  attributes: Attributes | null;
}

export type Attributes = Record<string, unknown>;

/** Either `states` or `buckets` is there, the oldest first. */
export interface History {
  entity_id: string;
  from: string;
  to: string;
  states?: State[];
  buckets?: Bucket[];
  /** The limit left something out at the end. */
  more: boolean;
}

export interface Bucket {
  start: string;
  min: number | null;
  mean: number | null;
  max: number | null;
  last: number | null;
  count: number;
}

/** Newest first. */
export interface RecordedEvents {
  events: RecordedEvent[];
  more: boolean;
}

export interface RecordedEvent {
  ts: string;
  event_type: string;
  entity_id: string | null;
  state: string | null;
  unit: string | null;
  value: number | null;
  origin: string;
  restored: boolean;
  /** Of a state. */
  last_changed?: string;
  /** From the event to its arrival here; absent where it was fetched later. */
  received_delay_ms?: number;
  weather_temperature?: number | null;
  weather_at?: string | null;
  weather_stale?: boolean;
}

/** How many states there are in each length of time, of all entities together. */
export interface Rate {
  from: string;
  to: string;
  every_s: number;
  /** The oldest first; one without a state is left out. */
  pieces: RatePiece[];
}

export interface RatePiece {
  start: string;
  /** Arrived as they happened. */
  live: number;
  /** Were had otherwise: from history, or by a comparison. */
  afterwards: number;
}

/** `event: state` of the live stream. */
export interface LiveState {
  ts: string;
  entity_id: string;
  state: string | null;
  value: number | null;
  unit: string | null;
  origin: string;
  restored: boolean;
  attributes: Attributes | null;
  area?: string | null;
}

/** What every refused request answers. */
export interface Refusal {
  error: { what: string; why: string; do: string };
}

/** Something that can be made to go wrong in a simulated house. */
export interface Fault {
  name: string;
  says: string;
}

export interface Faults {
  faults: Fault[];
  /** The old way beside ours, while it is on. */
  naive?: Naive;
}

/** The naive writer, which writes as the system before Hearthline did. Counts of events. */
export interface Naive {
  running: boolean;
  ended: string | null;
  received: number;
  accepted: number;
  lost: number;
  refused: { words: string; events: number }[];
}

/** Newest first. */
export interface Quarantine {
  quarantined: Quarantined[];
  more: boolean;
}

/** Something that came in and could not be understood. */
export interface Quarantined {
  seq: number;
  ts: string;
  reason: string;
  bytes: number;
  /** The first of them, as text. */
  raw: string;
  /** This release understands it: read again, it would be recorded. */
  understood: boolean;
}

/** What became of what was set aside. */
export interface SettledList {
  recorded: number;
  duplicate: number;
  filtered: number;
  kept: number;
  dropped: number;
  settled: { seq: number; outcome: string; reason: string | null }[];
}

/** How long days are kept, and which are too old. */
export interface Retention {
  /** Null is for ever. */
  keep_s: number | null;
  /** The days that are too old, the oldest first. */
  days: RetentionDay[];
  /** Of these, what nothing keeps. */
  dropped: Amount;
  all: Amount;
}

export interface RetentionDay {
  /** As `2026-11-23`, UTC. */
  day: string;
  rows: number;
  bytes: number;
  /** Why it stays nevertheless. */
  held: string | null;
}

export interface Amount {
  days: number;
  rows: number;
  bytes: number;
}

/** The gap that stands for what a person asked for. */
export interface Backfill {
  gap: number;
}

export interface Retried {
  retried: number;
}

/** What is wrong: how many. */
export interface AlertCounts {
  /** Not muted. */
  active: number;
  critical: number;
  /** That nobody has acknowledged. */
  unseen: number;
  muted: number;
}

/** What is wrong and should be known, and what was. */
export interface Alerts {
  /** Critical ones first, muted ones last. */
  active: Alert[];
  /** Also of what is not wrong now. */
  muted: AlertMute[];
  /** Newest first. */
  history: PastAlert[];
  /** That are switched on. */
  rules: string[];
  /** Why nothing is known of an earlier run. */
  note: string | null;
}

export interface Alert {
  /** The rule, with whom it is about. */
  id: string;
  rule: string;
  subject: string | null;
  state: 'active' | 'acknowledged' | 'muted';
  since: string;
  acknowledged: string | null;
  muted_until: string | null;
  severity: 'warning' | 'critical';
  title: string;
  /** One sentence, without its full stop. */
  says: string;
  evidence: AlertFigure[];
  todo: string;
  /** Of a page here; `#/` is the first. */
  link: string;
}

export interface AlertFigure {
  name: string;
  value: number;
  unit: string;
}

export interface PastAlert {
  id: string;
  rule: string;
  severity: 'warning' | 'critical';
  title: string;
  says: string;
  from: string;
  to: string;
  acknowledged: string | null;
}

/** A rule or an alert that nobody wants to hear of. */
export interface AlertMute {
  what: string;
  until: string;
}

/** What goes wrong meanwhile is recorded and told to nobody. */
export interface Maintenance {
  since: string;
  /** It ends by itself. */
  until: string;
  left_s: number;
  why: string | null;
}

export interface MaintenanceView {
  now: Maintenance | null;
  last: { since: string; at: string; ordered: boolean; why: string | null } | null;
  meanwhile: Meanwhile | null;
}

/** Titles of alerts since maintenance began. */
export interface Meanwhile {
  /** Began, and is over. */
  passed: string[];
  /** Was wrong before, and is over. */
  ended: string[];
  wrong: string[];
}

/** Where people are told. */
export interface Notify {
  places: NotifyPlace[];
}

export interface NotifyPlace {
  name: string;
  kind: string;
  host: string;
  level: 'warning' | 'critical';
  /** Why the last message was not taken. */
  trouble: string | null;
  waiting: number;
  /** Things that are not in a message yet. */
  gathering: number;
  /** There were too many messages within an hour. */
  held_until: string | null;
  told: number;
  untold: number;
  /** Newest first. */
  last: NotifyTold[];
}

export interface NotifyTold {
  at: string;
  title: string;
  urgency: 'info' | 'warning' | 'critical';
  tries: number;
  /** Why it was not taken. */
  why: string | null;
}

export interface NotifyTested {
  tried: { name: string; why: string | null }[];
}

/** What was repaired, and what can be. */
export interface Repairs {
  /** The id of the one that is being carried out. */
  running: string | null;
  /** The newest first. */
  receipts: Receipt[];
  damaged: { id: string; why: string }[];
  catalogue: RepairKind[];
}

/** A repair that there is. */
export interface RepairKind {
  name: string;
  mends: string;
  touches: string;
  undo: string;
  options: string[];
  needs_program: boolean;
}

export interface Findings {
  findings: Finding[];
}

/** What is wrong, with what would mend it. */
export interface Finding {
  repair: string;
  /** What to ask the repair with. */
  options: RepairOptions | null;
  plan: Plan | null;
  /** Why it is not known whether something is wrong. */
  unknown: string | null;
}

/** What a repair would do, in its order. */
export interface Plan {
  repair: string;
  /** What is wrong; without steps, why there is nothing to do. */
  finding: string;
  steps: Step[];
  /** What a person has to type first, where data is taken away. */
  confirm: string | null;
  notes: string[];
}

export interface Step {
  kind: string;
  what: string;
  touches: string;
  rows: number | null;
  bytes: number | null;
  seconds: number | null;
  /** It can be taken back. */
  undo: boolean;
}

/** What a repair did, up to now. */
export interface Receipt {
  id: string;
  options: RepairOptions;
  plan: Plan;
  state: 'applying' | 'done' | 'failed' | 'undoing' | 'undone';
  started: string;
  ended: string | null;
  /** One for each step of the plan. */
  steps: StepReceipt[];
  verified: Done | null;
  error: string | null;
}

export interface StepReceipt {
  started: string | null;
  done: Done | null;
  error: string | null;
  undone: Done | null;
  took_ms: number;
}

export interface Done {
  says: string;
}

export type RepairOptions = Record<string, string | boolean>;

/** A receipt, and how far its repair is at this moment. */
export interface SeenRepair {
  receipt: Receipt;
  running: boolean;
  /** From 0. */
  step: number | null;
  progress: { done: number; of: number | null; unit: string } | null;
}

export interface RepairBegun {
  id: string;
}

/** What the lines of the runbook would be, and how the last run went. */
export interface Runbook {
  plan: Plan | null;
  /** Why the lines are not known. */
  unknown: string | null;
  last: RunbookRun | null;
}

export interface RunbookRun {
  seen: SeenRepair;
  outcome: 'unfinished' | 'met' | 'degraded' | 'failed' | 'undone';
  /** The outcome in one sentence. */
  verdict: string;
  /** The name of its report; null before its end. */
  report: string | null;
}

export interface ReportFile {
  name: string;
  bytes: number;
}

export interface ReportList {
  reports: ReportFile[];
}

export type VerifyOutcome = 'skipped' | 'passed' | 'degraded' | 'failed' | 'unreachable';

/** One leg of the way of a state from Home Assistant to a place. */
export interface Leg {
  part: string;
  step: string;
  outcome: VerifyOutcome;
  /** Milliseconds from the setting of the state. */
  ms: number | null;
  says: string;
  todo: string | null;
}

/** One leg over all changes of a verification. */
export interface Passage extends Omit<Leg, 'ms'> {
  label: string;
  passed: number;
  of: number;
  median_ms: number | null;
  slowest_ms: number | null;
}

export interface Verified {
  id: string;
  at: string;
  by: 'person' | 'schedule';
  rounds: number;
  took_ms: number;
  outcome: VerifyOutcome;
  through: boolean;
  says: string;
  /** Why not the canary was followed, and what to do about that. */
  instead: string | null;
  todo: string | null;
  passages: Passage[];
}

export interface Verifications {
  running: { id: string; at: string; by: 'person' | 'schedule'; round: number; rounds: number } | null;
  every_s: number | null;
  next: string | null;
  /** The newest first. */
  results: Verified[];
}

export interface VerifyBegun {
  id: string;
}

export type Severity = 'ok' | 'note' | 'warning' | 'fault';

/** Everything that recording depends on, as it was found. */
export interface Report {
  version: string;
  at: string;
  took_ms: number;
  worst: Severity;
  verdict: string;
  counts: Record<Severity, number>;
  /** The worst first, else in the order of the checks. */
  findings: Found[];
  skipped: { check: string; why: string }[];
}

/** One thing that was looked at. */
export interface Found {
  id: string;
  check: string;
  /** The name of a sink or a part. */
  about: string | null;
  severity: Severity;
  says: string;
  evidence: Evidence[];
  remedy: string | null;
  /** The repair that mends it. */
  repair: string | null;
  took_ms: number | null;
  /** Where it is explained. */
  see: string;
}

export interface Evidence {
  name: string;
  value: string | number | boolean | null;
  /** `ms`, `bytes`, `1`; empty for a word. */
  unit: string;
}

/** Who the program takes the caller for. */
export interface Session {
  caller: 'token' | 'session' | 'ingress' | 'machine';
  /** The name that Home Assistant's ingress says. */
  user: string | null;
  may_change: boolean;
}
