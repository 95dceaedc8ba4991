/** The house as the page knows it, kept current by the live stream. */

import type { Change, Entity, EntityChange, Setup, SilentDevice, State, Status } from '../api';
import { askChanges, askEntities, askEvents, askSetup, askStatus, NeedsToken, Refused } from './ask';
import type { Ages } from './lamps';
import { nameOf } from './reading';
import { observedFor } from './weather';

/** One entity. What changes in it redraws only what shows it. */
export class Cell {
  readonly id: string;
  area = $state<string | null>(null);
  /** What else the registries say of it; null before the first answer. */
  entity = $state.raw<Entity | null>(null);
  kept = $state(true);
  rule = $state<string | null>(null);
  latest = $state.raw<State | null>(null);
  readonly name = $derived.by(() => nameOf(this.id, this.latest));
  readonly deviceClass = $derived.by(() => this.latest?.device_class ?? null);
  readonly present = $derived.by(() => this.latest !== null && this.latest.state !== null);

  constructor(id: string) {
    this.id = id;
  }
}

/** One line of the ticker. */
export interface Line {
  /** Counts up; for the list's order only. */
  key: number;
  ts: string;
  entity: string;
  state: string | null;
  /** Null where it is not known. */
  before: string | null;
  unit: string | null;
}

const CHANGES = 50;
/** A status comes every 2 s: after this, the page says how old it is, and asks by itself. */
export const QUIET_MS = 4000;
/** Changes are shown together, so that a thousand a second redraw the page less than three times. */
const GATHER_MS = 400;
const RETRY_MS = 2000;
/** How often is asked whether something about the entities has become different (each second tick of the clock), and how far back that is told. */
const NOTICE_MS = 1500;
const NOTICED_MS = 30 * 86_400_000;
const NOTICED = 200;

export class House {
  status = $state.raw<Status | null>(null);
  cells = $state.raw<Cell[]>([]);
  /** Every entity that is recorded has been told of; before that, one that is missing means nothing. */
  complete = $state(false);
  /** Newest first. */
  changes = $state.raw<Line[]>([]);
  /** What has become different about entities: names, rooms, units. Newest first. */
  noticed = $state.raw<EntityChange[]>([]);
  /** Milliseconds by the program's clock, set each second and no more often: every age on the page follows it. */
  now = $state(Date.now());
  /** When the program last said something, by the same clock; null before the first word. */
  heard = $state<number | null>(null);
  /** Why the last request was refused. */
  refusal = $state<string | null>(null);
  /** Why nothing is recorded, where the settings are not good enough for it; null while something is. */
  setup = $state.raw<Setup | null>(null);
  /** The program answers only who has its token. */
  locked = $state(false);
  /** When Home Assistant sent its last event. */
  lastEvent = $state<number | null>(null);
  /** When the newest record was seen to be safe on disk. */
  written = $state<number | null>(null);
  readonly ages: Ages = $derived({
    heard: this.#since(this.lastEvent),
    written: this.#since(this.written),
    observed: this.status && observedFor(this.status.weather, this.now),
  });

  /** The silent sensors, by the entities that are it. */
  readonly silent: ReadonlyMap<string, SilentDevice> = $derived(
    new Map(this.status?.silent?.items.flatMap((item) => item.entities.map((id) => [id, item] as const))),
  );
  #byId = new Map<string, Cell>();
  #offset = 0;
  #key = 0;
  #gathered = new Map<string, Change>();
  #recent: Line[] = [];
  #gathering = false;
  #stream: EventSource | null = null;
  /** The last id of the live stream: everything up to it was seen. */
  #seen: string | null = null;
  /** The stream has broken: until the program says something again, it is silent. */
  #broken = $state(false);
  #asking = false;
  #noticedAt = 0;
  /** An entity was heard of which nothing else is known. */
  #isNew = false;

