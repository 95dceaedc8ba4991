/** The program's own log as it comes. */

import type { LogLevel, LogLine } from '../api';
import { askLogs } from './ask';
import { joined } from './logs';

/** Before the next question, where the last one was refused. */
const AGAIN_MS = 3000;

/** Follows the lines of a part and a level from its making until it is stopped. */
export class Followed {
  lines = $state.raw<LogLine[]>([]);
  /** There was an answer. */
  known = $state(false);
  failure = $state<string | null>(null);
  /** Lines that no file has. */
  dropped = $state(0);
  #over = false;

  constructor(part: string, level: LogLevel) {
    void this.#follow(part, level);
  }

  stop(): void {
    this.#over = true;
  }

  async #follow(part: string, level: LogLevel) {
    let after: number | null = null;
    while (!this.#over) {
      try {
        const { lines, last, dropped } = await askLogs(part, level, after);
        if (this.#over) return;
        this.lines = joined(this.lines, lines);
        [this.known, this.failure, this.dropped, after] = [true, null, dropped, last];
      } catch (error) {
        this.failure = (error as Error).message;
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  }
}
