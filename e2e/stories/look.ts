/** How the page looks: what can be measured of it, and pictures for people. */

import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';

export async function expectNothingSideways(page: Page) {
  const { content, screen } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { content: scrollWidth, screen: clientWidth };
  });
  expect(content, 'the width of what is shown').toBe(screen);
}

/** No rule of axe is broken, those of good practice included. What is still moving is not judged. */
export async function expectAccessible(page: Page) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  const { violations } = await new AxeBuilder({ page }).analyze();
  await page.emulateMedia({ reducedMotion: null });
  const said = violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')})`);
  expect(said, 'what axe finds').toEqual([]);
}

export const picture = (page: Page, name: string) =>
  page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true, animations: 'disabled' });

/** In both themes, on both screens, each with a picture. `also` is asked of each with its width. */
export async function look(page: Page, name: string, also?: (width: number) => Promise<void>) {
  for (const [width, colorScheme] of [[390, 'light'], [390, 'dark'], [1280, 'light'], [1280, 'dark']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await also?.(width);
    await expectLegible(page.locator('main'));
    await expectAccessible(page);
    await picture(page, `${name}-${width}-${colorScheme}`);
  }
}

/** Relative luminance of one of the body's colours, 0 (black) to 1 (white), as WCAG 2 defines it. */
export async function luminance(page: Page, property: 'color' | 'background-color'): Promise<number> {
  const color = await page.evaluate((name) => getComputedStyle(document.body).getPropertyValue(name), property);
  const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map((part) => {
    const c = Number(part) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Between text and paper, 1 to 21. */
export async function contrast(page: Page): Promise<number> {
  const both = [await luminance(page, 'color'), await luminance(page, 'background-color')];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}

/** Every text in it stands out from what is behind it, as WCAG 2 asks at level AA: 4.5, or 3 where it is large. */
export async function expectLegible(place: Locator) {
  const faint = await place.evaluate(async (root) => {
    const passing = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.all(passing.map((one) => one.finished.catch(() => null))); // colours may be on their way
    const brush = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const rgba = (color: string) => {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      return [...brush.getImageData(0, 0, 1, 1).data] as [number, number, number, number];
    };
    const light = (color: string) => {
      const [red, green, blue] = rgba(color).map((part) => {
        const c = part / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      }) as [number, number, number];
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element | null): string | null => {
      if (!element) return null;
      const { backgroundColor, backgroundImage } = getComputedStyle(element);
      if (backgroundImage !== 'none') return null; // a picture has no one colour
      return rgba(backgroundColor)[3] === 255 ? backgroundColor : behind(element.parentElement);
    };
    const found: string[] = [];
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      const words = text.textContent?.trim();
      if (!words || !element?.checkVisibility() || element.closest('svg, :disabled')) continue;
      const paper = behind(element);
      if (paper === null) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const size = parseFloat(fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
      const both = [light(color), light(paper)];
      const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
      if (ratio < least) found.push(`${ratio.toFixed(2)} ${words.slice(0, 40)} (${color} on ${paper})`);
    }
    return found;
  });
  expect(faint, 'texts that are too faint').toEqual([]);
}
