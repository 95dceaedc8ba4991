/**
 * Every fault that a demonstration can cause: what the page says of it, and after how many seconds from the first evidence;
 * then, when it is over, what was fired by the simulator's ledger against what was kept, event by event, and the page's
 * figures against both. Each is a row of a table, which is printed. A whole run (`cargo xtask soak`) has all of them; a
 * shorter one has one of each kind.
 */

import type { Page } from '@playwright/test';
import { Program, type Counters, type Fired } from './program';
import { breakIt, expect, sentence, test as story } from './story';

/** What is shown is true within so many seconds of the first evidence. */
const TRUE_WITHIN_S = 5;
/** From the end of a fault to a house that is recorded as before, with everything fetched. */
const WELL_MS = 150_000;
/** For so long a house with which nothing is wrong is said to be recorded as before. */
const QUIET_MS = 4000;
const ALL = process.env.HEARTHLINE_SOAK !== undefined;

/** Where it is said; each element is looked at by itself. */
const PLACES = {
  sentence: 'main section:has(> div > h1)',
  lamps: 'main ul[aria-label^="From Home Assistant"] li',
  kept: 'main .kept',
  noticed: 'main section[aria-labelledby="noticed"] li',
  chips: 'main > p:has(> a[href="#/system"])',
  breaker: 'main section[aria-labelledby="breaker"]',
  parts: 'main section[aria-labelledby="parts"] tbody',
} as const;

interface Fault {
  /** Given one after the other: words of the demonstration, and orders to the simulator behind a `!`. */
  orders: string[];
  says: RegExp;
  where?: keyof typeof PLACES;
  /** The page that says it, where it is not the first. */
  page?: string;
  /** Until it can be evident to anyone, in seconds. */
  evident?: [seconds: number, because: string];
  /** Or when it is, by the simulator's own count. */
  when?: (before: Counters, now: Counters) => boolean;
  /** What is said has a figure, and another one from then on. */
  counts?: true;
  /** By the page's own button, below which it is said. */
  byHand?: true;
  /** In every run. */
  always?: true;
  /** The house goes on as another one, and its past is not comparable by name. */
  renames?: true;
}

const AWAY = /(Connecting to|Waiting for) Home Assistant[^.]*|Recording, fetching what was missed[^.]*/;
/** Of a line that is back before the next look, only that it broke is told. */
const LOST = { says: /[\d,]+ lost connections?/, where: 'kept', counts: true } as const;
const GOES_ON = /Recording\./;
const LAMP = 'light.hue_lamp';
/** The lamp is lit in another way than before, which is an event whatever the house does. */
const LIT = '!lit';
const broke: Fault['when'] = (before, now) => now.connections === 0 || now.connections_ever > before.connections_ever;
const refused: Fault['when'] = (before, now) => now.auth_failures > before.auth_failures;
const DEADLINE: Fault['evident'] = [24, 'a ping each 10 s, and 14 s without a byte after it'];
const PULSE: Fault['evident'] = [7, 'no sign of life for 7 s'];
const LATE: Fault['evident'] = [5, 'an answer that takes 5 s'];
const PING: Fault['evident'] = [15, 'a ping each 10 s, and 5 s without its answer'];
/** On the row of a part, or the one below it. */
const ofPart = (part: string, words: string): Pick<Fault, 'says' | 'where' | 'page'> => ({
  says: new RegExp(`${part} (?:healthy|late|not working|starting|waiting for you)(?:(?!never|once|times).)*(?:never|once|times) (?:(?!(?:never|once|times) ).)*?[iI]t ${words}`),
  where: 'parts',
  page: '#/system',
});

