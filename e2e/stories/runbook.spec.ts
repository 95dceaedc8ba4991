/** The runbook from the page: the lines, the doing, the report; what is shown is what the program's API says. */

import { readFile } from 'node:fs/promises';
import { look } from './look';
import { ask, expect, sentence, showToken, test, tokenOf } from './story';

test('the runbook is begun by who has the token, each line is ticked, and its report is saved', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(400_000);
  watched.allowRefusal();
  // Two minutes of watching are told elsewhere.
  await page.route('**/api/v1/runbook', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.continue({ postData: JSON.stringify({ monitor_s: 5 }) });
  });
  await page.goto(`${ownProgram.url}#/runbook`);
  await expect(sentence(page)).toHaveText('Runbook');
  await expect(page.getByRole('region', { name: 'The last run' })).toContainText('It was never applied.');
  const plan = page.getByRole('region', { name: 'What would be done now' });
  await expect(plan.getByRole('listitem').first()).toContainText('Write down how everything is', { timeout: 120_000 });
  await plan.getByRole('button', { name: 'Begin …' }).click();
  await plan.getByRole('button', { name: 'Yes, begin' }).click();
  await showToken(plan, await tokenOf(testInfo));
  const run = page.getByRole('region', { name: 'The last run' });
  await expect(run).toContainText('It is under way.', { timeout: 60_000 });
  const save = run.getByRole('link', { name: 'Save its report' });
  await expect(save).toBeVisible({ timeout: 240_000 });
  const { last } = await ask(request, ownProgram.url, 'runbook');
  expect(last.outcome).not.toBe('failed');
  await expect(run).toContainText(last.verdict.slice(1).trim());
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  expect(download.suggestedFilename()).toBe(last.report);
  expect(await readFile(await download.path(), 'utf8')).toContain('## Data lost');
  await look(page, 'runbook');
});
