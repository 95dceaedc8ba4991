/** Something that a person asks of the program by a button, and what it answers. */

import { NeedsToken, signIn } from './ask';

export class Order {
  busy = $state(false);
  /** The answer in words. */
  said = $state<string | null>(null);
  refused = $state(false);
  /** It is done only for who shows the program's token. */
  needsToken = $state(false);
  #again: (() => Promise<string>) | null = null;

  async give(ask: () => Promise<string>): Promise<void> {
    if (this.busy) return;
    this.#again = ask;
    this.busy = true;
    this.said = null;
    try {
      this.said = await ask();
      this.refused = this.needsToken = false;
    } catch (error) {
      this.said = (error as Error).message;
      this.refused = true;
      this.needsToken = error instanceof NeedsToken;
    } finally {
      this.busy = false;
    }
  }

  /** The same once more, by someone who may. */
  async giveWith(token: string): Promise<void> {
    const again = this.#again;
    if (again === null) return;
    await this.give(async () => {
      await signIn(token);
      return again();
    });
    this.#again = again;
  }
}
