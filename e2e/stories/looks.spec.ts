/** The page on a wide and a narrow screen, by day and by night. Leaves a picture of each in `SCREENSHOTS`. */

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
    });
  }
}
