import { chart, entities, expect, search, sentence, test } from './story';

test.beforeEach(({ page, program }) => page.goto(program.url));

test('a search finds an entity, and its page draws its history', async ({ page }) => {
  await expect(entities(page).getByRole('listitem').nth(10)).toBeAttached();
  await search(page).fill('kitchen_temperature');
  await expect(entities(page).getByRole('listitem')).toHaveCount(1);
  await entities(page).getByRole('link').click();

  await expect(sentence(page)).toHaveText('Kitchen temperature');
  await expect(page.getByText('sensor.kitchen_temperature', { exact: true })).toBeVisible();
  await expect(chart(page)).toBeVisible();
  const inked = await chart(page).locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const ember = getComputedStyle(document.documentElement).getPropertyValue('--ember');
    const line = [1, 3, 5].map((at) => parseInt(ember.slice(at, at + 2), 16));
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const columns = new Set<number>();
    for (let at = 0; at < data.length; at += 4) {
      const isLine = data[at + 3]! > 100 && line.every((part, i) => Math.abs(part - data[at + i]!) < 16);
      if (isLine) columns.add((at / 4) % canvas.width);
    }
    return columns.size / canvas.width;
  });
  expect(inked, "the part of the chart's width that its line covers").toBeGreaterThan(0.1);
});

test('its history is asked for as often as its chart can show something new, not each second', async ({ page, program }) => {
  await page.goto(`${program.url}#/entity/sensor.kitchen_temperature`);
  await expect(chart(page)).toBeVisible();
  const asked = () => page.waitForRequest(/\/history\?/, { timeout: 60_000 }).then(() => performance.now());
  const first = asked();
  await page.getByRole('region', { name: 'History' }).getByRole('button', { name: '1 h', exact: true }).click();
  const begun = await first;
  expect((await asked()) - begun, 'milliseconds').toBeGreaterThan(10_000);
});

test('a search without a match says so', async ({ page }) => {
  await search(page).fill('no such thing anywhere');
  await expect(page.getByText('No entity has “no such thing anywhere”')).toBeVisible();
});
