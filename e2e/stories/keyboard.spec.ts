/** Everything that a hand with a mouse can do is done by keyboard alone. */

import type { Page } from '@playwright/test';
import { expect, sentence, test } from './story';

/** Presses Tab until what is meant has the focus, which is seen. */
async function tabTo(page: Page, what: string, isIt: RegExp) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const one = document.activeElement; // the page itself, where the keys have gone all around it
      return one && one !== document.body ? `${one.getAttribute('href') ?? ''} ${one.getAttribute('aria-label') ?? ''} ${one.textContent}` : '';
    });
    if (!isIt.test(name)) continue;
    await expect(page.locator(':focus')).not.toHaveCSS('outline-style', 'none');
    return;
  }
  throw new Error(`${what} is not reached by 60 presses of Tab`);
}

test('by keyboard alone to an entity and back', async ({ page, program }) => {
  await page.goto(program.url);
  await expect(sentence(page)).toBeVisible();
  await tabTo(page, 'an entity', /^#\/entity\//);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/entity\//);
  await expect(page.getByRole('region', { name: 'History' })).toBeVisible();
  await tabTo(page, 'the first page', /^#\/ /);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/$/);
  await expect(sentence(page)).toHaveText(/^Recording\./);
});
