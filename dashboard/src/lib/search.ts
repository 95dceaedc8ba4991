/** Every word must be found somewhere: in the name, the id (so in the domain too), the room or the state. */
export function finder(query: string): (...texts: (string | null)[]) => boolean {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (...texts) => {
    const all = texts.join('\n').toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  };
}
