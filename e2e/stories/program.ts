/** `hearthline demo`: the program under test, as a process of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const WELCOME = /Look at it: +(http:\S+)/;
const CONTROL = /by lines of text on 127\.0\.0\.1:(\d+)/;

/** An event that the simulated Home Assistant fired, as its ledger has it. */
export interface Fired {
  entity_id: string;
  /** Microseconds since 1970. */
  last_updated: number;
  state: string | null;
  /** Whether it was sent to those who listened. */
  delivered: boolean;
  in_history: boolean;
}

export interface Counters {
  /** Open now. */
  connections: number;
  connections_ever: number;
  auth_failures: number;
  /** Events. */
  fired: number;
}

export class Program {
  /** The first page's address. */
  readonly url: string;
  readonly #child: ChildProcess;
  /** Where the simulated Home Assistant takes orders. */
  readonly #control: number;

  private constructor(url: string, control: number, child: ChildProcess) {
    this.url = url;
    this.#control = control;
    this.#child = child;
  }

  /** Starts one and waits until it records. Without a port it takes a free one, without a folder a temporary one. */
  static async start({ port = '0', folder }: { port?: string; folder?: string } = {}): Promise<Program> {
    const binary = process.env.HEARTHLINE;
    if (!binary) throw new Error('HEARTHLINE does not say where the program is');
    const child = spawn(binary, ['demo', '--control', '127.0.0.1:0', ...(folder ? ['--data-dir', folder] : [])], {
      env: { PATH: process.env.PATH, HEARTHLINE_API_LISTEN: `127.0.0.1:${port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    createInterface(child.stderr).on('line', (line) => said.push(line));
    const program = await new Promise<Program>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`the program ended before it was ready:\n${said.join('\n')}`)));
      let url: string | undefined;
      createInterface(child.stdout).on('line', (line) => {
        url ??= WELCOME.exec(line)?.[1];
        const control = CONTROL.exec(line)?.[1];
        if (url && control) resolve(new Program(url, Number(control), child));
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

  /** Gives the simulated Home Assistant an order. Its answer, a line each. */
  async order(line: string): Promise<string[]> {
    const stream = createConnection({ host: '127.0.0.1', port: this.#control });
    stream.end(`${line}\n`);
    let answer = '';
    for await (const piece of stream.setEncoding('utf8')) answer += piece;
    const lines = answer.trimEnd().split('\n');
    const last = lines.pop();
    if (last !== 'ok') throw new Error(`${line}: ${last}`);
    return lines;
  }

  /** Every event that was fired, in order. */
  async ledger(): Promise<Fired[]> {
    return (await this.order('ledger')).map((line) => JSON.parse(line));
  }

  /** What the simulated Home Assistant has counted so far. */
  async counters(): Promise<Counters> {
    return JSON.parse((await this.order('counters'))[0] ?? '{}');
  }

  /** Causes one of the demonstration's faults. */
  async cause(word: string): Promise<void> {
    const answer = await fetch(new URL(`api/v1/demo/faults/${word}`, this.url), { method: 'POST' });
    if (!answer.ok) throw new Error(`${word}: ${answer.status}`);
  }

  /** The process, for `/proc`. */
  get pid(): number {
    return this.#child.pid ?? 0;
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
