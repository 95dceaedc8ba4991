/** Which page is shown, from the part of the address after `#`: it works under any path. */

const ENTITY = '#/entity/';

/** The entity whose page is asked for; null is the first page. */
export function entityIn(hash: string): string | null {
  if (!hash.startsWith(ENTITY)) return null;
  try {
    return decodeURIComponent(hash.slice(ENTITY.length)) || null;
  } catch {
    return null; // a broken escape
  }
}

export const linkTo = (entity: string): string => ENTITY + encodeURIComponent(entity);

export class Route {
  entity = $state<string | null>(entityIn(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.entity = entityIn(location.hash);
      scrollTo(0, 0);
    });
  }
}
