/** Repairs from the page: the plan, the doing, the receipt; what is shown is what the program's API says. */

import { readFile } from 'node:fs/promises';
import type { Page, TestInfo } from '@playwright/test';
import { expectAccessible, expectLegible, expectNothingSideways, picture } from './look';
import { expect, test } from './story';

const receipts = (page: Page) => page.getByRole('region', { name: 'Receipts' });
const kinds = (page: Page) => page.getByRole('region', { name: 'What can be repaired' });
/** What would be done about the connection, as it is asked for on the page. */
async function planConnection(page: Page) {
  await kinds(page).getByText('connection', { exact: true }).click();
  await kinds(page).getByRole('button', { name: 'What would be done?' }).first().click();
  const plan = kinds(page).getByRole('article', { name: 'connection' });
  await expect(plan.getByRole('listitem')).toHaveCount(1);
  return plan;
}
const tokenOf = (testInfo: TestInfo) => readFile(`${testInfo.outputPath('data')}/secrets/api_token`, 'utf8');

test('a repair is planned, done by who has the token, and leaves a receipt that says what the program says', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(180_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await page.getByRole('region', { name: 'System' }).getByRole('link', { name: 'Repairs' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Repairs');
  await expect(page.getByText('Nothing that a repair would mend.')).toBeVisible();
  await expect(receipts(page)).toContainText('Nothing was repaired yet.');

  const plan = await planConnection(page);
  await expect(plan).toContainText('the connection to Home Assistant is up since');
  await expect(plan).toContainText('There is nothing to take back afterwards.');
  for (const [width, colorScheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await expectLegible(page.locator('main'));
    await expectAccessible(page);
    await picture(page, `repairs-plan-${width}-${colorScheme}`);
  }
  await plan.getByRole('button', { name: 'Repair', exact: true }).click();
  await plan.getByLabel(/^Only who has this program’s token/).fill(await tokenOf(testInfo));
  await plan.getByRole('button', { name: 'Go on' }).click();

  const receipt = receipts(page).getByRole('group').first();
  await expect(receipt).toContainText('mended', { timeout: 60_000 });
  await receipt.getByText('connection').first().click();
  const { receipts: all } = await (await request.get(new URL('api/v1/repairs', ownProgram.url).href)).json();
  expect(all).toHaveLength(1);
  await expect(receipt).toContainText(all[0].id);
  await expect(receipt).toContainText(all[0].steps[0].done.says);
  await expect(receipt).toContainText(all[0].verified.says);
  await expect(receipt.getByRole('button', { name: 'Take back …' })).toHaveCount(0);
  await expectAccessible(page);
  for (const [width, colorScheme] of [[390, 'dark'], [1280, 'light']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await expectLegible(page.locator('main'));
    await picture(page, `repairs-receipt-${width}-${colorScheme}`);
  }
});

test('where data is taken away nothing is done before its name is typed', async ({ page, program }) => {
  // The program's own plan, which takes nothing away, with such a question.
  await page.route('**/api/v1/repairs/plan', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), confirm: 'home_assistant_events' } });
  });
  const sent: unknown[] = [];
  await page.route('**/api/v1/repairs', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    sent.push(route.request().postDataJSON());
    await route.fulfill({ json: { id: 'as-asked' } });
  });
  await page.goto(`${program.url}#/repairs`);
  const plan = await planConnection(page);
  const repair = plan.getByRole('button', { name: 'Repair', exact: true });
  await expect(repair).toBeDisabled();
  const field = plan.getByLabel('Data is taken away. To go on, type home_assistant_events:');
  await field.fill('home_assistant');
  await expect(repair).toBeDisabled();
  await field.press('Enter');
  expect(sent).toEqual([]);
  await field.fill('home_assistant_events');
  await repair.click();
  await expect(plan).toContainText('Begun: see its receipt.');
  expect(sent).toEqual([{ repair: 'connection', options: {}, confirm: 'home_assistant_events' }]);
});
