import { Program } from './program';
import { expect, lamps, sentence, test } from './story';

test('a killed program: the page says how old its view is, and goes on by itself after a restart', async ({
  page,
  watched,
}, testInfo) => {
  const folder = testInfo.outputPath('data');
  const first = await Program.start({ folder });
  let second: Program | undefined;
  try {
    await page.goto(first.url);
    await expect(sentence(page)).toHaveText(/^Recording\./);
    const notice = page.getByText(/This view is .+ old: the recorder does not answer/);
    await expect(notice).toBeHidden();

    watched.allowSilence();
    await first.kill();
    await expect(notice).toBeVisible({ timeout: 8000 });
    const said = await notice.innerText();
    await expect(notice).not.toHaveText(said); // its age grows

    second = await Program.start({ folder, port: first.port });
    expect(second.url).toBe(first.url);
    await expect(notice).toBeHidden();
    await expect(sentence(page)).toHaveText(/^Recording\./);
    await expect(lamps(page).first()).toContainText('listening');
  } finally {
    await first.kill();
    await second?.stop();
  }
});
