/** Which page is shown, from the part of the address after `#`: it works under any path. */

export type Place =
  | { page: 'house' }
  | { page: 'entity'; id: string }
  | { page: 'place'; name: string }
  | { page: 'repairs' }
  | { page: 'runbook' }
  | { page: 'verify' };

const ENTITY = '#/entity/';
const PLACE = '#/place/';
export const REPAIRS = '#/repairs';
export const RUNBOOK = '#/runbook';
export const VERIFY = '#/verify';

/** What an address asks for; the first page where it says nothing that is known. */
export function placeIn(hash: string): Place {
  if (hash === REPAIRS) return { page: 'repairs' };
  if (hash === RUNBOOK) return { page: 'runbook' };
  if (hash === VERIFY) return { page: 'verify' };
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
