import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => undefined);
const { linkTo, linkToPlace, linkToRepair, placeIn, ...links } = await import('./route.svelte');

test('each link leads back to its page, whatever is in a name', () => {
  for (const name of ['sensor.kitchen', 'a/b?c#d%', 'café & co']) {
    expect(placeIn(linkTo(name))).toEqual({ page: 'entity', id: name });
    expect(placeIn(linkToPlace(name))).toEqual({ page: 'place', name });
    expect(placeIn(linkToRepair(name))).toEqual({ page: 'repairs', kind: name });
  }
  expect(placeIn(links.REPAIRS)).toEqual({ page: 'repairs', kind: null });
  for (const page of ['system', 'connection', 'gaps', 'doctor', 'conflicts', 'alerts', 'runbook', 'verify', 'settings', 'backup', 'logs', 'report', 'more']) {
    expect(placeIn(`#/${page}`)).toEqual({ page });
  }
});

test('an address that says nothing leads to the first page', () => {
  for (const hash of ['', '#/', '#/entity/', '#/place/', '#/place/%E0%A4%A', '#/nowhere', '#/repairs/', '#/system/x']) {
    expect(placeIn(hash)).toEqual({ page: 'house' });
  }
});
