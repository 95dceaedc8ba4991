/** The places that everything is delivered to: what their pages say is what the program's API says. */

import type { APIRequestContext, Page } from '@playwright/test';
import { expectAccessible, expectNothingSideways, look, picture } from './look';
import { ask, breakIt, expect, lamps, MET_MS, sentence, test } from './story';

const INFLUXDB = 'influxdb-simulated';

const lamp = (page: Page) => lamps(page).filter({ hasText: /^InfluxDB/ });
const region = (page: Page, name: string) => page.getByRole('region', { name });
/** The figure beside a name. */
const figure = async (page: Page, name: string) => {
  const row = region(page, 'Events').locator('div', { has: page.getByText(name, { exact: true }) }).last();
  return Number((await row.getByRole('definition').innerText()).replace(/[^\d]/g, ''));
};

interface Report {
  sink: { state: string; delivered: number; filtered: number; quarantined: number; lag_events: number; last_error: string };
  server: { conflicts: { field: string; goes_to: string; rows: number; server: string[] }[]; cardinality: { series: number } };
}

async function reported(request: APIRequestContext, url: string): Promise<Report> {
  return ask(request, url, `sinks/${INFLUXDB}`);
}

test('the lamp leads to the page of its place, which says what the API says', async ({ page, program, request }) => {
  test.setTimeout(180_000); // until a lamp was dimmed
  await page.goto(program.url);
  await expect(lamp(page)).toContainText('up to date');
  await lamp(page).getByRole('link', { name: 'InfluxDB' }).click();
  await expect(sentence(page)).toHaveText('InfluxDB');
  await expect(page.getByText('InfluxDB has everything.')).toBeVisible();
  await expect(region(page, 'Last error')).toContainText('None since the program started.');
  await expect(region(page, 'Set aside')).toContainText('Nothing.');

  const conflicts = region(page, 'Fields of another type');
  await expect(conflicts).toContainText('mapped: nothing is lost', { timeout: MET_MS });
  const [conflict] = (await reported(request, program.url)).server.conflicts;
  expect(conflict).toMatchObject({ field: 'attr_brightness', goes_to: 'attr_brightness_num', server: ['text'] });
  const row = conflicts.getByRole('row').filter({ hasText: 'attr_brightness' });
  await expect(row).toContainText('attr_brightness_num');
  await expect(row).toContainText('text');

  // Read between two looks at the API, while more is delivered: the page is in between, or a little older than the first.
  await expect(async () => {
    const before = await reported(request, program.url);
    await page.waitForTimeout(2500);
    const shown = await figure(page, 'Kept there');
    const after = await reported(request, program.url);
    expect(shown).toBeGreaterThanOrEqual(before.sink.delivered);
    expect(shown).toBeLessThanOrEqual(after.sink.delivered);
    expect(await figure(page, 'Set aside')).toBe(after.sink.quarantined);
  }).toPass();

  const cost = region(page, 'What it costs the server');
  await expect(cost).toContainText('No limit is near.');
  await expect(cost).toContainText('Series');

  await page.getByRole('link', { name: 'The house' }).click();
  await expect(lamps(page).first()).toBeVisible();
});

test('the server’s fields are read again for who shows the token', async ({ page, program, watched }) => {
  watched.allowRefusal();
  await page.goto(`${program.url}#/place/${INFLUXDB}`);
  await page.getByRole('button', { name: 'Read the server’s fields again' }).click();
  await expect(page.getByText('Only who has this program’s token may do that.')).toBeVisible();
});

for (const [fault, says, words] of [
  ['influx-500', 'It answers and cannot take anything now.', /HTTP 500/],
  ['influx-down', 'Nobody answers there', /connect|refused|answer/i],
] as const) {
  test(`${fault}: the lamp and the page say how many events wait, safe on disk, and what the server says`, async ({
    page,
    ownProgram,
    request,
  }) => {
    test.setTimeout(180_000);
    await page.goto(ownProgram.url);
    await expect(lamp(page)).toContainText('up to date');
    await breakIt(page, fault);
    await expect(lamp(page)).toContainText(/behind by [\d,.]+ events? \(\d+ (s|min)\)/, { timeout: 60_000 });
    await expect(lamp(page)).toContainText('safe on disk');
    await expect(sentence(page), 'events are recorded as before').toHaveText(/^Recording/);

    await lamp(page).getByRole('link').click();
    await expect(page.getByText(/InfluxDB is behind by [\d,.]+ events? .*safe on disk/)).toBeVisible();
    const error = region(page, 'Last error');
    await expect(error).toContainText(says);
    await expect(error).toContainText(words);
    await expect(async () => {
      const before = await reported(request, ownProgram.url);
      await page.waitForTimeout(2500);
      const shown = Number(/behind by ([\d,.]+) event/.exec(await page.locator('main').innerText())?.[1]?.replace(/\D/g, ''));
      const after = await reported(request, ownProgram.url);
      expect(shown).toBeGreaterThanOrEqual(before.sink.lag_events);
      expect(shown).toBeLessThanOrEqual(after.sink.lag_events);
      expect(await error.locator('pre').innerText()).toBe(after.sink.last_error);
    }).toPass();
    await look(page, `place-${fault}`);

    await page.goto(ownProgram.url);
    for (const [width, colorScheme] of [[390, 'light'], [1280, 'dark']] as const) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      for (const one of await lamps(page).all()) await expect(one).toBeInViewport({ ratio: 1 });
      await expectNothingSideways(page);
      await picture(page, `house-${fault}-${width}-${colorScheme}`);
    }
    await breakIt(page, 'heal');
    await expect(lamp(page)).toContainText('up to date', { timeout: 60_000 });
  });
}

test('the archive has a page too, and a place that is not there says so', async ({ page, program, watched }) => {
  watched.allowAbsence();
  await page.goto(`${program.url}#/place/store`);
  await expect(sentence(page)).toHaveText('Archive');
  await expect(region(page, 'Fields of another type')).toHaveCount(0);
  await expectAccessible(page);
  await page.goto(`${program.url}#/place/cellar`);
  await expect(page.getByText(/no sink is called "cellar"|names no such place/)).toBeVisible();
});
