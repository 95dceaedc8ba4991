import type { Page } from '@playwright/test';
import { expectLegible, expectNothingSideways, picture } from './look';
import { breakIt, chart, entities, expect, lamps, search, sentence, test } from './story';

/** The first call is made at the start, the next ones each half a minute. */
const ASKED_MS = 90_000;
const KITCHEN = { unit_of_measurement: '°C', device_class: 'temperature', state_class: 'measurement', friendly_name: 'Kitchen temperature' };

const lamp = (page: Page) => lamps(page).filter({ hasText: /^Weather/ });
const card = (page: Page) => page.getByRole('article', { name: 'Weather' });
/** The figure beside a name. */
const figure = (page: Page, name: string) =>
  card(page).locator('div', { has: page.getByText(name, { exact: true }) }).last().getByRole('definition');

test('the weather is asked for, says whose it is, and rows have it', async ({ page, program }) => {
  test.slow(); // waits for the service to be asked
  await page.goto(program.url);
  await expect(lamp(page)).toContainText('up to date', { timeout: ASKED_MS });
  await expect(lamp(page)).toContainText(/\d °C, .+ ago/);
  await lamp(page).getByRole('link').click();
  await expect.poll(async () => Number(await figure(page, 'Calls').innerText()), { timeout: ASKED_MS }).toBeGreaterThan(0);
  await expect(figure(page, 'Failed calls')).toHaveText('0');
  await expect(figure(page, 'Today')).toHaveText(/^\d+ of [\d,.]+$/);
  await expect(card(page)).toContainText('Open-Meteo, simulated');
  const owed = card(page).getByRole('link', { name: /Open-Meteo/ });
  await expect(owed).toHaveAttribute('href', 'https://open-meteo.com/');

  await page.goto(`${program.url}#/`);
  await search(page).fill('kitchen_temperature');
  await entities(page).getByRole('link').click();
  await expect(sentence(page)).toHaveText('Kitchen temperature');
  await expect(page.getByRole('button', { name: 'Outdoors' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByText('The temperature outdoors')).toBeVisible();
  await expect(page.getByRole('region', { name: 'History' }).getByRole('link', { name: /Open-Meteo/ })).toBeVisible();
  for (const warmth of ['20.1', '20.2']) await program.order(`set sensor.kitchen_temperature ${warmth} ${JSON.stringify(KITCHEN)}`);
  const rows = page.getByRole('table').getByRole('row');
  await expect(rows.first()).toContainText('Outdoors');
  await expect(rows.nth(1)).toContainText(/°C.*\d °C/s);

  await page.getByRole('button', { name: 'Outdoors' }).click();
  await expect(page.getByText('The temperature outdoors')).toBeHidden();
  await expect(chart(page)).toBeVisible();
});

test('a weather service that is down is said, with the reason, and so is its return', async ({ page, ownProgram }) => {
  test.slow(); // takes pictures of the whole page
  await page.goto(ownProgram.url);
  await expect(lamp(page)).toContainText('up to date', { timeout: ASKED_MS });
  await breakIt(page, 'weather-down');
  await expect(lamp(page)).toContainText('late', { timeout: ASKED_MS });
  await expect(lamp(page)).toContainText(/cannot be asked|gave no answer/);
  await expect(sentence(page), 'events are recorded as before').toHaveText(/^Recording/);
  await lamp(page).getByRole('link').click();
  await expect(figure(page, 'Failed calls')).not.toHaveText('0');
  for (const [width, colorScheme] of [[390, 'light'], [1280, 'dark']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await expectLegible(page.locator('main'));
    await picture(page, `weather-down-${width}-${colorScheme}`);
  }

  await page.goto(`${ownProgram.url}#/`);
  await breakIt(page, 'heal');
  await expect(lamp(page)).toContainText('up to date', { timeout: ASKED_MS });
});
