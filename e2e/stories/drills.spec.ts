/** What lies behind the first page: each figure there is the one that the program's API says. */

import type { Page } from '@playwright/test';
import { look } from './look';
import { ask, breakIt, expect, fault, lamps, MET_MS, more, sentence, test } from './story';

const MADE_GOOD_MS = 60_000;

const region = (page: Page, name: string | RegExp) => page.getByRole('region', { name });

test('everything behind the first page is in one list, which each page leads to', async ({ page, program }) => {
  await page.goto(program.url);
  const names = ['System', 'What is wrong', 'Connection', 'Gaps', 'Fields of another type', 'Repairs'];
  for (const name of names) {
    await more(page, name).click();
    await expect(sentence(page)).toHaveText(new RegExp(`^${name}`));
    await page.getByRole('link', { name: 'More', exact: true }).click();
    await expect(sentence(page)).toHaveText('More');
  }
  await look(page, 'more');
});

test('the goals lead to the system: its cards, events a minute, every goal and every part', async ({ page, program, request }) => {
  test.slow(); // takes pictures of whole pages
  let counted = 0;
  page.on('request', (asked) => (counted += Number(asked.url().includes('/api/v1/rate?'))));
  const began = performance.now();
  await page.goto(program.url);
  await page.getByRole('link', { name: /^\d+ of \d+ goals met/ }).click();
  await expect(sentence(page)).toHaveText('System');
  for (const name of ['Overall Status', 'WebSocket Connection', 'Event Processing', 'Database Storage', 'Weather']) {
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
  }
  const status = await ask(request, program.url, 'status');
  const parts = region(page, 'Parts').getByRole('row').filter({ hasText: /\d%|–/ });
  await expect(parts).toHaveCount(status.parts.length);
  await expect(parts.filter({ hasText: 'Home Assistant' })).toContainText(/\d%.*\d%.*\d%/s, { timeout: 60_000 });
  for (const goal of status.criteria) await expect(region(page, 'Goals')).toContainText(goal.label);

  // Counted by five minutes: of those that are over nothing changes any more.
  const chart = region(page, 'Events a minute').getByRole('slider');
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(async () => {
    const said = (await chart.getAttribute('aria-valuetext')) ?? '';
    await expect(region(page, 'Events a minute').getByText(said)).toBeVisible({ timeout: 1000 }); // a minute later it is another bar
    const shown = Number(/: ([\d,.]+) a minute/.exec(said)?.[1]?.replaceAll(',', ''));
    const { pieces } = await ask(request, program.url, 'rate');
    const perMinute = pieces.map(({ live, afterwards }: { live: number; afterwards: number }) => (live + afterwards) / 5);
    expect([0, ...perMinute]).toContain(shown);
  }).toPass({ timeout: 20_000 });
  await look(page, 'system');
  expect(counted, 'questions, one a minute').toBeLessThanOrEqual(1 + Math.ceil((performance.now() - began) / 60_000));
});

test('what is wrong: each finding as the API has it, the way to Home Assistant, and a text to hand on', async ({ page, program, context }) => {
  test.slow(); // takes pictures of whole pages
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const answered = page.waitForResponse(/\/api\/v1\/doctor$/, { timeout: 60_000 });
  await page.goto(`${program.url}#/doctor`);
  await expect(region(page, 'The way to Home Assistant')).toContainText('Home Assistant takes the token', { timeout: 60_000 });
  const report = await (await answered).json();
  const way = region(page, 'The way to Home Assistant').getByRole('listitem');
  await expect(way.first()).toContainText('Name');
  await expect(way.filter({ hasText: 'WebSocket' }).first()).toContainText(/\d ms/);
  await expect(way.filter({ hasText: 'The token’s user' })).toContainText('Administrator: yes');
  await expect(page.getByText(`${report.counts.ok} things are fine`)).toBeVisible();
  for (const found of report.findings.filter((one: { severity: string }) => one.severity !== 'ok')) {
    await expect(page.getByRole('article', { name: found.says }).first()).toBeVisible();
  }
  await page.getByRole('button', { name: 'Copy all findings' }).click();
  await expect(page.getByText('Copied.')).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  for (const { id } of report.findings) expect(text).toContain(id);
  await look(page, 'doctor');
});

