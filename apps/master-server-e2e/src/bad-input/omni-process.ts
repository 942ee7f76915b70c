import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { childrenOf, descriptorsOf } from '../harness/processes.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import type { GatewayLoad } from './oracle.ts';
import { TOKEN } from './request-bytes.ts';

/** A file of the folder `upstreams` as an entry of `mcpServers`. */
export function scripted(file: string, ...args: readonly string[]): { command: string; args: string[] } {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL(`upstreams/${file}`, import.meta.url)), ...args],
  };
}

/** One state report of an upstream, as the health page tells it to who shows the token. */
export interface UpstreamDetails {
  readonly state: string;
  readonly tools: number;
  readonly withheld: readonly { readonly name: string; readonly reason: string }[];
  readonly lastError?: { readonly code: string; readonly message: string };
  readonly retryInMs?: number;
}

/** Omni in a process of its own, watched from outside. */
export class OmniProcess {
  readonly port: number;
  readonly #omni: Omni;

  private constructor(omni: Omni) {
    this.#omni = omni;
    this.port = Number(new URL(omni.origin).port);
  }

  /** Starts it with the token of these tests. @param environment - Besides what it needs itself. */
  static async start(
    configuration: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<OmniProcess> {
    return new OmniProcess(await startOmni({ auth: { token: TOKEN }, ...configuration }, { environment }));
  }

  get pid(): number {
    return this.#omni.process.pid;
  }

  readonly log = (): string => this.#omni.process.stderr + this.#omni.process.stdout;

  readonly isAlive = (): boolean => !this.#omni.process.hasEnded;

  readonly memory = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;

  /** Processor time used so far, in seconds. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  readonly measure = async (): Promise<GatewayLoad> => {
    const details = await this.#details();
    // The health page says what the handler of the protocol counts.
    const { sessions, inFlight, listens } = details['protocol'] as {
      sessions: number;
      inFlight: number;
      listens: number;
    };
    return {
      descriptors: descriptorsOf(this.pid),
      children: childrenOf(this.pid).length,
      sessions,
      inFlight,
      listens,
    };
  };

  readonly upstream = async (name: string): Promise<UpstreamDetails> => {
    const [found] = await this.upstreams([name]);
    if (found === undefined) throw new RangeError(`no enabled upstream is called ${name}`);
    return found;
  };

  /** The reports of enabled upstreams, from one page. */
  async upstreams(names: readonly string[]): Promise<readonly UpstreamDetails[]> {
    const details = await this.#details();
    // Every enabled upstream has such a report.
    return names.map((name) => details[`upstream:${name}`] as UpstreamDetails);
  }

  /** Stops it in order. @returns The exit code; `null` when it had to be killed. */
  async stop(): Promise<number | null> {
    const { code } = await this.#omni.process.stop();
    return code;
  }

  async #details(): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${this.#omni.origin}/health/ready`, {
      headers: { Authorization: `Bearer ${TOKEN}`, Connection: 'close' },
    });
    // With the token the page has details for every component.
    const page = (await response.json()) as { details: Readonly<Record<string, unknown>> };
    return page.details;
  }
}
