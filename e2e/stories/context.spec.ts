import type { Page } from '@playwright/test';
import { expectLegible, expectNothingSideways, picture } from './look';
import { breakIt, chart, entities, expect, rooms, search, sentence, test } from './story';

/** How long the page takes to ask what became different, with some patience. */
const NOTICED_MS = 40_000;
/** Five reports of the freezer that do not come, the longest of which take 39 s, and ten until the next look; and a busy machine. */
const SILENT_MS = 360_000;

const noticed = (page: Page) => page.getByRole('region', { name: 'Noticed' });
const numberIn = (text: string | null) => Number(/[\d,.]+/.exec(text ?? '')?.[0].replace(/\D/g, ''));

test('the house is shown by its rooms, with the warmth of each', async ({ page, program }) => {
  await page.goto(program.url);
  const kitchen = rooms(page).filter({ has: page.getByRole('heading', { name: 'Kitchen', exact: true }) });
  await expect(kitchen).toContainText(/\d°/);
  await expect(kitchen).toContainText(/heard (just now|\d+ \w+ ago)/);
  await expect(kitchen.getByRole('listitem').first()).toBeVisible();
  await search(page).fill('kitchen light');
  await expect(entities(page).getByRole('listitem')).not.toHaveCount(0);
});

test('a renamed entity has one history under both names, and the page says so', async ({ page, ownProgram }) => {
  test.slow(); // takes pictures of whole pages
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await breakIt(page, 'rename');
  const notice = noticed(page).getByRole('listitem').filter({ hasText: 'One series goes on under both names.' });
  await expect(notice).toBeVisible({ timeout: NOTICED_MS });
  const [, before, now] = /(\w+\.\w+) is (\w+\.\w+) now/.exec(await notice.innerText()) ?? [];
  if (!before || !now) throw new Error('the notice does not say the two names');

  await notice.getByRole('link').click();
  await expect(page).toHaveURL(`${ownProgram.url}#/entity/${now}`);
  await expect(page.getByText(`${before} until`)).toBeVisible();
  await expect(chart(page)).toBeVisible();
  expect(numberIn(await chart(page).getAttribute('aria-label')), 'readings from before the rename').toBeGreaterThan(100);

  await page.goto(`${ownProgram.url}#/entity/${before}`);
  await expect(page, 'an old name leads to the new one').toHaveURL(`${ownProgram.url}#/entity/${now}`);

  await page.goto(`${ownProgram.url}#/`);
  await search(page).fill(before);
  await expect(entities(page).getByRole('listitem'), 'found by its old name, and there once').toHaveCount(1);
});

test('another unit, another room and a silent sensor are noticed', async ({ page, ownProgram }) => {
  test.setTimeout(540_000); // a sensor counts as silent only after some missed reports
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await breakIt(page, 'freezer');
  await breakIt(page, 'unit');
  await breakIt(page, 'move');
  await expect(noticed(page)).toContainText(/the unit changed from .+ to .+\./, { timeout: NOTICED_MS });
  await expect(noticed(page)).toContainText(/moved from .+ to .+\./, { timeout: NOTICED_MS });
  await expect(noticed(page)).toContainText(/Freezer: nothing for .+, usually each .+\./, { timeout: SILENT_MS });
  await expect(rooms(page).getByText(/^nothing for .+, usually each/).first()).toBeVisible();
  for (const [width, colorScheme] of [[390, 'dark'], [1280, 'light']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await expectLegible(page.locator('main'));
    await picture(page, `noticed-${width}-${colorScheme}`);
  }
  await noticed(page).getByRole('listitem').filter({ hasText: 'the unit changed' }).getByRole('link').click();
  await expect(page.getByRole('region', { name: 'Where it belongs' })).toContainText('The unit changed');
  await expect(chart(page)).toBeVisible();
  await expect(page.getByText('each figure is drawn as it was recorded')).toBeVisible();
  await picture(page, 'unit-1280-light');
});
