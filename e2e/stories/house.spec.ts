import type { Locator } from '@playwright/test';
import { expect, lamps, rooms, sentence, test } from './story';

test.beforeEach(({ page, program }) => page.goto(program.url));

test('a stranger reads that the house is recorded, then sees the lamps, then the rooms', async ({ page }) => {
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await expect(lamps(page)).toHaveText([/^Home Assistant/, /^On disk/, /^Archive/, /^InfluxDB/, /^Weather/]);
  await expect(lamps(page).first()).toContainText('listening');
  await expect(page.getByText('Simulated house')).toBeVisible();
  await expect(page.getByRole('img', { name: /^A house; \d+ of its \d+ windows are lit$/ })).toBeVisible();
  await expect(rooms(page).nth(3)).toBeVisible();
  const above = async (first: Locator, second: Locator) =>
    expect((await first.boundingBox())!.y).toBeLessThan((await second.boundingBox())!.y);
  await above(sentence(page), page.getByText(/^Since \d+ \w+ \d{4}: /));
  await above(page.getByText(/^Since \d+ \w+ \d{4}: /), lamps(page).first());
  await above(lamps(page).last(), rooms(page).first());
});

test('values move by themselves', async ({ page }) => {
  const things = rooms(page).getByRole('listitem');
  await expect(things.first()).toBeVisible();
  const before = await things.allInnerTexts();
  await expect.poll(() => things.allInnerTexts(), { timeout: 30_000 }).not.toEqual(before);
});
