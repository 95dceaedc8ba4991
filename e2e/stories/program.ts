/** `hearthline demo`: the program under test, as a process of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const WELCOME = /Look at it: +(http:\S+)/;

export class Program {
  /** The first page's address. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts one and waits until it records. Without a port it takes a free one, without a folder a temporary one. `settings` is a file. */
  static async start({ port = '0', folder, settings }: { port?: string; folder?: string; settings?: string } = {}): Promise<Program> {
    const binary = process.env.HEARTHLINE;
    if (!binary) throw new Error('HEARTHLINE does not say where the program is');
    const child = spawn(binary, ['demo', ...(folder ? ['--data-dir', folder] : [])], {
      env: {
        PATH: process.env.PATH,
        HEARTHLINE_API_LISTEN: `127.0.0.1:${port}`,
        ...(settings ? { HEARTHLINE_CONFIG: settings } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    createInterface(child.stderr).on('line', (line) => said.push(line));
    const program = await new Promise<Program>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`the program ended before it was ready:\n${said.join('\n')}`)));
      createInterface(child.stdout).on('line', (line) => {
        const url = WELCOME.exec(line)?.[1];
        if (url) resolve(new Program(url, child));
      });
    });
    await program.#records();
    return program;
  }

  /** Waits until the house is connected. */
  async #records(): Promise<void> {
    const state = async () => (await (await fetch(new URL('api/v1/status', this.url))).json()).home_assistant.state;
    while ((await state()) !== 'connected') await setTimeout(200);
  }

  get port(): string {
    return new URL(this.url).port;
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it as it is, with no chance to write anything more. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
