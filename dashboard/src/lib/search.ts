import type { Entity } from '../api';

/** Every word must be found somewhere: in the name, the id (so in the domain too), the room or the state. */
export function finder(query: string): (...texts: (string | null)[]) => boolean {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (...texts) => {
    const all = texts.join('\n').toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  };
}

/** What else an entity is found by: its floor, device, integration and labels, as far as they are known. */
export const belongsTo = (entity: Entity | null): string[] =>
  [entity?.floor, entity?.device, entity?.integration, ...(entity?.labels ?? [])].filter((text) => typeof text === 'string');
