/** What is wrong, as it is looked at for a page: once when it comes, and when a person wants it. */

import type { Report } from '../api';
import { askReport } from './ask';

export class Examination {
  report = $state.raw<Report | null>(null);
  failure = $state<string | null>(null);
  looking = $state(false);

  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      this.report = await askReport();
      this.failure = null;
    } catch (error) {
      this.failure = (error as Error).message;
    } finally {
      this.looking = false;
    }
  }
}
