/** Whether an event gets through, asked from the page; what is shown is what the program's API says. */

import type { APIRequestContext, Page } from '@playwright/test';
import { look } from './look';
import { ask, breakIt, expect, more, sentence, showToken, test, tokenOf } from './story';

const last = (page: Page) => page.getByRole('region', { name: 'The last time' });
const legs = (page: Page) => last(page).getByRole('list', { name: 'Legs' }).getByRole('listitem');

interface Verified {
  id: string;
  outcome: string;
  says: string;
  passages: { part: string; outcome: string }[];
}

async function newest(request: APIRequestContext, url: string): Promise<Verified | undefined> {
  return (await ask(request, url, 'verify')).results[0];
}

test('a canary is followed by who has the token, leg by leg, and what is in its way is named', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(240_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await expect(sentence(page), 'the weather is there too').toHaveText(/^Recording\./);
  await more(page, 'Verify').click();
  await expect(last(page)).toContainText('Nothing was verified yet.');
  await last(page).getByRole('button', { name: 'Verify now' }).click();
  await showToken(last(page), await tokenOf(testInfo));
  await expect(legs(page).first()).toBeVisible({ timeout: 90_000 });
  const first = await newest(request, ownProgram.url);
  await expect(last(page)).toContainText(first?.says ?? '?');
  expect(first?.outcome).toBe('passed');
  await expect(legs(page)).toHaveCount(first?.passages.length ?? 0);
  await expect(legs(page).filter({ hasText: 'arrived' })).toHaveCount(first?.passages.length ?? 0);
  await look(page, 'verify-passed');

  await page.goto(ownProgram.url);
  await breakIt(page, 'no-admin');
  await more(page, 'Verify').click();
  const begun = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/api/v1/verify'));
  await last(page).getByRole('button', { name: 'Verify now' }).click();
  expect((await begun).ok(), 'it is known who asks').toBe(true);
  await expect(last(page)).toContainText('the token is not an administrator’s'.replace('’', "'"), { timeout: 120_000 });
  const second = await newest(request, ownProgram.url);
  expect(second?.outcome).toBe('degraded');
  await expect(page.getByRole('region', { name: 'Before that' })).toContainText(first?.says ?? '?');
  await look(page, 'verify-natural');
});
