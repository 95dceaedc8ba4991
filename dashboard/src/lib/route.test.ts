import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => undefined);
const { linkTo, linkToPlace, placeIn, REPAIRS, RUNBOOK, VERIFY } = await import('./route.svelte');

test('each link leads back to its page, whatever is in a name', () => {
  for (const name of ['sensor.kitchen', 'a/b?c#d%', 'café & co']) {
    expect(placeIn(linkTo(name))).toEqual({ page: 'entity', id: name });
    expect(placeIn(linkToPlace(name))).toEqual({ page: 'place', name });
  }
  expect(placeIn(REPAIRS)).toEqual({ page: 'repairs' });
  expect(placeIn(RUNBOOK)).toEqual({ page: 'runbook' });
  expect(placeIn(VERIFY)).toEqual({ page: 'verify' });
});

test('an address that says nothing leads to the first page', () => {
  for (const hash of ['', '#/', '#/entity/', '#/place/', '#/place/%E0%A4%A', '#/nowhere', '#/repairs/x']) {
    expect(placeIn(hash)).toEqual({ page: 'house' });
  }
});
