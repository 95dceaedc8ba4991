import { expect, test } from 'vitest';
import { Asked } from './asked.svelte';

/** Questions that are answered when the test wants it, in any order. */
function questions() {
  const open: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const asked = new Asked<string>(() => new Promise((resolve, reject) => open.push({ resolve, reject })));
  return { asked, open };
}

test('an answer that was overtaken by a later one is not shown', async () => {
  const { asked, open } = questions();
  const both = [asked.look(), asked.look()];
  open[1]?.resolve('new');
  await both[1];
  expect([asked.answer, asked.looking]).toEqual(['new', false]);
  open[0]?.resolve('old');
  await both[0];
  expect(asked.answer).toBe('new');
});

test('while a later question is open, an earlier answer is shown', async () => {
  const { asked, open } = questions();
  const both = [asked.look(), asked.look()];
  open[0]?.resolve('old');
  await both[0];
  expect([asked.answer, asked.looking]).toEqual(['old', true]);
  open[1]?.resolve('new');
  await both[1];
  expect([asked.answer, asked.looking]).toEqual(['new', false]);
});

test('a refusal is told beside the last answer, until there is one again', async () => {
  const { asked, open } = questions();
  const first = asked.look();
  open[0]?.resolve('known');
  await first;
  const second = asked.look();
  open[1]?.reject(new Error('away'));
  await second;
  expect([asked.answer, asked.failure]).toEqual(['known', 'away']);
  const third = asked.look();
  open[2]?.resolve('back');
  await third;
  expect([asked.answer, asked.failure]).toEqual(['back', null]);
});
