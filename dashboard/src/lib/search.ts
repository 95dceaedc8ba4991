import type { Entity } from '../api';

/** Every word must be found somewhere: in the name, the id (so in the domain too), the room or the state. */
export function finder(query: string): (...texts: (string | null)[]) => boolean {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (...texts) => {
    const all = texts.join('\n').toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  };
}

/** What else an entity is found by, as far as it is known: its floor, device, integration, labels and earlier ids. */
export function belongsTo(entity: Pick<Entity, 'device' | 'floor' | 'integration' | 'labels' | 'names'> | null): string[] {
  const { floor, device, integration, labels = [], names = [] } = entity ?? {};
  const texts = [floor, device, integration, ...labels, ...names.map((name) => name.entity_id)];
  return texts.filter((text) => typeof text === 'string');
}
