/** A backup, taken and rehearsed from the page; what is shown is what the program's API says. */

import type { Page } from '@playwright/test';
import { look } from './look';
import { ask, expect, more, showToken, test, tokenOf } from './story';

const newest = (page: Page) => page.getByRole('region', { name: 'The newest' });
const all = (page: Page) => page.getByRole('region', { name: 'All that are kept' });

test('who has the token backs the house up and rehearses that, while it is recorded', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(240_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await more(page, 'Backup').click();
  await expect(newest(page)).toContainText('There is none yet.');
  await newest(page).getByRole('button', { name: 'Back up now' }).click();
  await showToken(newest(page), await tokenOf(testInfo));
  await expect(all(page).getByText('not rehearsed')).toBeVisible({ timeout: 90_000 });
  const [backup] = (await ask(request, ownProgram.url, 'backups')).backups;
  expect(backup.damaged).toEqual([]);
  await expect(newest(page)).toContainText(`${backup.log.events_total.toLocaleString('en-US')} events`);

  await all(page).getByText('not rehearsed').click();
  await all(page).getByRole('button', { name: `Rehearse the backup ${backup.name}` }).click();
  await expect(all(page).getByText('rehearsed: equal')).toBeVisible({ timeout: 120_000 });
  const rehearsed = (await ask(request, ownProgram.url, 'backups')).backups[0].rehearsed;
  expect(rehearsed.equal).toBe(true);
  await expect(all(page)).toContainText(rehearsed.says);
  await expect(all(page)).toContainText(`hearthline restore ${backup.name}`);
  await look(page, 'backup');
});
