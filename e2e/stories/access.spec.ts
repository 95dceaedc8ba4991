/** Who may look. A request that says that a proxy passed it on is taken for one from another machine. */

import { AxeBuilder } from '@axe-core/playwright';
import { expect, lamps, sentence, test, tokenOf } from './story';

test('a browser on another machine shows the token once, sees the house, changes something, and signs out', async ({
  page,
  ownProgram,
  watched,
}, testInfo) => {
  watched.allowRefusal();
  await page.setExtraHTTPHeaders({ 'x-forwarded-for': '192.168.1.20' });
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto(ownProgram.url);
  await expect(page.getByRole('heading', { name: 'Sign in to look at this house' })).toBeVisible();
  await expect(lamps(page), 'nothing of the house is shown').toHaveCount(0);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/sign-in-390.png` });

  const signIn = async (token: string) => {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await signIn('wrong');
  await expect(page.getByRole('alert')).toContainText('the token is not the one of this program');
  await signIn(await tokenOf(testInfo));
  await expect(sentence(page)).toHaveText(/^Recording/);
  await expect(lamps(page).first()).toBeVisible();
  await expect(page.getByText('signed in')).toBeVisible();

  await page.goto(`${ownProgram.url}#/place/influxdb-simulated`);
  await page.getByRole('button', { name: 'Read the server’s fields again' }).click();
  await expect(page.getByText('The server’s fields are read again before the next write.'), 'it is known already').toBeVisible();

  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to look at this house' })).toBeVisible();
});
