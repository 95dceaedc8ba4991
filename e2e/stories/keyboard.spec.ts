/** Everything that a hand with a mouse can do is done by keyboard alone. */

import type { Page } from '@playwright/test';
import { expect, sentence, test } from './story';

/** Presses the key until what is meant has the focus, which is seen. */
async function tabTo(page: Page, what: string, isIt: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab') {
  const focused = page.locator(':focus');
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    const name = await focused.evaluate((one) => `${one.getAttribute('href') ?? ''} ${one.getAttribute('aria-label') ?? ''} ${one.textContent}`).catch(() => '');
    if (!isIt.test(name)) continue;
    await expect(focused).not.toHaveCSS('outline-style', 'none');
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

test('by keyboard alone from the most urgent thing to what mends it, to the repairs and back', async ({ page, ownProgram }) => {
  test.setTimeout(300_000);
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await ownProgram.cause('bucket-dropped');
  const todo = page.getByRole('region', { name: 'To do' });
  await expect(todo).toContainText('InfluxDB waits for you', { timeout: 60_000 });

  await tabTo(page, 'what mends it', /Mend InfluxDB/);
  await page.keyboard.press('Enter');
  await expect(todo.getByRole('article')).toContainText(/bucket/, { timeout: 30_000 });
  await tabTo(page, 'how it would be mended', /^\s*Repair\s*$/);

  await tabTo(page, 'everything else', /^#\/more /, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await tabTo(page, 'the repairs', /^#\/repairs /);
  await page.keyboard.press('Enter');
  await expect(sentence(page)).toHaveText('Repairs');
  await tabTo(page, 'a kind of repair', /connection/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'What would be done?' }).filter({ visible: true })).toHaveCount(1);
  await tabTo(page, 'the first page', /^#\/ /);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/$/);
  await ownProgram.cause('heal');
  await expect(sentence(page)).toHaveText(/^Recording\./, { timeout: 90_000 });
  await expect(todo).toHaveCount(0);
});