const FAULTS: Record<string, Fault> = {
  drop: { orders: ['drop'], ...LOST },
  cut: { orders: ['cut'], ...LOST, when: broke },
  away: { orders: ['away', 'drop'], says: AWAY, always: true },
  'half-open': { orders: ['half-open'], says: AWAY, evident: DEADLINE },
  throttle: { orders: ['throttle'], says: /Home Assistant takes \d+ s to answer[^.]*|Waiting for Home Assistant[^.]*/, evident: PING },
  flap: { orders: ['flap', 'drop'], says: AWAY },
  restart: { orders: ['restart'], says: AWAY, always: true },
  kill: { orders: ['kill'], says: AWAY },
  starting: { orders: ['!cause starting starting=20s'], says: AWAY },
  'restart-storm': { orders: ['!cause restart-storm times=2 every=12s'], says: AWAY },
  'token-revoked': { orders: ['token-revoked'], when: refused, says: /Not recording[.:] [^.]*[tT]oken[^.]*/, always: true },
  'no-admin': { orders: ['no-admin'], says: GOES_ON },
  'no-recorder': { orders: ['no-recorder', 'drop'], ...LOST },
  'slow-history': { orders: ['slow-history', 'drop'], ...LOST },
  swallow: {
    orders: ['swallow', `!set ${LAMP} on {"brightness": 1}`, `!set ${LAMP} off`, `!set ${LAMP} on {"brightness": 2}`],
    says: /\d+ events? that Home Assistant did not send/,
    where: 'kept',
    counts: true,
    always: true,
  },
  'type-flip': { orders: ['type-flip'], says: GOES_ON },
  rename: { orders: ['rename'], says: /\S+ is sensor\.kitchen_air now\./, where: 'noticed', renames: true },
  move: { orders: ['move'], says: /moved from [^.]+ to Bedroom\./, where: 'noticed', always: true },
  unit: { orders: ['unit', '!set sensor.garden_temperature 50 {"unit_of_measurement": "°F"}'], says: /the unit changed from °C to °F\./, where: 'noticed' },
  garbage: { orders: ['garbage'], says: /\d+ not understood, set aside/, where: 'chips', counts: true, always: true },
  storm: { orders: ['!cause storm per_second=40 lasting=5s attribute_bytes=200'], says: GOES_ON },
  'weather-down': { orders: ['weather-down'], says: /Weather ?late .*/, where: 'lamps' },
  'weather-slow': { orders: ['weather-slow'], says: /Weather ?late .*/, where: 'lamps', evident: [7, 'an answer that takes 7 s'] },
  'weather-429': { orders: ['weather-429'], says: /Weather ?late .*/, where: 'lamps' },
  'weather-units': { orders: ['weather-units'], says: GOES_ON },
  'influx-down': { orders: ['influx-down', LIT], says: /Recording, InfluxDB takes nothing[^]*safe on disk/, always: true },
  'influx-500': { orders: ['influx-500', LIT], says: /Recording, InfluxDB takes nothing[^]*safe on disk/ },
  'influx-slow': { orders: ['influx-slow', LIT], says: /Recording, InfluxDB is slow[^.]*/, evident: LATE },
  'bucket-dropped': { orders: ['bucket-dropped', LIT], says: /Recording, InfluxDB waits for you[^]*safe on disk/ },
  archive: { orders: ['archive', LIT], says: /Recording, store takes nothing[^]*safe on disk/ },
  'hang-store': { orders: ['hang-store'], ...ofPart('Archive', 'hung'), evident: PULSE },
  'hang-sink': { orders: ['hang-sink'], ...ofPart('InfluxDB', 'hung'), evident: PULSE, always: true },
  'hang-weather': { orders: ['hang-weather'], ...ofPart('Weather', 'hung'), evident: PULSE },
  'hang-reader': { orders: ['hang-reader'], ...ofPart('Home Assistant', 'hung'), evident: PULSE },
  'slow-log': { orders: ['slow-log', LIT], says: /log is degraded[.:] [iI]t has been writing[^.]*/, evident: PULSE },
  'slow-store': { orders: ['slow-store'], says: /it has been writing down what it was given[^.]*/, evident: [37, 'something is written each 30 s, and 7 s are slow'] },
  'panic-store': { orders: ['panic-store'], ...ofPart('Archive', 'panicked') },
  'panic-sink': { orders: ['panic-sink'], ...ofPart('InfluxDB', 'panicked') },
  'panic-weather': { orders: ['panic-weather'], ...ofPart('Weather', 'panicked') },
  'panic-reader': { orders: ['panic-reader'], ...ofPart('Home Assistant', 'panicked') },
  'panic-log': { orders: ['panic-log'], ...ofPart('On disk', 'panicked'), always: true },
  naive: { orders: ['naive'], byHand: true, says: /\d+ events? received, \d+ written, \d+ lost/, where: 'breaker' },
};

