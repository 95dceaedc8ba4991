/** What every story has: a program that shows a house, and a page that is watched. */

import { readFile } from 'node:fs/promises';
import { test as base, expect, type APIRequestContext, type Locator, type Page, type TestInfo } from '@playwright/test';
import { Program } from './program';

interface Watched {
  /** What the browser's console says of failed requests is expected from now on: the program is taken away. */
  allowSilence: () => void;
  /** So is what it says of a request that shows no token. */
  allowRefusal: () => void;
  /** And of one for what is not there. */
  allowAbsence: () => void;
}

export const test = base.extend<{ watched: Watched; ownProgram: Program }, { program: Program }>({
  program: [
    async ({}, use) => {
      const program = await Program.start();
      await use(program);
      await program.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  /** For a story that leaves its marks on what is recorded. */
  ownProgram: async ({ watched }, use, testInfo) => {
    const program = await Program.start({ folder: testInfo.outputPath('data') });
    await use(program);
    watched.allowSilence();
    await program.stop();
  },

  /** In no story does a request leave for another host, or the console show an error. */
  watched: [
    async ({ page }, use) => {
      const strangers: string[] = [];
      const errors: string[] = [];
      let [silence, refusal, absence] = [false, false, false];
      page.on('request', (request) => {
        const { hostname, protocol } = new URL(request.url());
        if (hostname !== '127.0.0.1' && protocol !== 'data:' && protocol !== 'blob:') strangers.push(request.url());
      });
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        const isExpected =
          (silence && /net::ERR_|status of 503/.test(message.text())) || // one that stops says so to who still asks
          (refusal && message.text().includes('status of 401')) ||
          (absence && message.text().includes('status of 404'));
        if (message.type() === 'error' && !isExpected) errors.push(message.text());
      });
      await use({
        allowSilence: () => (silence = true),
        allowRefusal: () => (refusal = true),
        allowAbsence: () => (absence = true),
      });
      expect(strangers, 'requests to other hosts').toEqual([]);
      expect(errors, 'errors in the console').toEqual([]);
    },
    { auto: true },
  ],
});

export const sentence = (page: Page) => page.getByRole('heading', { level: 1 });
export const lamps = (page: Page) =>
  page.getByRole('list', { name: 'From Home Assistant to the archive' }).getByRole('listitem');
export const rooms = (page: Page) => page.getByRole('region', { name: 'The house' }).getByRole('article');
export const entities = (page: Page) => page.getByRole('region', { name: 'Entities' });
export const breaker = (page: Page) => page.getByRole('region', { name: 'Try to break it' });
export const fault = (page: Page, name: string) => breaker(page).getByRole('button', { name: new RegExp(`^${name}:`) });
/** Unfolds what there is to break, and does it. */
export async function breakIt(page: Page, name: string) {
  if (!(await fault(page, name).isVisible())) await breaker(page).getByText('Try to break it').click();
  await fault(page, name).click();
}
/** The token of a story's `ownProgram`. */
export const tokenOf = (testInfo: TestInfo) => readFile(`${testInfo.outputPath('data')}/secrets/api_token`, 'utf8');
/** Where the program wants to know who asks: says it. */
export async function showToken(place: Locator, token: string) {
  await place.getByLabel(/^Only who has this program’s token/).fill(token);
  await place.getByRole('button', { name: 'Go on' }).click();
}
/** Until the brightness that an older program wrote as text is met, by the hall's lamp, which is dimmed all the time. */
export const MET_MS = 90_000;
/** What the program's API says. */
export const ask = async (request: APIRequestContext, url: string, path: string) =>
  (await request.get(new URL(`api/v1/${path}`, url).href)).json();
/** The link to one of the pages behind the first. */
export const more = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'More' }).getByRole('link', { name: new RegExp(`^${name}`) });
export const search = (page: Page) => page.getByRole('searchbox', { name: 'Search entities' });
/** Says how many readings it draws, as in "1,204 readings, between 20 °C and 22 °C". */
export const chart = (page: Page) =>
  page.getByRole('region', { name: 'History' }).getByRole('slider', { name: /^[\d,. ]+ readings, between/ });

export { expect };
