/** The page on a wide and a narrow screen, by day and by night. Leaves a picture of each in `SCREENSHOTS`. */

import type { Page } from '@playwright/test';
import { chart, expect, lamps, search, sentence, test } from './story';

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
        await expectNothingSideways(page);
        await picture(page, `house-${look}`);

        await search(page).fill('temperature');
        await page.getByRole('region', { name: 'Entities' }).getByRole('link').first().click();
        await expect(chart(page)).toBeVisible();
        await expectNothingSideways(page);
        await picture(page, `entity-${look}`);
      });
    });
  }
}

async function expectNothingSideways(page: Page) {
  const { content, screen } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { content: scrollWidth, screen: clientWidth };
  });
  expect(content, 'the width of what is shown').toBe(screen);
}

const picture = (page: Page, name: string) =>
  page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true, animations: 'disabled' });

/** Relative luminance of one of the body's colours, 0 (black) to 1 (white), as WCAG 2 defines it. */
async function luminance(page: Page, property: 'color' | 'background-color'): Promise<number> {
  const color = await page.evaluate((name) => getComputedStyle(document.body).getPropertyValue(name), property);
  const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map((part) => {
    const c = Number(part) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Between text and paper, 1 to 21. */
async function contrast(page: Page): Promise<number> {
  const both = [await luminance(page, 'color'), await luminance(page, 'background-color')];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}
