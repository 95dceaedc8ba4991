/** Which entities a list shows. */

import type { Entity, State } from '../api';
import { domainOf, read, spoken } from './reading';
import { belongsTo, finder } from './search';

/** What is needed of an entity to find it. */
export interface Listed {
  id: string;
  name: string;
  area: string | null;
  entity: Pick<Entity, 'device' | 'floor' | 'integration' | 'labels' | 'names'> | null;
  latest: State | null;
}

/** `''` is any. */
export interface Choice {
  query: string;
  area: string;
  device: string;
  domain: string;
}

export const ANY: Choice = { query: '', area: '', device: '', domain: '' };

/** Whether an entity is one of those. */
export function chosen({ query, area, device, domain }: Choice): (cell: Listed) => boolean {
  const matches = query.trim() === '' ? null : finder(query);
  return (cell) =>
    (area === '' || cell.area === area) &&
    (device === '' || cell.entity?.device === device) &&
    (domain === '' || domainOf(cell.id) === domain) &&
    // Last, because it has to look at the state, which changes.
    (matches === null ||
      matches(
        cell.name,
        cell.id,
        cell.area,
        ...belongsTo(cell.entity),
        cell.latest?.state ?? null,
        spoken(read(cell.id, cell.latest)),
      ));
}

export const isUnavailable = ({ latest }: Pick<Listed, 'latest'>): boolean => latest?.state === 'unavailable';

/** What can be chosen from, each in order. */
export function choices(cells: readonly Listed[]): { areas: string[]; devices: string[]; domains: string[] } {
  const all = (of: (cell: Listed) => string | null | undefined) =>
    [...new Set(cells.map(of).filter((text) => typeof text === 'string'))].sort((a, b) => a.localeCompare(b));
  return { areas: all((cell) => cell.area), devices: all((cell) => cell.entity?.device), domains: all((cell) => domainOf(cell.id)) };
}
