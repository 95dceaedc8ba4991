/** Everything that a hand with a mouse can do is done by keyboard alone. */

import type { Page } from '@playwright/test';
import { ask, expect, lamps, sentence, test, tokenOf } from './story';

/** Presses Tab, or another key, until what is meant has the focus, which is seen. */
async function tabTo(page: Page, what: string, isIt: RegExp, key = 'Tab') {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    const name = await page.evaluate(() => {
      const one = document.activeElement; // the page itself, where the keys have gone all around it
      if (!one || one === document.body) return '';
      const label = one instanceof HTMLInputElement ? one.labels?.[0]?.textContent : one.getAttribute('aria-label');
      return `${one.getAttribute('href') ?? ''} ${label ?? ''} ${one.textContent}`;
    });
    if (!isIt.test(name)) continue;
    await expect(page.locator(':focus')).not.toHaveCSS('outline-style', 'none');
    return;
  }
  throw new Error(`${what} is not reached by 60 presses of ${key}`);
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

test('by keyboard alone from the most urgent thing to its receipt', async ({ page, ownProgram, request, watched }, testInfo) => {
  test.setTimeout(180_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await ownProgram.cause('bucket-dropped');
  const todo = page.getByRole('region', { name: 'To do' });
  await expect(todo).toContainText('InfluxDB waits for you', { timeout: 60_000 });
  await tabTo(page, 'what mends it', /Mend InfluxDB/);
  await page.keyboard.press('Enter');
  await expect(todo.getByRole('article')).toBeVisible();
  await tabTo(page, 'the repair', /^ *Repair$/);
  await page.keyboard.press('Enter');
  await expect(todo.getByLabel(/^Only who has this program’s token/)).toBeVisible();
  await tabTo(page, 'the token', /Only who has this program’s token/);
  await page.keyboard.type((await tokenOf(testInfo)).trim());
  await page.keyboard.press('Enter');
  await expect(todo, 'it is mended').toHaveCount(0, { timeout: 60_000 });
  await expect(lamps(page).filter({ hasText: /^InfluxDB/ })).toContainText('up to date', { timeout: 60_000 });

  await tabTo(page, 'the list of all pages', /^#\/more /, 'Shift+Tab'); // it is above
  await page.keyboard.press('Enter');
  await expect(sentence(page)).toHaveText('More');
  await tabTo(page, 'the repairs', /^#\/repairs /);
  await page.keyboard.press('Enter');
  await expect(sentence(page)).toHaveText('Repairs');
  const receipt = page.getByRole('region', { name: 'Receipts' }).getByRole('group').first();
  const { receipts } = await ask(request, ownProgram.url, 'repairs');
  await expect(receipt).toContainText(receipts[0].id);
  await expect(receipt).toContainText('mended');
});
