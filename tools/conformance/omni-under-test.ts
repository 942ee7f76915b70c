import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startProgram, type StartedProgram } from './started-program.ts';

/** One entry of `mcpServers` in the configuration of Omni. */
export type UpstreamEntry = { readonly url: string } | { readonly command: string; readonly args: readonly string[] };

const OMNI_MAIN = fileURLToPath(new URL('../../apps/master-server/src/main.ts', import.meta.url));
const FIXTURE_MAIN = fileURLToPath(new URL('fixture/main.ts', import.meta.url));
const SOURCES = '--conditions=@omni/source';
const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 50;

/** Arguments for Node that start Omni on a free port: the only place that knows the command line. */
function omniArguments(main: string, configFile: string): string[] {
  return [SOURCES, main, 'serve', '--config', configFile, '--listen', '127.0.0.1:0'];
}

/** Configuration with one upstream called `fixture`, whose names stay as they are because nothing conflicts. */
function omniConfiguration(upstream: UpstreamEntry): string {
  const configuration = { auth: { mode: 'open' }, naming: { prefix: 'on-conflict' }, mcpServers: { fixture: upstream } };
  return JSON.stringify(configuration, null, 2);
}

/** Starts Omni in front of one upstream and waits until it is ready; `url` is its origin, without a path. */
export async function startOmni(upstream: UpstreamEntry, main = OMNI_MAIN): Promise<StartedProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  const configFile = join(folder, 'omni.json');
  await writeFile(configFile, omniConfiguration(upstream));
  const upstreamOrigin = 'url' in upstream ? new URL(upstream.url).origin : undefined;
  let omni: StartedProgram | undefined;
  const stop = async (): Promise<void> => {
    await omni?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    omni = await startProgram({
      args: omniArguments(main, configFile),
      // Omni may name its upstream first.
      urlIn: (line) => line.match(/http:\/\/127\.0\.0\.1:\d+/g)?.find((origin) => origin !== upstreamOrigin),
    });
    await waitUntilReady(omni.url);
    return { url: omni.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitUntilReady(origin: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { status } = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error(`Omni is up but not ready after ${READY_TIMEOUT_MS} ms (/health/ready: ${status})`);
    await delay(READY_POLL_MS);
  }
}

/** Starts the fixture over HTTP on a free port; `url` is its MCP endpoint. */
export async function startHttpFixture(): Promise<StartedProgram> {
  return await startProgram({ args: [SOURCES, FIXTURE_MAIN, '--http'], urlIn: (line) => /http:\/\/127\.0\.0\.1:\d+\/mcp/.exec(line)?.[0] });
}

/** The entry that lets Omni start the fixture over stdio. */
export function stdioFixtureEntry(): UpstreamEntry {
  return { command: process.execPath, args: [SOURCES, FIXTURE_MAIN, '--stdio'] };
}