test('a finding says what it means and leads to the repair that mends it', async ({ page, program }) => {
  let explained = '';
  await page.route('**/api/v1/doctor', async (route) => {
    const response = await route.fetch();
    const report = await response.json();
    const [first] = report.findings;
    explained = first.explained;
    const wrong = { ...first, id: 'conflicts-mixed', severity: 'warning', says: 'a field has two types', repair: 'schema', remedy: 'mend it' };
    await route.fulfill({ response, json: { ...report, verdict: '0 faults, 1 warning: a field has two types.', findings: [wrong, ...report.findings] } });
  });
  await page.goto(`${program.url}#/doctor`);
  const finding = region(page, 'To be mended').getByRole('article', { name: 'a field has two types' });
  await expect(finding).toContainText('Mend it.', { timeout: 60_000 });
  await finding.getByText('What this means').click();
  await expect(finding.getByText(explained.split(/[\n`]/)[0]!)).toBeVisible();
  await look(page, 'doctor-wrong');
  await finding.getByRole('link', { name: 'Repair: schema' }).click();
  await expect(sentence(page)).toHaveText('Repairs');
  const kinds = region(page, 'What can be repaired');
  await expect(kinds.getByRole('button', { name: 'What would be done?' }).filter({ visible: true })).toHaveCount(1);
});

test('a line that broke is told by its page and by the ledger, with what was fetched', async ({ page, ownProgram, request }) => {
  test.setTimeout(240_000);
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await breakIt(page, 'drop');
  await expect(page.getByRole('group', { name: /^Time line/ }).getByRole('button')).toHaveAccessibleName(/filled/, { timeout: MADE_GOOD_MS });
  await lamps(page).first().getByRole('link').click();
  await expect(sentence(page)).toHaveText('Connection');
  const { home_assistant: peer, gaps } = await ask(request, ownProgram.url, 'status');
  expect(peer.connects).toBeGreaterThan(1);
  const line = region(page, 'The line now');
  const figure = (name: string) => line.locator('div', { has: page.getByText(name, { exact: true }) }).last().getByRole('definition');
  await expect(figure('Attempts since the program started')).toHaveText(String(peer.attempts));
  await expect(figure('Of them connected')).toHaveText(String(peer.connects));
  await expect(line).toContainText(peer.last_error.replace(/^home assistant/, 'Home Assistant'));
  await expect(region(page, 'What came between')).toContainText('1 lost connection');
  await expect(region(page, 'Why it broke, the last times').getByRole('listitem')).toHaveCount(1);
  await expect(region(page, 'The way there, step by step')).toContainText('Largest answer', { timeout: 60_000 });
  await look(page, 'connection');

  await page.getByRole('link', { name: 'Every gap, and what became of it' }).click();
  await expect(sentence(page)).toHaveText('Gaps');
  const ledger = region(page, 'One gap so far');
  await expect(ledger.getByRole('listitem')).toHaveCount(gaps.recent.length);
  const { recovered } = gaps.recent[0];
  await expect(ledger.getByRole('listitem')).toContainText(recovered > 0 ? `${recovered} state` : 'Nothing had changed');
  await ledger.getByRole('button', { name: '1 filled' }).click();
  await expect(ledger.getByRole('listitem')).toHaveCount(1);
  await look(page, 'gaps-page');
});

test('what could not be fetched is the most urgent thing, with the button that tries again', async ({ page, ownProgram }) => {
  test.setTimeout(360_000);
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await expect(region(page, 'To do')).toHaveCount(0);
  await breakIt(page, 'no-recorder');
  await fault(page, 'kill').click();
  const todo = region(page, 'To do');
  await expect(todo).toContainText(/could (not )?be fetched/, { timeout: 180_000 });
  await look(page, 'todo');
  await fault(page, 'heal').click();
  await todo.getByRole('button', { name: 'Fetch it once more' }).click();
  await expect(todo, 'it was tried').toHaveCount(0, { timeout: MADE_GOOD_MS });
});

test('a refused token: the sentence says what to do, and each step leads there', async ({ page, ownProgram }) => {
  test.setTimeout(240_000);
  await page.goto(ownProgram.url);
  await expect(sentence(page)).toHaveText(/^Recording\./);
  await breakIt(page, 'token-revoked');
  await expect(sentence(page)).toHaveText(/^Not recording/, { timeout: 60_000 });
  const todo = region(page, 'To do');
  await expect(page.getByText(/make a new long-lived token in Home Assistant/).first()).toBeVisible();
  await page.reload(); // what there is to break folds away
  await expect(todo).toContainText('This waits for you');
  const words = await page.locator('main').innerText();
  expect(words.match(/\b(sinks?|cursors?|lags?|quarantined?|parked|backfill\w*)\b/gi)).toBeNull();
  await look(page, 'token');
  await todo.getByRole('link', { name: 'See each step' }).click();
  await expect(sentence(page)).toHaveText('Connection');
  await expect(region(page, 'The way there, step by step')).toContainText('fault', { timeout: 60_000 });
  await look(page, 'connection-token');
});

test('fields of another type, of all places, lead to the repair', async ({ page, program, request }) => {
  test.setTimeout(180_000); // until a lamp was dimmed
  await page.goto(`${program.url}#/conflicts`);
  const place = region(page, 'InfluxDB');
  await expect(place).toContainText('mapped: nothing is lost', { timeout: MET_MS });
  const { conflicts } = await ask(request, program.url, 'conflicts');
  for (const { field, goes_to } of conflicts) {
    await expect(place.getByRole('row').filter({ hasText: field })).toContainText(goes_to);
  }
  await look(page, 'conflicts');
  await place.getByRole('link', { name: 'Repair: schema' }).click();
  await expect(page).toHaveURL(/#\/repairs\/schema$/);
});

test('an entity’s rows have their three times, and can be taken away', async ({ page, program, request, context }) => {
  test.slow(); // takes pictures of whole pages
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const entity = 'sensor.bathroom_temperature';
  await page.goto(`${program.url}#/entity/${entity}`);
  const rows = region(page, 'The last states');
  await rows.getByRole('button', { name: 'Raw rows' }).click();
  await expect(rows.getByRole('columnheader')).toHaveText(['Changed', 'Updated', 'Arrived', 'State', 'Value', 'Unit', 'Known from']);
  const { events } = await ask(request, program.url, `events?type=state_changed&limit=1&entity=${entity}&from=2020-01-01T00:00:00Z`);
  const exact = (iso: string) => iso.replace('T', ' ').replace('Z', '');
  const row = rows.getByRole('row').filter({ hasText: exact(events[0].ts) }).first();
  await expect(row).toContainText(exact(events[0].last_changed));
  await expect(row).toContainText(/\d ms after its event|fetched afterwards/);
  await look(page, 'entity-raw');

  const away = region(page, 'Take it away');
  const download = page.waitForEvent('download');
  await away.getByRole('link', { name: 'CSV' }).click();
  expect((await download).suggestedFilename()).toBe(`${entity}.csv`);
  for (const [name, says] of [['DuckDB', "read_parquet('"], ['Grafana', 'home_assistant_events'], ['REST sensor', `/api/v1/entities/${entity}`]] as const) {
    await away.getByRole('button', { name }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(says);
  }
});
