import { expect, lamps, rooms, sentence, test } from './story';

test.beforeEach(({ page, program }) => page.goto(program.url));

test('a stranger reads that the house is recorded, then sees the lamps, then the rooms', async ({ page }) => {
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await expect(lamps(page)).toHaveText([/^Home Assistant/, /^On disk/, /^Archive/, /^InfluxDB/, /^Weather/]);
  await expect(lamps(page).first()).toContainText('listening');
  await expect(page.getByText('Simulated house')).toBeVisible();
  await expect(page.getByRole('img', { name: /^A house; \d+ of its \d+ windows are lit$/ })).toBeVisible();
  expect(await rooms(page).count()).toBeGreaterThan(3);
});

test('values move by themselves', async ({ page }) => {
  const things = rooms(page).getByRole('listitem');
  await expect(things.first()).toBeVisible();
  const before = await things.allInnerTexts();
  await expect.poll(() => things.allInnerTexts(), { timeout: 30_000 }).not.toEqual(before);
});
