/** What the program says of itself as it comes, and an incident told afterwards with what a person wrote down. */

import { look } from './look';
import { expect, sentence, showToken, test, tokenOf } from './story';

test('a break is told as it comes, by part, level and text, and is told afterwards with a note', async ({
  page,
  ownProgram,
  watched,
}, testInfo) => {
  test.setTimeout(240_000);
  watched.allowRefusal();
  await page.goto(`${ownProgram.url}#/logs`);
  await expect(sentence(page)).toHaveText('Logs');
  const lines = page.getByRole('list', { name: 'Lines, the newest first' }).getByRole('listitem');
  await expect(lines.filter({ hasText: 'has let us in' })).not.toHaveCount(0, { timeout: 30_000 });

  await page.getByLabel('Part').selectOption('home_assistant');
  await page.getByLabel('Level').selectOption('warn');
  await ownProgram.cause('drop');
  const broken = lines.filter({ hasText: 'trying again' });
  await expect(broken).not.toHaveCount(0, { timeout: 60_000 });
  await page.getByLabel('Text').fill('no such words');
  await expect(lines).toHaveCount(0);
  await page.getByLabel('Text').fill('TRYING again');
  await expect(broken).not.toHaveCount(0);
  await look(page, 'logs');

  await page.getByRole('button', { name: 'Pause' }).click();
  const before = await lines.count();
  await ownProgram.cause('drop');
  await expect(page.getByText('more since you paused')).toBeVisible({ timeout: 60_000 });
  expect(await lines.count()).toBe(before);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => lines.count()).toBeGreaterThan(before);

  await page.getByRole('link', { name: 'report of an incident' }).click();
  await expect(sentence(page)).toHaveText('Report of an incident');
  const report = page.getByLabel('The report');
  await expect(report).toContainText('## What was lost', { timeout: 30_000 });
  const notes = page.getByRole('region', { name: 'Notes' });
  await notes.getByLabel('What you saw or did').fill('pulled the cable twice');
  await notes.getByRole('button', { name: 'Write it down' }).click();
  await showToken(notes, await tokenOf(testInfo));
  await expect(notes.getByRole('listitem').filter({ hasText: 'pulled the cable twice' })).toHaveCount(1);
  await expect(report).toContainText('pulled the cable twice');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Save it as Markdown' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^2.*-incident\.md$/);
  await page.getByRole('button', { name: 'Send it' }).click();
  await expect(page.getByText('phone-simulated has taken it.')).toBeVisible({ timeout: 30_000 });
  await look(page, 'report');
});
