import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Where Debian puts the programs of each version; the newest version last. */
const PLACES = '/usr/lib/postgresql/*/bin';
const START_TIMEOUT_MS = 30_000;
const PAUSE_MS = 20;

/** Folder of the programs of PostgreSQL; `undefined` where it is not installed. */
export const POSTGRES_PROGRAMS: string | undefined = globSync(PLACES)
  .toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }))
  .findLast((folder) => existsSync(join(folder, 'initdb')));

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A server of PostgreSQL of its own, on a port of this machine. */
export class PostgresServer {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #user: User | undefined;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, user: User | undefined) {
    this.#folder = folder;
    this.#port = port;
    this.#user = user;
    this.url = `postgres://omni@127.0.0.1:${port}/postgres`;
  }

  static async start(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'omni-postgres-'));
    const user = unprivilegedUser();
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    const server = new PostgresServer(folder, await freePort(), user);
    execFileSync(
      program('initdb'),
      [
        '-D',
        join(folder, 'data'),
        '-U',
        'omni',
        '--auth=trust',
        '--no-sync',
        '--locale=C',
        '--encoding=UTF8',
      ],
      { cwd: folder, ...user, stdio: 'ignore' },
    );
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=30',
      'shared_buffers=16MB',
    ];
    this.#process = spawn(
      program('postgres'),
      ['-D', join(this.#folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
      { cwd: this.#folder, ...this.#user, stdio: 'ignore' },
    );
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await takesConnections(this.url))) {
      if (performance.now() > deadline) throw new Error('PostgreSQL does not start');
      await pause();
    }
  }

  /** As `pg_ctl stop -m immediate` does: nobody is told, nothing is finished. */
  async stopAtOnce(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  async remove(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.#folder, { recursive: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

function program(name: string): string {
  return join(POSTGRES_PROGRAMS ?? '', name);
}

/** PostgreSQL does not run as root. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function takesConnections(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function pause(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS));
}