/** Of the simulator alone, which no word of the demonstration causes. */
const OF_THE_SIMULATOR: Record<string, Fault> = {
  'cut-each': { orders: ['!cause cut-each', 'drop'], says: AWAY },
  'bad-gateway': { orders: ['!cause bad-gateway', 'drop'], says: AWAY },
  ban: { orders: ['!cause ban', 'drop'], says: /(Not recording|Waiting for Home Assistant)[.:] [^.]*/ },
  'drop-on': { orders: ['!cause drop-on', 'drop'], says: AWAY },
  'refuse-command': { orders: ['!cause refuse-command command=get_states', 'drop'], says: AWAY },
  'ignore-command': { orders: ['!cause ignore-command command=get_states', 'drop'], says: AWAY },
  'id-reuse': { orders: ['!cause id-reuse'], says: GOES_ON },
  'slow-pong': { orders: ['!cause slow-pong by=8s'], says: /Home Assistant takes \d+ s to answer[^.]*/, evident: PING },
  bursts: { orders: ['!cause bursts every=1s'], says: GOES_ON },
  'single-frames': { orders: ['!cause single-frames'], says: GOES_ON },
  'odd-key-order': { orders: ['!cause odd-key-order'], says: GOES_ON },
  'unknown-keys': { orders: ['!cause unknown-keys'], says: GOES_ON },
  duplicate: { orders: ['!cause duplicate', LIT], says: GOES_ON },
  'large-attribute': { orders: ['!cause large-attribute bytes=4000000'], says: GOES_ON },
  'large-states': { orders: ['!cause large-states bytes=4000000', 'drop'], ...LOST },
  clock: { orders: ['!cause clock by=1h'], says: GOES_ON },
  remove: { orders: ['!cause remove entity=sensor.bedroom_humidity'], says: GOES_ON },
  swap: { orders: ['!cause swap from=sensor.bathroom_temperature to=sensor.bathroom_humidity'], says: /is sensor\.bathroom_\w+ now\./, where: 'noticed', renames: true },
  recreate: { orders: ['!cause recreate entity=sensor.office_temperature'], says: GOES_ON, renames: true },
  label: { orders: [`!cause label entity=${LAMP} label=energy`], says: /its labels changed from [^.]+ to [^.]+\./, where: 'noticed' },
  'same-instant': { orders: [`!cause same-instant entity=${LAMP}`], says: GOES_ON },
};

/** Whose story is told elsewhere: they end the program, or nothing is said of them before minutes have passed. */
const ELSEWHERE = ['hang-log', 'hang-disk', 'freezer', 'heal', 'token-restored'];
/** What the demonstration calls otherwise. */
const SAME = { token: 'token-revoked', silence: 'freezer' } as Record<string, string>;

