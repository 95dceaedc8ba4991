/** Maintenance: a banner on every page, people told before and after, and what they were told. */

import type { Page } from '@playwright/test';
import { look } from './look';
import { ask, expect, showToken, test, tokenOf } from './story';

const banner = (page: Page) => page.getByText(/^Maintenance until /);
const maintenance = (page: Page) => page.getByRole('region', { name: 'Maintenance' });
const phone = (page: Page) => page.getByRole('article', { name: 'phone-simulated' });

test('maintenance is begun and ended on the page, shown on every page, and people are told', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(120_000);
  watched.allowRefusal();
  await page.goto(`${ownProgram.url}#/alerts`);
  await expect(banner(page)).toHaveCount(0);
  await maintenance(page).getByLabel('What for').fill('new disk');
  await maintenance(page).getByRole('button', { name: 'Begin maintenance' }).click();
  await showToken(maintenance(page), await tokenOf(testInfo));
  await expect(banner(page)).toContainText('(new disk): what goes wrong is recorded and told to nobody.');
  expect((await ask(request, ownProgram.url, 'status')).maintenance.why).toBe('new disk');
  await look(page, 'maintenance');
  await page.goto(`${ownProgram.url}#/`);
  await expect(banner(page)).toBeVisible();
  await banner(page).getByRole('link', { name: 'Look at it' }).click();

  await maintenance(page).getByRole('button', { name: 'End it now' }).click();
  await expect(banner(page)).toHaveCount(0);
  await expect(maintenance(page)).toContainText('Nothing went wrong meanwhile.');
  await expect(phone(page)).toContainText('2 told.');
  await phone(page).getByText('The last messages').click();
  await expect(phone(page).getByRole('listitem').first()).toContainText('Hearthline: maintenance is over');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(page.getByText('phone-simulated has taken it.')).toBeVisible();
  await look(page, 'told');
});
