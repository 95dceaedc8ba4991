/** The pages on a wide and a narrow screen, by day and by night. Leaves a picture of each in `SCREENSHOTS`. */

import { contrast, expectAccessible, expectLegible, expectNothingSideways, luminance, picture } from './look';
import { chart, entities, expect, lamps, search, sentence, test } from './story';

const SCREENS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

for (const viewport of SCREENS) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const look = `${viewport.width}-${colorScheme}`;
    test.describe(look, () => {
      test.use({ viewport, colorScheme });

      test(`at ${viewport.width} px, ${colorScheme}: all is legible and nothing sticks out sideways`, async ({
        page,
        program,
      }) => {
        await page.goto(program.url);
        await expect(sentence(page)).toBeInViewport({ ratio: 1 });
        await expect(lamps(page)).not.toHaveCount(0);
        for (const lamp of await lamps(page).all()) await expect(lamp).toBeInViewport({ ratio: 1 });
        const paper = await luminance(page, 'background-color');
        expect(colorScheme === 'dark' ? 1 - paper : paper).toBeGreaterThan(0.8);
        expect(await contrast(page)).toBeGreaterThan(7);
        await expectLegible(page.locator('main'));
        await expectNothingSideways(page);
        await expectAccessible(page);
        await picture(page, `house-${look}`);

        await search(page).fill('temperature');
        await entities(page).getByRole('link').first().click();
        await expect(chart(page)).toBeVisible();
        await expectNothingSideways(page);
        await expectAccessible(page);
        await picture(page, `entity-${look}`);
      });

      // By day on the one and by night on the other: their own stories look at most of them in every way.
      if ((viewport.width === 390) !== (colorScheme === 'dark')) return;
      test(`at ${viewport.width} px, ${colorScheme}: every page that the first one leads to`, async ({ page, program }) => {
        test.setTimeout(360_000); // pictures of all pages
        await page.goto(program.url);
        const links = page.getByRole('navigation', { name: 'More' }).getByRole('link');
        await expect(links.first()).toBeVisible();
        const more = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
        expect(more.length).toBeGreaterThan(8);
        for (const link of [...more, '#/more', '#/repairs/schema', '#/place/store', '#/place/influxdb-simulated', '#/entity/light.hue_lamp']) {
          await page.goto(`${program.url}${link}`);
          await expect(sentence(page)).toBeVisible();
          await expect(page.getByText(/^(A moment|Asking|Loading|Looking)/)).toHaveCount(0, { timeout: 60_000 });
          await test.step(link, async () => {
            await expectNothingSideways(page);
            await expectLegible(page.locator('main'));
            await expectAccessible(page);
            await picture(page, `each-${link.slice(2).replaceAll(/[^a-z]+/g, '-')}-${look}`);
          });
        }
      });
    });
  }
}

/** Bytes over the wire, packed. */
const FIRST_PAGE = 72 << 10;
const WHOLE = 176 << 10;

test('the first page is small, and so is all of it', async ({ page, program }) => {
  const sent = () =>
    page.evaluate(() => {
      const files = performance.getEntries().filter((entry) => entry instanceof PerformanceResourceTiming);
      return files.filter(({ name }) => !name.includes('/api/')).reduce((sum, file) => sum + file.encodedBodySize, 0);
    });
  await page.goto(program.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  const first = await sent();
  for (const link of await page.getByRole('navigation', { name: 'More' }).getByRole('link').all()) {
    const href = await link.getAttribute('href');
    await page.evaluate((hash) => (location.hash = hash ?? ''), href);
    await expect(sentence(page)).toBeVisible();
    await page.evaluate(() => (location.hash = '#/'));
    await expect(lamps(page).first()).toBeVisible();
  }
  await page.evaluate(() => (location.hash = '#/entity/light.hue_lamp'));
  await expect(page.getByRole('region', { name: 'History' })).toBeVisible();
  const whole = await sent();
  console.log(`first page ${(first / 1024).toFixed(1)} KiB, all pages ${(whole / 1024).toFixed(1)} KiB`);
  expect(first).toBeGreaterThan(10 << 10);
  expect(first).toBeLessThan(FIRST_PAGE);
  expect(whole).toBeGreaterThan(first);
  expect(whole).toBeLessThan(WHOLE);
});
