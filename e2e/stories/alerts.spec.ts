/** Alerts: what is wrong for longer than a moment, who has seen it, and that it goes by itself. */

import type { Page } from '@playwright/test';
import { look } from './look';
import { ask, expect, sentence, showToken, test, tokenOf } from './story';

const SINK = 'influxdb-simulated';
const ID = `sink_behind:${SINK}`;
const bell = (page: Page) => page.getByRole('link', { name: /^Alerts:/ });
const now = (page: Page) => page.getByRole('region', { name: 'Now' });
const before = (page: Page) => page.getByRole('region', { name: 'Before' });

/** Also that the bell leaves the first line its margin. */
const looks = (page: Page, name: string) =>
  look(page, `alerts-${name}`, async (width) => {
    const more = await page.getByRole('link', { name: 'More', exact: true }).boundingBox();
    expect(width - more!.x - more!.width, 'the margin beside the last word of the first line').toBeGreaterThanOrEqual(14);
  });

test('a bucket that is dropped is an alert that a person sees, mutes and that goes when the bucket is back', async ({
  page,
  ownProgram,
  request,
  watched,
}, testInfo) => {
  test.setTimeout(240_000);
  watched.allowRefusal();
  await page.goto(ownProgram.url);
  await expect(bell(page)).toHaveAccessibleName(/^Alerts: no alerts$/);
  await ownProgram.cause('bucket-dropped');
  await expect(bell(page)).toHaveAccessibleName('Alerts: 1 alert, 1 critical', { timeout: 90_000 });
  await bell(page).click();
  await expect(sentence(page)).toHaveText('Alerts');

  const alert = now(page).getByRole('article', { name: `${SINK} stands still` });
  const listed = async () => (await ask(request, ownProgram.url, 'alerts')).active[0];
  await expect(alert).toContainText((await listed()).todo.replaceAll('`', '')); // what stands between them is code
  await expect(alert).toContainText(ID);
  await looks(page, 'active');

  await alert.getByRole('button', { name: 'I have seen it' }).click();
  await showToken(alert, await tokenOf(testInfo));
  await expect(alert).toContainText('seen at');
  expect((await listed()).state).toBe('acknowledged');

  await alert.getByLabel('Mute for').selectOption('8 hours');
  await alert.getByRole('button', { name: 'Mute', exact: true }).click();
  await expect(alert).toContainText('muted until');
  await expect(bell(page)).toHaveAccessibleName('Alerts: no alerts');
  await looks(page, 'muted');
  await alert.getByRole('button', { name: 'Unmute' }).click();
  await expect(alert).not.toContainText('muted until');
  await expect(bell(page)).toHaveAccessibleName('Alerts: 1 alert, 1 critical');

  await ownProgram.cause('heal');
  await expect(alert).toHaveCount(0, { timeout: 90_000 });
  await expect(before(page).getByRole('listitem').filter({ hasText: `${SINK} stands still` })).toContainText('Seen at');
});
