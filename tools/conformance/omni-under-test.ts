import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startProgram, type StartedProgram } from './started-program.ts';

/** One entry of `mcpServers` in the configuration of Omni. */
export type UpstreamEntry =
  { readonly url: string } | { readonly command: string; readonly args: readonly string[] };

/** PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface OmniOptions {
  /** File that starts Omni; default: its sources. */
  readonly main?: string | undefined;
  /** Serves HTTPS in place of HTTP. The certificate must be one that this process trusts. */
  readonly tls?: CertificateFiles | undefined;
}

/** How a client starts Omni as its stdio server. */
export interface StdioOmni {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  /** Removes its folder; to be called when it has ended. */
  readonly remove: () => Promise<void>;
}

const OMNI_MAIN = fileURLToPath(new URL('../../apps/master-server/src/main.ts', import.meta.url));
const FIXTURE_MAIN = fileURLToPath(new URL('fixture/main.ts', import.meta.url));
const SOURCES = '--conditions=@omni/source';
const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 50;

interface OmniFolder {
  /**
   * Arguments for Node that start Omni, with the command first: the only place that knows the command line.
   */
  argumentsOf(command: 'serve' | 'stdio'): string[];
  readonly env: Record<string, string>;
  readonly remove: () => Promise<void>;
}

/**
 * A folder with a configuration of one upstream called `fixture`, whose names stay as they are because
 * nothing conflicts.
 */
async function prepareFolder(
  upstream: UpstreamEntry,
  { main = OMNI_MAIN, tls }: OmniOptions,
): Promise<OmniFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  const configFile = join(folder, 'omni.json');
  const configuration = {
    ...(tls === undefined ? {} : { server: { tls } }),
    auth: { mode: 'open' },
    naming: { prefix: 'on-conflict' },
    mcpServers: { fixture: { ...upstream, roots: 'pass' } },
  };
  await writeFile(configFile, JSON.stringify(configuration, null, 2));
  return {
    argumentsOf: (command) => {
      const listen = command === 'serve' ? ['--listen', '127.0.0.1:0'] : [];
      return [SOURCES, main, command, '--config', configFile, ...listen];
    },
    env: { OMNI_HOME: join(folder, 'state') },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Starts Omni in front of one upstream and waits until it is ready; `url` is its origin, without a path. */
export async function startOmni(upstream: UpstreamEntry, options: OmniOptions = {}): Promise<StartedProgram> {
  const folder = await prepareFolder(upstream, options);
  const upstreamOrigin = 'url' in upstream ? new URL(upstream.url).origin : undefined;
  let omni: StartedProgram | undefined;
  const stop = async (): Promise<void> => {
    await omni?.stop();
    await folder.remove();
  };
  try {
    omni = await startProgram({
      args: folder.argumentsOf('serve'),
      env: folder.env,
      // Omni may name its upstream first.
      urlIn: (line) =>
        line.match(/https?:\/\/127\.0\.0\.1:\d+/g)?.find((origin) => origin !== upstreamOrigin),
    });
    await waitUntilReady(omni.url);
    return { url: omni.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Prepares what a client needs to start Omni in front of one upstream. */
export async function prepareStdioOmni(
  upstream: UpstreamEntry,
  options: OmniOptions = {},
): Promise<StdioOmni> {
  const folder = await prepareFolder(upstream, options);
  return {
    command: process.execPath,
    args: folder.argumentsOf('stdio'),
    env: folder.env,
    remove: folder.remove,
  };
}

async function waitUntilReady(origin: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { status } = await fetch(`${origin}/health/ready`, {
      signal: AbortSignal.timeout(READY_TIMEOUT_MS),
    });
    if (status === 200) return;
    if (performance.now() > deadline)
      throw new Error(`Omni is up but not ready after ${READY_TIMEOUT_MS} ms (/health/ready: ${status})`);
    await delay(READY_POLL_MS);
  }
}

/** Starts the fixture over HTTP on a free port; `url` is its MCP endpoint. */
export async function startHttpFixture(): Promise<StartedProgram> {
  return await startProgram({
    args: [SOURCES, FIXTURE_MAIN, '--http'],
    urlIn: (line) => /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(line)?.[0],
  });
}

/** The entry that lets Omni start the fixture over stdio. */
export function stdioFixtureEntry(): UpstreamEntry {
  return { command: process.execPath, args: [SOURCES, FIXTURE_MAIN, '--stdio'] };
}
