/** Settings: what holds and who said so, what others would change, a file that is wrong and then right, and what ran before. */

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { look } from './look';
import { Program } from './program';
import { expect, sentence, showToken, test, tokenOf } from './story';

const LIGHTS = '[filter]\nexclude = ["light"]\n';

test('a person looks at the settings, tries others, gets one wrong and mends it', async ({ page, watched }, testInfo) => {
  test.setTimeout(300_000);
  watched.allowRefusal();
  const file = testInfo.outputPath('hearthline.toml');
  const write = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await mkdir(testInfo.outputPath('.'), { recursive: true });
  await write(LIGHTS);
  const program = await Program.start({ folder: testInfo.outputPath('data'), settings: file });
  const region = (name: string | RegExp) => page.getByRole('region', { name });
  try {
    await page.goto(`${program.url}#/settings`);
    await expect(sentence(page)).toHaveText('Settings');
    const force = region('In force');
    await expect(force).toContainText('["light"]');
    await expect(force).toContainText('hearthline.toml:2');
    await expect(force).not.toContainText('max_bytes');
    await force.getByLabel('also what nobody has set').check();
    await expect(force).toContainText('max_bytes');
    await expect(force).toContainText('set, not told');

    const trying = region('Try others');
    await trying.getByLabel('The settings file as it would be').fill('[filter]\nexclude = ["sensor"]\n');
    await trying.getByRole('button', { name: 'What would it change?' }).click();
    await showToken(trying, await tokenOf(testInfo));
    await expect(trying).toContainText('["light"] → ["sensor"]');
    await expect(trying).toContainText(/Comes in: light\./);
    await expect(trying).toContainText(/Goes out: sensor\./);
    await look(page, 'settings');

    await write('[filter]\nexclud = []\n');
    const last = region(/^Read last/);
    await expect(last).toContainText('did you mean exclude?', { timeout: 30_000 });
    await expect(last).toContainText('hearthline.toml:2:1');
    await look(page, 'settings-mistake');
    await page.goto(`${program.url}#/`);
    await expect(page.getByText('1 mistake in the settings')).toBeVisible();
    await page.getByRole('link', { name: 'Settings', exact: true }).click();

    await write('[filter]\nexclude = []\n[log]\nkeep = "48h"\n');
    await expect(region('With the next start')).toContainText('"24h" → "2d"', { timeout: 30_000 });
    await expect(last).toContainText('The filter holds for every record behind');
    await page.getByRole('button', { name: 'Read the file again' }).click();
    await expect(last).toContainText('1 setting holds with the next start');

    await expect(async () => {
      await page.reload();
      await expect(region('What ran before')).toContainText('The oldest that is kept', { timeout: 3000 });
    }).toPass({ timeout: 180_000 });
  } finally {
    watched.allowSilence();
    await program.stop();
  }
});
