/** From nothing to a recorded house, and from a mistake in the settings to one. Each on a program of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { expectAccessible, look, picture } from './look';
import { freePort } from './program';
import { expect, rooms, sentence, test as base } from './story';

const TOKEN = 'simulated-token';

/** Starts the program, and ends it with the story. */
type Start = (words: string[], environment?: Record<string, string>) => ChildProcess;

const test = base.extend<{ start: Start; peer: string }>({
  start: async ({ watched }, use) => {
    const children: ChildProcess[] = [];
    await use((words, environment = {}) => {
      const binary = process.env.HEARTHLINE;
      if (!binary) throw new Error('HEARTHLINE does not say where the program is');
      const env = { PATH: process.env.PATH, ...environment };
      const child = spawn(binary, words, { env, stdio: ['ignore', 'pipe', 'ignore'] });
      children.push(child);
      return child;
    });
    watched.allowSilence();
    for (const child of children) {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    }
  },

  /** The address of a simulated Home Assistant. */
  peer: async ({ start }, use) => {
    const child = start(['sim', '--listen', '127.0.0.1:0', '--entities', '40', '--rate', '5', '--token', TOKEN]);
    const lines = createInterface(child.stdout!);
    for await (const line of lines) {
      const address = /is at (http:\S+);/.exec(line)?.[1];
      if (address) {
        await use(address);
        return;
      }
    }
    throw new Error('the simulated Home Assistant did not say where it is');
  },
});

/** Opens the page of a program that was just started. */
async function open(page: Page, url: string) {
  const isUp = async () => (await fetch(`${url}/livez`).catch(() => null))?.ok ?? false;
  while (!(await isUp())) await setTimeout(100);
  await page.goto(url);
}

test('from nothing: three steps, each failure by its name, and the house is recorded', async ({ page, start, peer, watched }, testInfo) => {
  test.slow();
  watched.allowSilence(); // everything is answered 503 before it records
  const url = `http://127.0.0.1:${await freePort()}`;
  const data = testInfo.outputPath('data');
  start(['run'], { HEARTHLINE_DATA_DIR: data, HEARTHLINE_API_LISTEN: url.slice('http://'.length) });
  await open(page, url);
  await expect(sentence(page)).toHaveText('Record your house, in three steps');
  await expect(page.getByText('Not recording: it is not known yet where Home Assistant is')).toBeVisible();
  await expect(page).toHaveTitle(/^✗/);
  await look(page, 'setup');

  const address = page.getByLabel('Address, as in the browser');
  const token = page.getByLabel('Long-lived access token', { exact: true });
  const begin = page.getByRole('button', { name: 'Begin to record' });
  const tries = async (where: string, what: string) => {
    await address.fill(where);
    await token.fill(what);
    await expect(begin).toBeDisabled();
    await page.getByRole('button', { name: 'Test connection' }).click();
  };
  await expect(address).toHaveValue('http://homeassistant.local:8123');
  await tries(`http://127.0.0.1:${await freePort()}`, 'wrong');
  await expect(page.getByText('This does not work yet. Cannot connect to')).toBeVisible();
  await expect(page.getByText('To do: See whether Home Assistant runs and whether address and port')).toBeVisible();
  await tries(peer.replace('http:', 'https:'), 'wrong');
  await expect(page.getByText('To do: Take the name that its certificate is made for')).toBeVisible();
  await tries(peer, 'wrong');
  await expect(page.getByText('To do: Make a new long-lived token')).toBeVisible();
  await look(page, 'setup-refused');
  await expect(begin).toBeDisabled();

  await tries(peer, TOKEN);
  await expect(page.getByText('Home Assistant lets Hearthline in')).toBeVisible();
  await picture(page, 'setup-passed');
  await expectAccessible(page);
  await token.fill('another');
  await expect(page.getByText('Address or token are others now: test again.')).toBeVisible();
  await expect(begin, 'only what was tested can be begun with').toBeDisabled();
  await token.fill(TOKEN);
  await begin.click();

  await expect(sentence(page)).toHaveText(/^Recording/, { timeout: 40_000 });
  await expect(rooms(page).first()).toBeVisible();
  expect(await readFile(`${data}/hearthline.toml`, 'utf8')).toContain(`url = "${peer}"`);
  expect((await stat(`${data}/secrets/home_assistant`)).mode & 0o777).toBe(0o600);
});

test('a mistake in the settings is shown with its place, and the page goes on when the file is right', async ({
  page,
  start,
  peer,
  watched,
}, testInfo) => {
  watched.allowSilence();
  const url = `http://127.0.0.1:${await freePort()}`;
  const [file, data] = [testInfo.outputPath('hearthline.toml'), testInfo.outputPath('data')];
  await mkdir(testInfo.outputPath(), { recursive: true });
  await writeFile(file, '[log]\nkeep = "soon"\n\n[filter]\nexclude = "camera"\n');
  start(['run', '--config', file], {
    HEARTHLINE_DATA_DIR: data,
    HEARTHLINE_API_LISTEN: url.slice('http://'.length),
    HOME_ASSISTANT_URL: peer,
    HOME_ASSISTANT_TOKEN: TOKEN,
  });
  await open(page, url);
  await expect(sentence(page)).toHaveText('The settings have mistakes');
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(page.getByRole('article').first()).toContainText('hearthline.toml:2:8');
  await look(page, 'mistakes');

  await writeFile(file, '[log]\nkeep = "2h"\n\n[filter]\nexclude = ["camera"]\n');
  await expect(sentence(page)).toHaveText(/^Recording/, { timeout: 40_000 });
});