const test = story.extend<object, { broken: Program }>({
  /** Of these stories alone: their marks stay on it. */
  broken: [
    async ({}, use) => {
      const program = await Program.start();
      await use(program);
      await program.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

interface Told {
  /** By the clock. */
  at: number;
  said: string;
}

/** Waits until the page says it (or does not any more), in other words than before. Null where that takes longer. */
async function shown(page: Page, says: RegExp, where: keyof typeof PLACES, timeout: number, { isThere = true, before = '' } = {}): Promise<Told | null> {
  const telling = page.waitForFunction(
    ([place, source, wanted, former]) => {
      const words = [...document.querySelectorAll<HTMLElement>(place)].map(({ innerText }) => innerText.replace(/\s+/g, ' '));
      const found = words.map((text) => new RegExp(source).exec(text)?.[0]).find((text) => text !== undefined && text !== former);
      return (found !== undefined) === wanted && { at: Date.now(), said: found ?? words.join(' ') };
    },
    [PLACES[where], says.source, isThere, before] as const,
    { polling: 'raf', timeout },
  );
  const told = await telling.catch(() => null);
  return (await told?.jsonValue()) || null;
}

const micros = (iso: string) => Date.parse(iso) * 1000 + Number(/\.\d{3}(\d{3})Z$/.exec(iso)?.[1] ?? 0);

interface Kept {
  entity_id: string;
  ts: string;
  origin: string;
}

/**
 * Every event that was fired since then and sent, or that history has, is kept once, or lies in a gap of which the page
 * says that something of it is missing. Answers with how many there were, and how many were had only afterwards.
 */
async function accounted(program: Program, since: number) {
  const api = async (path: string) => (await fetch(new URL(`api/v1/${path}`, program.url))).json();
  const from = new Date(since).toISOString();
  // Home Assistant's clock may be ahead of ours.
  let to = new Date(since + 86_400_000).toISOString();
  const kept = new Map<string, Kept[]>();
  for (let more = true; more; ) {
    const answer = await api(`events?type=state_changed&limit=1000&from=${from}&to=${to}`);
    for (const event of answer.events as Kept[]) {
      const key = `${event.entity_id} ${micros(event.ts)}`;
      kept.set(key, [...(kept.get(key) ?? []), event]);
    }
    more = answer.more;
    to = answer.events.at(-1)?.ts ?? to;
  }
  const { gaps } = await api('status');
  const missing = gaps.recent.filter(({ state }: { state: string }) => state === 'partly' || state === 'lost');
  const inGap = (at: number) => missing.some((gap: { from: string; to: string }) => micros(gap.from) <= at && at <= micros(gap.to));
  const fired = new Map<string, Fired[]>();
  for (const event of await program.ledger()) {
    if (event.last_updated / 1000 < since || !(event.delivered || event.in_history)) continue;
    const key = `${event.entity_id} ${event.last_updated}`;
    fired.set(key, [...(fired.get(key) ?? []), event]);
  }
  const afterwards = [...fired.keys()].filter((key) => kept.get(key)?.every(({ origin }) => origin !== 'live'));
  return {
    lost: [...fired].filter(([key, [one]]) => !kept.has(key) && !inGap(one!.last_updated)).map(([key]) => key),
    // What changed twice in one microsecond is there twice.
    twice: [...kept].filter(([key, rows]) => rows.length > (fired.get(key)?.length ?? 1)).map(([key]) => key),
    afterwards: afterwards.length,
  };
}

/** Events that are there only since they were asked for afterwards, as the page says. */
async function fetched(page: Page): Promise<number> {
  const said = await page.locator(PLACES.kept).innerText();
  const [, count] = /(One|[\d,]+) events? kept/.exec(said) ?? [];
  return count === 'One' ? 1 : Number(count?.replaceAll(',', '') ?? 0);
}

let brightness = 10;
async function give(program: Program, order: string) {
  if (order === LIT) await program.order(`set ${LAMP} on {"brightness": ${++brightness}}`);
  else if (order.startsWith('!')) await program.order(order.slice(1));
  else await program.cause(order);
}

test('every fault that there is has its row', async ({ broken }) => {
  const words = (await (await fetch(new URL('api/v1/demo/faults', broken.url))).json()).faults.map(({ name }: { name: string }) => name);
  expect([...Object.keys(FAULTS), ...ELSEWHERE].sort()).toEqual(words.sort());
  const ofSimulator = (await broken.order('faults')).map((line) => line.split(' ')[0]!);
  const known = new Set([...words, ...Object.keys(OF_THE_SIMULATOR)]);
  expect(ofSimulator.filter((name) => !known.has(SAME[name] ?? name))).toEqual([]);
});

const told = Object.entries({ ...FAULTS, ...OF_THE_SIMULATOR }).filter(([, fault]) => ALL || fault.always);
for (const [name, fault] of told) {
  const { orders, page: at = '', evident: [silent, because] = [0, ''] } = fault;
  test(`${name}: the page says it in time, and what was fired was kept`, async ({ page, broken, watched }) => {
    test.setTimeout(300_000);
    watched.allowSilence();
    await page.goto(broken.url);
    await expect(sentence(page)).toHaveText(/^Recording\./, { timeout: WELL_MS });
    const fetchedBefore = await fetched(page);
    await page.goto(`${broken.url}${at}`);
    const { says, where = 'sentence' } = fault;
    const isQuiet = says === GOES_ON;
    let before = '';
    if (fault.counts) before = says.exec(await page.locator(PLACES[where]).innerText())?.[0] ?? '';
    else expect(await shown(page, says, where, 10_000, { isThere: isQuiet }), 'it is not said before').not.toBeNull();

    const since = Date.now() - 1000;
    const telling = shown(page, says, where, isQuiet ? QUIET_MS : (silent + 30) * 1000, { isThere: !isQuiet, before });
    const counters = await broken.counters();
    const began = Date.now();
    if (fault.byHand) await breakIt(page, name);
    else for (const order of orders) await give(broken, order);
    while (fault.when && !fault.when(counters, await broken.counters())) await page.waitForTimeout(50);
    const evident = Date.now() + silent * 1000;
    const told = await telling;
    if (isQuiet) {
      expect(told, 'the sentence while nothing is wrong with what is recorded').toBeNull();
      console.log(`| ${name} | Recording. | – | – | – |`);
    } else {
      expect(told, `what the page says: ${await page.locator('main').innerText()}`).not.toBeNull();
      const [fromCause, fromEvidence] = [began, evident].map((from) => (told!.at - from) / 1000) as [number, number];
      console.log(`| ${name} | ${told!.said.slice(0, 160)} | ${fromCause.toFixed(1)} | ${fromEvidence.toFixed(1)} | ${because || 'at once'} |`);
      expect(fromEvidence, `seconds from when it is evident to "${told!.said}"`).toBeLessThan(TRUE_WITHIN_S);
    }
    await broken.cause('heal');
    await page.goto(broken.url);
    await expect(sentence(page)).toHaveText(/^Recording\./, { timeout: WELL_MS });
    if (fault.renames) return;
    await expect(async () => {
      const { lost, twice, afterwards } = await accounted(broken, since);
      expect(lost, 'fired, and neither kept nor in a gap that says so').toEqual([]);
      expect(twice, 'kept more often than it was fired').toEqual([]);
      expect((await fetched(page)) - fetchedBefore, 'events that the page says were fetched, by the ledger').toBe(afterwards);
    }).toPass({ timeout: 30_000 });
  });
}
