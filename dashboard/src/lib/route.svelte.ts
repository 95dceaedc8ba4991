/** Which page is shown, from the part of the address after `#`: it works under any path. */

export type Place =
  | { page: 'house' }
  | { page: 'entity'; id: string }
  | { page: 'place'; name: string }
  | { page: 'repairs'; kind: string | null }
  | { page: PlainPage };

/** Pages of which there is one each. */
const PLAIN_PAGES = ['system', 'connection', 'gaps', 'doctor', 'conflicts', 'alerts', 'runbook', 'verify', 'settings', 'backup', 'logs', 'report', 'more'] as const;
export type PlainPage = (typeof PLAIN_PAGES)[number];

const ENTITY = '#/entity/';
const PLACE = '#/place/';
export const REPAIRS = '#/repairs';
const REPAIR = '#/repairs/';
export const SYSTEM = '#/system';
export const CONNECTION = '#/connection';
export const GAPS = '#/gaps';
export const DOCTOR = '#/doctor';
export const CONFLICTS = '#/conflicts';
export const ALERTS = '#/alerts';
export const RUNBOOK = '#/runbook';
export const VERIFY = '#/verify';
export const SETTINGS = '#/settings';
export const BACKUP = '#/backup';
export const LOGS = '#/logs';
export const REPORT = '#/report';
export const MORE = '#/more';

/** What an address asks for; the first page where it says nothing that is known. */
export function placeIn(hash: string): Place {
  const page = PLAIN_PAGES.find((one) => hash === `#/${one}`);
  if (page) return { page };
  if (hash === REPAIRS) return { page: 'repairs', kind: null };
  const kind = after(REPAIR, hash);
  if (kind !== null) return { page: 'repairs', kind };
  const id = after(ENTITY, hash);
  if (id !== null) return { page: 'entity', id };
  const name = after(PLACE, hash);
  return name === null ? { page: 'house' } : { page: 'place', name };
}

function after(prefix: string, hash: string): string | null {
  if (!hash.startsWith(prefix)) return null;
  try {
    return decodeURIComponent(hash.slice(prefix.length)) || null;
  } catch {
    return null; // a broken escape
  }
}

export const linkTo = (entity: string): string => ENTITY + encodeURIComponent(entity);
/** Of a repair that there is, unfolded. */
export const linkToRepair = (kind: string): string => REPAIR + encodeURIComponent(kind);
/** Of a place that everything is delivered to. */
export const linkToPlace = (name: string): string => PLACE + encodeURIComponent(name);

export class Route {
  place = $state.raw<Place>(placeIn(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.place = placeIn(location.hash);
      scrollTo(0, 0);
    });
  }
}
