import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from './end-everything.ts';
import { eventually } from './eventually.ts';

/** Arguments for Node that come before the command of Omni. */
export const OMNI_ARGUMENTS: readonly string[] = [
  // A module for Omni to import before anything else: `tools/guards` takes guards away in this way.
  ...(process.env['OMNI_E2E_IMPORT'] === undefined ? [] : [`--import=${process.env['OMNI_E2E_IMPORT']}`]),
  '--conditions=@omni/source',
  // A bundle, which starts in a third of the time; from its sources Omni needs no step before the test.
  process.env['OMNI_E2E_MAIN'] ??
    fileURLToPath(new URL('../../../master-server/src/main.ts', import.meta.url)),
];

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;
const RUN_TIMEOUT_MS = 20_000;
/** Of what a process says the first and the last part are kept. */
const MAX_OUTPUT = 4_000_000;

/** A temporary folder with a configuration, and the state folder of the Omni that reads it. */
export interface OmniFolder {
  readonly folder: string;
  readonly configFile: string;
  readonly environment: Record<string, string>;
}

export interface OmniOptions {
  /** Variables beside `PATH`, `HOME` and `OMNI_HOME`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further arguments of `serve`; default `--listen 127.0.0.1:0`. */
  readonly args?: readonly string[];
  readonly fileName?: string;
}

/**
 * What a configuration file holds; `auth.mode` is `open` unless it says something else. Text is written as it
 * is.
 */
export type ConfigurationLike = Readonly<Record<string, unknown>> | string;

export async function writeConfiguration(
  configuration: ConfigurationLike,
  options: OmniOptions = {},
): Promise<OmniFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const configFile = join(folder, options.fileName ?? 'omni.json');
  const text =
    typeof configuration === 'string'
      ? configuration
      : JSON.stringify({ auth: { mode: 'open' }, ...configuration }, null, 2);
  await writeFile(configFile, text);
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    OMNI_HOME: join(folder, 'state'),
    NO_COLOR: '1',
    ...options.environment,
  };
  return { folder, configFile, environment };
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started, what it has said so far, and its end. The end of the test file stops it. */
export class StartedProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    const killWithUs = (): void => void child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve({ code: null, signal: null }));
      // Its output is complete then.
      child.once('close', (code, signal) => {
        process.off('exit', killWithUs);
        resolve({ code, signal });
      });
    });
    atEnd(async () => void (await this.stop()));
    child.stdin?.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout = kept(this.stdout + text)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr = kept(this.stderr + text)));
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error('it could not be started');
    return pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<Ending> {
    if (!this.hasEnded) this.child.kill('SIGTERM');
    const hardStop = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const ending = await this.ended;
    clearTimeout(hardStop);
    return ending;
  }

  /** The JSON lines on stderr. */
  logs(): Record<string, unknown>[] {
    // Every line that begins so is one of the logger.
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** Omni, up and listening. */
export interface Omni extends OmniFolder {
  readonly process: StartedProcess;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The endpoint of all servers. */
  readonly url: string;
  /** Milliseconds from its start to the line with its URL. */
  readonly startedWithinMs: number;
  /** Resolves when `/health/ready` says so. */
  ready(): Promise<void>;
}

/**
 * Starts `omni serve` on a free port and waits until it tells its URL. It is stopped when the test file ends.
 */
export async function startOmni(configuration: ConfigurationLike, options: OmniOptions = {}): Promise<Omni> {
  const prepared = await writeConfiguration(configuration, options);
  return await startOmniIn(prepared, options);
}

/** The same for a folder that is prepared already, such as one that another Omni has used. */
export async function startOmniIn(prepared: OmniFolder, options: OmniOptions = {}): Promise<Omni> {
  const begin = performance.now();
  const args = [
    ...OMNI_ARGUMENTS,
    'serve',
    '--config',
    prepared.configFile,
    ...(options.args ?? ['--listen', '127.0.0.1:0']),
  ];
  const started = new StartedProcess(process.execPath, args, prepared.environment);
  const url = await eventually(
    'the line with the URL of Omni',
    () => {
      const found = /listening on (http:\/\/\S+\/mcp)/.exec(started.stderr)?.[1];
      if (found === undefined && started.hasEnded)
        throw new Error(`Omni ended before it listened:\n${started.stderr}`);
      return found;
    },
    START_TIMEOUT_MS,
  );
  const { origin } = new URL(url);
  const ready = async (): Promise<void> => {
    await eventually(
      'Omni is ready',
      async () => (await fetch(`${origin}/health/ready`)).status === 200,
      START_TIMEOUT_MS,
    );
  };
  return { ...prepared, process: started, origin, url, startedWithinMs: performance.now() - begin, ready };
}

/** Runs Omni until it ends by itself, as it does when it cannot start. */
export async function runOmni(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ending & { stdout: string; stderr: string }> {
  const started = new StartedProcess(process.execPath, [...OMNI_ARGUMENTS, ...args], environment);
  started.child.stdin?.end();
  const timer = setTimeout(() => started.signal('SIGKILL'), RUN_TIMEOUT_MS);
  const ending = await started.ended;
  clearTimeout(timer);
  return { ...ending, stdout: started.stdout, stderr: started.stderr };
}

function kept(output: string): string {
  // Not at every chunk: each time it is copied.
  return output.length <= 2 * MAX_OUTPUT
    ? output
    : output.slice(0, MAX_OUTPUT / 2) + output.slice(-MAX_OUTPUT / 2);
}
