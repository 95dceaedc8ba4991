import { freePort, Program } from './program';
import { expect, lamps, sentence, test } from './story';

test('a killed program: the page says how old its view is, and goes on by itself after a restart', async ({
  page,
  watched,
}, testInfo) => {
  const folder = testInfo.outputPath('data');
  const first = await Program.start({ folder, port: String(await freePort()) });
  let second: Program | undefined;
  try {
    await page.goto(first.url);
    await expect(sentence(page)).toHaveText(/^Recording\./);
    const notice = page.getByText(/This view is .+ old: the recorder does not answer/);
    await expect(notice).toBeHidden();

    watched.allowSilence();
    await first.kill();
    await expect(notice, 'within 5 s').toBeVisible({ timeout: 5000 });
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

test('a stream that breaks goes on where it was, without a state twice', async ({}, testInfo) => {
  const folder = testInfo.outputPath('data');
  const first = await Program.start({ folder, port: String(await freePort()) });
  let second: Program | undefined;
  try {
    const seen = await live(first, null, 20);
    const last = seen.at(-1)!;
    await first.kill();
    second = await Program.start({ folder, port: first.port });
    const more = await live(second, last, 20);
    expect(more.every((id) => id > last), `${more} come after ${last}`).toBe(true);
    expect(new Set(more).size, 'each once').toBe(more.length);
  } finally {
    await first.kill();
    await second?.stop();
  }
});

/** The ids of so many states, from the one after `after` on. There are as many: nobody waits for a house that sleeps. */
async function live(program: Program, after: number | null, count: number): Promise<number[]> {
  const headers: Record<string, string> = after === null ? {} : { 'last-event-id': String(after) };
  const abort = new AbortController();
  const response = await fetch(new URL('api/v1/live', program.url), { headers, signal: abort.signal });
  for (let nth = 1; nth <= count; nth++) await program.order(`set light.hue_lamp on {"brightness": ${nth}}`);
  const ids: number[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      expect(event, 'nothing was lost').not.toContain('event: reset');
      const id = /^id: (\d+)$/m.exec(event)?.[1];
      if (event.startsWith('event: state') && id) ids.push(Number(id));
    }
    if (ids.length >= count) break;
  }
  abort.abort();
  return ids.slice(0, count);
}
