/** `hearthline demo`: the program under test, as a process of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const WELCOME = /Look at it: +(http:\S+)/;
const CONTROL = /by lines of text on 127\.0\.0\.1:(\d+)/;

/** Of the simulated Home Assistant; it guards nothing. */
const TOKEN = 'simulated-token';

/** A port that nobody has. It lies below those that the system gives out by itself, so nobody is given it before it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

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

  /** The simulated Home Assistant, where that is a process of its own. */
  readonly #simulator: ChildProcess | undefined;

  private constructor(url: string, control: number, child: ChildProcess, simulator?: ChildProcess) {
    this.url = url;
    this.#control = control;
    this.#child = child;
    this.#simulator = simulator;
  }

  /** Records a simulated Home Assistant that is a process of its own, so that what each needs is told apart. */
  static async recording(folder: string): Promise<Program> {
    const binary = process.env.HEARTHLINE;
    if (!binary) throw new Error('HEARTHLINE does not say where the program is');
    const anywhere = '127.0.0.1:0';
    const simulator = spawn(binary, ['sim', '--json', '--seed', '1', '--listen', anywhere, '--control', anywhere, '--token', TOKEN], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = await once(createInterface(simulator.stdout), 'line');
    const { address, control } = JSON.parse(line as string) as { address: string; control: string };
    const listen = `127.0.0.1:${await freePort()}`;
    const child = spawn(binary, ['run'], {
      env: {
        PATH: process.env.PATH,
        HEARTHLINE_API_LISTEN: listen,
        HEARTHLINE_DATA_DIR: folder,
        HOME_ASSISTANT_URL: `http://${address}`,
        HOME_ASSISTANT_TOKEN: TOKEN,
      },
      stdio: 'ignore',
    });
    const program = new Program(`http://${listen}/`, Number(control.split(':')[1]), child, simulator);
    while (!(await fetch(program.url).catch(() => null))) await setTimeout(100);
    await program.#records();
    return program;
  }

  /** Starts one and waits until it records. Without a port it takes a free one, without a folder a temporary one. `settings` is a file. */
  static async start({ port = '0', folder, settings }: { port?: string; folder?: string; settings?: string } = {}): Promise<Program> {
    const binary = process.env.HEARTHLINE;
    if (!binary) throw new Error('HEARTHLINE does not say where the program is');
    const child = spawn(binary, ['demo', '--control', '127.0.0.1:0', ...(folder ? ['--data-dir', folder] : [])], {
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

  /** Waits until the house is connected and is heard: what it began with is in the archive before that, for the first chart. */
  async #records(): Promise<void> {
    const answer = async (path: string) => (await fetch(new URL(`api/v1/${path}`, this.url))).json();
    while ((await answer('status')).home_assistant.state !== 'connected') await setTimeout(200);
    const isLive = ({ origin }: { origin: string }) => origin === 'live';
    while (!(await answer('events?type=state_changed&limit=20')).events.some(isLive)) await setTimeout(200);
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
    this.#simulator?.kill('SIGKILL');
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