  /** Begins to listen. Returns what ends it. */
  start(): () => void {
    const tick = setInterval(() => this.#tick(), 1000);
    this.#listen();
    return () => {
      clearInterval(tick);
      this.#stream?.close();
    };
  }

  /** This browser may ask now. */
  unlock() {
    this.locked = false;
    this.refusal = null;
    this.#stream?.close();
    this.#listen();
  }

  cell(id: string): Cell | undefined {
    void this.cells; // who asks is told when entities come
    return this.#byId.get(id);
  }

  #since(instant: number | null): number | null {
    return instant === null ? null : Math.max(0, this.now - instant) / 1000;
  }

  #clock(): number {
    return Date.now() + this.#offset;
  }

  #hear() {
    this.heard = this.#clock();
    this.refusal = null;
    this.#broken = false;
  }

  /** What the page shows is not of this moment: nothing was heard where something should have been, or nobody can be heard. */
  get isOld(): boolean {
    return this.heard !== null && (this.#broken || this.now - this.heard > QUIET_MS);
  }

  #tick() {
    this.now = this.#clock();
    const isQuiet = this.now - (this.heard ?? 0) > QUIET_MS;
    if (isQuiet && this.heard !== null) void this.#refresh();
    else if (this.complete && this.now - this.#noticedAt >= NOTICE_MS) void this.#relearn().catch(() => null);
  }

  /** Asks what has become different. Whether something has. */
  async #notice(): Promise<boolean> {
    this.#noticedAt = this.now;
    try {
      const changes = await askChanges(this.now - NOTICED_MS, NOTICED);
      const [newest, known] = [changes[0], this.noticed[0]];
      this.noticed = changes;
      return newest?.at !== known?.at || newest?.key !== known?.key || newest?.what !== known?.what;
    } catch {
      return false; // asked again in a moment
    }
  }

  /** Names, rooms and units as they are now, where something about them is different or an entity is new. */
  async #relearn() {
    if (!(await this.#notice()) && !this.#isNew) return;
    this.#isNew = false;
    this.#setEntities(...(await this.#askEntities()));
  }

  /** And the ids that were known before the question. */
  async #askEntities(): Promise<[Entity[], ReadonlySet<string>]> {
    const known = new Set(this.#byId.keys());
    return [(await askEntities()).body.entities, known];
  }

  #listen() {
    const stream = new EventSource(`api/v1/live${this.#seen === null ? '' : `?after=${this.#seen}`}`);
    this.#stream = stream;
    const on = <T>(name: string, then: (data: T) => void) =>
      stream.addEventListener(name, (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        this.#hear();
        if (lastEventId !== '') this.#seen = lastEventId;
        then(JSON.parse(data) as T);
      });
    stream.onopen = () => void this.#refresh(); // what is not told by states, or was before
    on<Change>('state', (state) => this.#gather(state));
    on<Status>('status', (status) => this.#setStatus(status));
    on('lost', () => void this.#refresh());
    on('reset', () => void this.#refresh());
    stream.onerror = () => {
      void this.#refresh().then((answered) => (this.#broken = !answered && this.#stream === stream));
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.#listenAgain(stream), RETRY_MS);
    };
  }

  #listenAgain(ended: EventSource) {
    if (!this.locked && this.#stream === ended) this.#listen();
  }

  /** Whether the program has answered. */
  async #refresh(): Promise<boolean> {
    if (this.#asking || this.locked) return true; // that question says it
    this.#asking = true;
    try {
      const [status, entities] = await Promise.all([askStatus(), this.#askEntities()]);
      const offset = (status.time ?? Date.now()) - Date.now();
      this.#offset = Math.abs(offset) > 2000 ? offset : 0; // the answer's time is in whole seconds
      this.now = this.#clock();
      this.#hear();
      this.setup = null;
      this.#setStatus(status.body);
      this.#setEntities(...entities);
      this.complete = true;
      await Promise.all([this.#recall(), this.#notice()]);
      return true;
    } catch (error) {
      this.locked = error instanceof NeedsToken;
      if (error instanceof Refused) this.refusal = error.message; // else silence, which the page's age shows
      if (error instanceof Refused && !this.locked) this.setup = await askWhy();
      return false;
    } finally {
      this.#asking = false;
    }
  }

  async #recall() {
    const { events } = await askEvents(CHANGES);
    const before = new Map<string, string | null>();
    const changes: Line[] = [];
    for (const { entity_id: entity, ts, state, unit } of events.reverse()) {
      if (entity === null) continue;
      changes.unshift({ key: this.#key++, ts, entity, state, before: before.get(entity) ?? null, unit });
      before.set(entity, state);
    }
    this.changes = changes;
  }

  #setStatus(status: Status) {
    const before = this.status;
    if (before && before.log.synced_seq < status.log.synced_seq) this.written = this.#clock();
    const age = status.home_assistant.last_event_age_s;
    if (age !== null) this.lastEvent = Math.max(this.lastEvent ?? 0, this.#clock() - age * 1000);
    this.status = status;
  }

  /** One that was known before and is not among them has another name now. */
  #setEntities(entities: Entity[], known: ReadonlySet<string>) {
    const listed = new Set(entities.map(({ entity_id }) => entity_id));
    const gone = [...known].filter((id) => !listed.has(id));
    for (const id of gone) this.#byId.delete(id);
    for (const entity of entities) {
      const cell = this.#cellFor(entity.entity_id);
      cell.entity = entity;
      cell.area = entity.area;
      cell.kept = entity.kept;
      cell.rule = entity.rule;
      if (!isOlder(entity.latest, cell.latest)) cell.latest = entity.latest;
    }
    this.#list(gone.length > 0);
  }

  #gather(state: Change) {
    const { entity_id: entity, ts, unit } = state;
    const before = (this.#gathered.get(entity) ?? this.#byId.get(entity)?.latest)?.state ?? null;
    this.#gathered.set(entity, state);
    this.#recent.unshift({ key: this.#key++, ts, entity, state: state.state, before, unit });
    this.#recent.length = Math.min(this.#recent.length, CHANGES);
    if (this.#gathering) return;
    this.#gathering = true;
    setTimeout(() => this.#show(), GATHER_MS);
  }

  #show() {
    this.#gathering = false;
    this.lastEvent = this.#clock();
    for (const live of this.#gathered.values()) this.#apply(live);
    this.#gathered.clear();
    // One that was asked for meanwhile, or is told again after a break, is one line.
    const keys = new Set(this.#recent.map(keyOf));
    this.changes = [...this.#recent, ...this.changes.filter((line) => !keys.has(keyOf(line)))].slice(0, CHANGES);
    this.#recent = [];
    this.#list();
  }

  #apply(live: Change) {
    const cell = this.#cellFor(live.entity_id);
    cell.area = live.area;
    if (!cell.entity) this.#isNew = true;
    const held = cell.latest;
    const latest: State = {
      entity_id: live.entity_id,
      ts: live.ts,
      state: live.state,
      value: live.value,
      unit: live.unit,
      device_class: held?.device_class ?? null,
      last_changed: held && held.state === live.state ? held.last_changed : live.ts,
      origin: live.origin,
      restored: live.restored,
      attributes: live.attributes ?? held?.attributes ?? null,
      area: live.area,
      device: held?.device ?? null,
    };
    const deviceClass = latest.attributes?.device_class;
    if (typeof deviceClass === 'string') latest.device_class = deviceClass;
    if (!isOlder(latest, held)) cell.latest = latest;
  }

  #cellFor(id: string): Cell {
    const cell = this.#byId.get(id) ?? new Cell(id);
    this.#byId.set(id, cell);
    return cell;
  }

  #list(hasOthers = false) {
    if (!hasOthers && this.#byId.size === this.cells.length) return;
    this.cells = [...this.#byId.values()].sort((a, b) => a.id.localeCompare(b.id));
  }
}

/** Why nothing is recorded; null where that is not what the refusal was about. */
async function askWhy(): Promise<Setup | null> {
  const setup = await askSetup().catch(() => null);
  return setup?.state === 'recording' ? null : setup;
}
const keyOf = ({ entity, ts, state }: Line): string => `${entity} ${ts} ${state}`;

/** Times are written with one number of digits, so that texts compare as times do. */
function isOlder(state: State | null, held: State | null): boolean {
  return held !== null && (state === null || state.ts < held.ts);
}
