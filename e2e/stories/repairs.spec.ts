/** Repairs from the page: the plan, the doing, the receipt; what is shown is what the program's API says. */

import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { look } from './look';
import { ask, expect, more, sentence, showToken, test, tokenOf } from './story';

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

interface Done {
  says: string;
}
interface Receipt {
  id: string;
  plan: { repair: string; finding: string; steps: unknown[] };
  state: string;
  steps: { done: Done | null; undone: Done | null }[];
  verified: Done | null;
}

async function receiptsOf(request: APIRequestContext, url: string): Promise<Receipt[]> {
  return (await ask(request, url, 'repairs')).receipts;
}

/** One that was under way when the page looked is unfolded already. */
async function unfold(receipt: Locator) {
  const isOpen = await receipt.evaluate((details: HTMLDetailsElement) => details.open);
  if (!isOpen) await receipt.locator('summary').click();
}

test('what an older program wrote as text is copied, by who has the token, with a receipt, and can be taken back', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(400_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await more(page, 'Repairs').click();
  await expect(sentence(page)).toHaveText('Repairs');
  await expect(receipts(page)).toContainText('Nothing was repaired yet.');
  await kinds(page).getByText('schema', { exact: true }).click();
  await kinds(page).getByRole('button', { name: 'What would be done?' }).filter({ visible: true }).click();
  const plan = kinds(page).getByRole('article', { name: /^schema/ });
  await expect(plan).toContainText('attr_brightness', { timeout: 120_000 });
  await look(page, 'repairs-plan');

  await plan.getByRole('button', { name: 'Repair', exact: true }).click();
  await showToken(plan, await tokenOf(testInfo));
  const receipt = receipts(page).getByRole('group').first();
  await expect(receipt).toContainText('mended', { timeout: 120_000 });
  await unfold(receipt);
  const [done] = await receiptsOf(request, ownProgram.url);
  expect(done?.plan.repair).toBe('schema');
  await expect(receipt).toContainText(done?.id ?? '?');
  await expect(receipt.getByRole('listitem')).toHaveCount(done?.steps.length ?? 0);
  const has = (says: string) => expect(receipt).toContainText(says.slice(1)); // it begins with a capital letter
  for (const step of done?.steps ?? []) await has(step.done?.says ?? '?');
  await has(done?.verified?.says ?? '?');
  await look(page, 'repairs-receipt');

  await receipt.getByRole('button', { name: 'Take back …' }).click();
  await receipt.getByRole('button', { name: 'Yes, take it back' }).click();
  // A whole measurement is written again: how that ends is told where it is quicker, in tests of the repair itself.
  await expect(receipt).toContainText('being taken back', { timeout: 60_000 });
  await expect(receipt, 'how far the step is').toContainText(/[\d,.]+ (of [\d,.]+ )?rows|taken back,/, { timeout: 120_000 });
  const [undoing] = await receiptsOf(request, ownProgram.url);
  expect(['undoing', 'undone']).toContain(undoing?.state);
  await look(page, 'repairs-undo');
});

test('the connection is made again when a person wants it', async ({ page, ownProgram, request, watched }, testInfo) => {
  test.setTimeout(120_000);
  watched.allowRefusal();
  await page.goto(`${ownProgram.url}#/repairs`);
  const plan = await planConnection(page);
  await expect(plan).toContainText('The connection to Home Assistant is up since');
  await expect(plan).toContainText('There is nothing to take back afterwards.');
  await plan.getByRole('button', { name: 'Repair', exact: true }).click();
  await showToken(plan, await tokenOf(testInfo));
  const receipt = receipts(page).getByRole('group').first();
  await expect(receipt).toContainText('mended', { timeout: 60_000 });
  const [done] = await receiptsOf(request, ownProgram.url);
  await unfold(receipt);
  await expect(receipt).toContainText(done?.id ?? '?');
  await expect(receipt.getByRole('button', { name: 'Take back …' })).toHaveCount(0);
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
