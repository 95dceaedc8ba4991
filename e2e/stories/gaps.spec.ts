import type { Locator, Page } from '@playwright/test';
import { expectLegible, expectNothingSideways, picture } from './look';
import { breaker, breakIt, expect, fault, sentence, showToken, test, tokenOf } from './story';

/** From a break to its filling: the next attempt, and Home Assistant's recorder, which writes every few seconds. */
const MADE_GOOD_MS = 60_000;

const missed = (page: Page) => page.getByRole('region', { name: 'What was missed' });
const timeLine = (page: Page) => page.getByRole('group', { name: /^Time line/ });
const past = (page: Page) => page.getByRole('region', { name: 'Fetch the past' });
const kept = (page: Page) => page.getByText(/^Since \d+ \w+ \d{4}: /);
/** The first number in what is shown. */
const numberIn = async (place: Locator) => Number(/[\d,.]+/.exec(await place.innerText())?.[0].replace(/\D/g, ''));

test('a break is on the time line, is fetched, and what was kept is said', async ({ page, ownProgram }) => {
  test.slow(); // waits until Home Assistant's recorder has written, and takes pictures of the whole page
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await expect(kept(page)).toHaveText(/no interruption/);
  await expect(timeLine(page)).toHaveAccessibleName('Time line: no gap');

  await breakIt(page, 'away');
  await expect(breaker(page)).toContainText('When you press “heal”');
  await fault(page, 'drop').click();
  const mark = timeLine(page).getByRole('button');
  await expect(mark).toHaveCount(1);
  await expect(mark).toHaveAccessibleName(/going on.*The connection was lost/);
  await expect(page.getByText(/What happens since .*is fetched as soon as Home Assistant is back/)).toBeVisible();
  for (const brightness of [11, 12, 13]) await ownProgram.order(`set light.hue_lamp on {"brightness": ${brightness}}`);
  const width = async () => (await mark.boundingBox())?.width ?? 0;
  const before = await width();
  await expect.poll(width, { message: 'an open gap grows' }).toBeGreaterThan(before + 2);

  await fault(page, 'heal').click();
  await expect(mark).toHaveAccessibleName(/filled\. .*\d states? fetched afterwards/, { timeout: MADE_GOOD_MS });
  await missed(page).getByText('One gap: 1 filled').click();
  const row = missed(page).getByRole('listitem').first();
  await expect(row).toContainText('filled');
  const fetched = await numberIn(row.getByText(/fetched afterwards/));
  expect(fetched).toBeGreaterThan(0);
  await expect(kept(page)).toContainText('1 lost connection');
  await expect(kept(page)).toContainText(/ [\d,]+ events kept that would have been lost/);
  await expect(sentence(page)).toHaveText(/^Recording\./);

  await mark.focus();
  await expect(missed(page).getByText(/filled\. The connection was lost/)).toBeVisible();

  await expectLooksRight(page);
});

/** All that is only there after something went wrong, also narrow and by night. */
async function expectLooksRight(page: Page) {
  for (const [width, colorScheme] of [[390, 'dark'], [1280, 'light']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await expectNothingSideways(page);
    await expectLegible(page.locator('main'));
    await picture(page, `gaps-${width}-${colorScheme}`);
  }
}

test('the past is asked for, and its result is said', async ({ page, program }) => {
  await page.goto(`${program.url}#/gaps`);
  await past(page).getByRole('button', { name: 'Fetch' }).click();
  await expect(past(page).getByRole('status')).toHaveText(/^Fetched: [\d,.]+ states? since\s.*recorded before\./s, {
    timeout: MADE_GOOD_MS,
  });
  await expect(timeLine(page), 'a question is no fault').toHaveAccessibleName(/no gap/);
});

test('what cannot be understood is set aside, read again and dropped, by who has the token', async ({
  page,
  ownProgram,
  watched,
}, testInfo) => {
  const aside = page.getByRole('region', { name: 'Set aside' });
  await page.goto(`${ownProgram.url}#/system`);
  await expect(page.getByRole('region', { name: 'Kept for ever' })).toBeVisible();
  await expect(aside).toContainText('Nothing.');
  await page.goto(`${ownProgram.url}#/`);
  await breakIt(page, 'garbage');
  await page.getByRole('link', { name: '1 not understood, set aside' }).click();
  await expect(aside.getByRole('listitem')).toHaveCount(1);
  await expect(aside).toContainText('1 could not be understood so far');

  watched.allowRefusal();
  await aside.getByRole('button', { name: 'Read again' }).click();
  await showToken(aside, 'wrong');
  await expect(aside).toContainText('the token is not the one of this program');
  await showToken(aside, await tokenOf(testInfo));
  await expect(aside).toContainText('Still not understood');

  await aside.getByRole('button', { name: 'Drop …' }).click();
  await expect(aside).toContainText('for good');
  await aside.getByRole('button', { name: 'Yes, drop it' }).click();
  await expect(aside.getByRole('listitem')).toHaveCount(0);
  await expect(aside).toContainText('None waits.');
});

test('the first page needs no words of the trade', async ({ page, program }) => {
  await page.goto(program.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await expect(page.getByRole('navigation', { name: 'More' })).toBeVisible();
  const words = await page.locator('main').innerText();
  expect(words.match(/\b(sinks?|cursors?|lags?|quarantined?|parked|backfill\w*)\b/gi)).toBeNull();
});
