/** What the program is asked for a page: the last answer, and why the last question had none. */
export class Asked<T> {
  answer = $state.raw<T | null>(null);
  failure = $state<string | null>(null);
  /** The newest question has no answer yet. */
  looking = $state(false);
  readonly #ask: () => Promise<T>;
  #questions = 0;
  /** Which question is shown. */
  #shown = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  look = async (): Promise<void> => {
    const nth = (this.#questions += 1);
    this.looking = true;
    const [answer, failure] = await this.#ask().then(
      (answer) => [answer, null] as const,
      (error: Error) => [this.answer, error.message] as const,
    );
    if (nth === this.#questions) this.looking = false;
    if (nth < this.#shown) return; // it was overtaken by a later one
    this.#shown = nth;
    [this.answer, this.failure] = [answer, failure];
  };
}

/** For a component: asks when it comes, each `every` milliseconds, and when something that `ask` reads at once changes. */
export function asked<T>(ask: () => Promise<T>, every?: number): Asked<T> {
  const known = new Asked(ask);
  $effect(() => {
    void known.look();
    if (every === undefined) return;
    const again = setInterval(known.look, every);
    return () => clearInterval(again);
  });
  return known;
}
