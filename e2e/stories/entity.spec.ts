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
  // Not what held before its beginning, which is asked for beside it.
  const asked = () => page.waitForRequest(/\/history\?(?!.*bucket=1s)/, { timeout: 60_000 }).then(() => performance.now());
  const first = asked();
  await page.getByRole('region', { name: 'History' }).getByRole('button', { name: '1 h', exact: true }).click();
  const begun = await first;
  expect((await asked()) - begun, 'milliseconds').toBeGreaterThan(10_000);
});

test('a search without a match says so', async ({ page }) => {
  await search(page).fill('no such thing anywhere');
  await expect(page.getByText('No entity has “no such thing anywhere”')).toBeVisible();
});

test('a chart is read, zoomed and moved by keyboard, and is a table too', async ({ page, program }) => {
  await page.goto(`${program.url}#/entity/sensor.kitchen_temperature`);
  const history = page.getByRole('region', { name: 'History' });
  await expect(chart(page)).toBeVisible();
  await chart(page).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(chart(page)).toHaveAttribute('aria-valuetext', /: .*°C/);
  const spanOf = (url: string) => {
    const { searchParams } = new URL(url);
    return (Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!)) / 3_600_000;
  };
  const asked = () => page.waitForRequest(/kitchen_temperature\/history\?.*(limit|bucket=\d\d+s)/);
  let next = asked();
  await page.keyboard.press('+');
  expect(spanOf((await next).url()), 'hours').toBeCloseTo(12, 1);
  next = asked();
  await page.keyboard.press('+');
  await next;
  next = asked();
  await page.keyboard.press('Shift+ArrowLeft');
  expect(spanOf((await next).url()), 'hours').toBeCloseTo(6, 1);
  next = asked();
  await page.keyboard.press('0');
  expect(spanOf((await next).url()), 'hours').toBeCloseTo(24, 1);
  next = asked();
  await history.getByRole('button', { name: '1 y', exact: true }).click();
  expect(spanOf((await next).url()), 'hours').toBeCloseTo(365 * 24, 0);
  await history.getByText('As a table').click();
  await expect(history.getByRole('columnheader', { name: 'Least' })).toBeVisible();
  await expect(history.getByRole('row').nth(1)).toContainText('°C');
});

test('entities are told by room and kind, and who says most is counted', async ({ page }) => {
  const list = entities(page);
  const which = (name: string) => list.getByRole('button', { name, exact: true });
  await list.getByLabel('Room').selectOption('Kitchen');
  await list.getByLabel('Domain').selectOption('sensor');
  await expect(list.getByRole('link').filter({ hasText: 'sensor.kitchen_temperature' })).toBeVisible();
  await expect(list.getByRole('link').filter({ hasText: 'light.' })).toHaveCount(0);
  await which('Say most').click();
  await expect(list.getByText(/states of all entities in the last hour/)).toBeVisible();
  await which('Left out').click();
  await expect(list.getByText('Nothing that was heard so far is left out.')).toBeVisible();
  await which('All').click();
  await expect(list.getByText('sensor.kitchen_temperature')).toBeVisible();
});
