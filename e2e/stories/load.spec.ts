/**
 * A thousand events a second with the page open, for ten minutes, in a whole run (`cargo xtask soak`) alone: it wants the machine
 * and an optimised program for itself. What it costs the page and the program is printed; neither grows.
 */

import { readFile } from 'node:fs/promises';
import type { CDPSession, Page } from '@playwright/test';
import { Program } from './program';
import { expect, lamps, sentence, test } from './story';

const PER_SECOND = 1000;
const SECONDS = 600;
/** Until everything that comes once is there: fifty new entities, the first lists, the first files. */
const SETTLED_S = 15;
/** Between two looks; the page's memory is collected before each. */
const LOOK_S = SECONDS / 15;
/** What is held at last may be so much more than what was at first, by the line through all looks. */
const GROWTH = { page: 0.15, program: 0.35 };
/** Of what was fired while it was looked at, how much came over the line meanwhile: else it is no load. */
const CAME = 0.9;
/** Of the time, how much may be used: a page that has less than that left over does not follow a finger. */
const PAGE_BUSY = 0.6;
const PAGE_BYTES = 48 << 20;
const PROGRAM_BYTES = 256 << 20;

interface Look {
  s: number;
  /** Bytes. */
  page: number;
  program: number;
  /** Seconds of a processor so far. */
  pageBusy: number;
  programBusy: number;
}

async function look(cdp: CDPSession, { pid }: Program, began: number): Promise<Look> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? NaN;
  const [status, stat] = await Promise.all(['status', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')));
  const ticks = stat!.slice(stat!.lastIndexOf(') ') + 2).split(' ').slice(11, 13).map(Number); // user and system, 10 ms each
  return {
    s: (performance.now() - began) / 1000,
    page: metric('JSHeapUsedSize'),
    program: Number(/VmRSS:\s+(\d+)/.exec(status!)?.[1]) * 1024,
    pageBusy: metric('TaskDuration'),
    programBusy: ticks.reduce((sum, each) => sum + each, 0) / 100,
  };
}

/** By how much of itself it grew from the first look to the last, by the line that fits all of them best. */
function growth(looks: Look[], of: 'page' | 'program'): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, is] = [mean(looks.map(({ s }) => s)), mean(looks.map((one) => one[of]))];
  const slope = mean(looks.map((one) => (one.s - at) * (one[of] - is))) / mean(looks.map(({ s }) => (s - at) ** 2));
  return (slope * (looks.at(-1)!.s - looks[0]!.s)) / is;
}

if (process.env.HEARTHLINE_SOAK !== undefined) {
  test('a thousand events a second with the page open: neither page nor program grows, and every event is kept', async ({ page, watched }, testInfo) => {
    test.setTimeout((SECONDS + 240) * 1000);
    const program = await Program.recording(testInfo.outputPath('data'));
    try {
      await underLoad(page, program);
    } finally {
      watched.allowSilence();
      await program.kill();
    }
  });
}

async function underLoad(page: Page, program: Program) {
  await page.goto(program.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }); // not the time that it waits for a processor
  const firedBefore = (await program.counters()).fired;
  await program.order(`cause storm per_second=${PER_SECOND} lasting=${SECONDS + SETTLED_S}s attribute_bytes=200`);
  await page.waitForTimeout(SETTLED_S * 1000);

  const received = async (): Promise<number> => (await (await fetch(new URL('api/v1/status', program.url))).json()).events.received;
  const counted = async () => ({ fired: (await program.counters()).fired, received: await received() });
  const before = await counted();
  const began = performance.now();
  const looks = [await look(cdp, program, began)];
  while (looks.at(-1)!.s < SECONDS) {
    await page.waitForTimeout(LOOK_S * 1000);
    looks.push(await look(cdp, program, began));
    await expect(lamps(page).first(), 'it follows').toContainText('listening');
  }
  await expect(sentence(page)).toHaveText(/^Recording/);

  const after = await counted();
  expect(after.received - before.received).toBeGreaterThan(CAME * (after.fired - before.fired));

  const [first, last] = [looks[0]!, looks.at(-1)!];
  const lasted = last.s - first.s;
  const mib = (bytes: number) => (bytes / (1 << 20)).toFixed(1);
  const busy = (of: 'pageBusy' | 'programBusy') => (last[of] - first[of]) / lasted;
  const per = async () => ((await program.counters()).fired - firedBefore) / (SETTLED_S + lasted);
  console.log(`| for ${lasted.toFixed(0)} s, ${(await per()).toFixed(0)} events/s | first | last | growth | processor |`);
  console.log(`| page | ${mib(first.page)} MiB | ${mib(last.page)} MiB | ${(100 * growth(looks, 'page')).toFixed(1)}% | ${(100 * busy('pageBusy')).toFixed(0)}% |`);
  console.log(`| program | ${mib(first.program)} MiB | ${mib(last.program)} MiB | ${(100 * growth(looks, 'program')).toFixed(1)}% | ${(100 * busy('programBusy')).toFixed(0)}% |`);
  expect(growth(looks, 'page'), 'the page’s memory').toBeLessThan(GROWTH.page);
  expect(growth(looks, 'program'), 'the program’s memory').toBeLessThan(GROWTH.program);
  expect(last.page).toBeLessThan(PAGE_BYTES);
  expect(last.program).toBeLessThan(PROGRAM_BYTES);
  expect(busy('pageBusy'), 'of the time, how much the page was busy').toBeLessThan(PAGE_BUSY);

  // Every event that was fired is there; where the line did not hold on a busy machine, it was fetched.
  await expect(async () => {
    const { fired } = await program.counters();
    const { events, sinks, gaps } = await (await fetch(new URL('api/v1/status', program.url))).json();
    expect(gaps).toMatchObject({ open: 0, partly: 0, lost: 0 });
    expect(events.logged).toBeGreaterThanOrEqual(fired - firedBefore);
    for (const { name, pending } of sinks) expect(pending, name).toBeLessThan(60_000); // what is not in files yet
  }).toPass({ timeout: 120_000 });
}
