import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { PinnedProcess, type CorePlan } from '../pinned-process.ts';
import { UPSTREAM_NAME } from '../target.ts';
import type { Subject } from './subject.ts';

/** Made anew by `main.ts` before anything is measured. */
const BUNDLE_ENTRY = fileURLToPath(new URL('../../../apps/master-server/dist/bundle/main.mjs', import.meta.url));

/** One server as Omni's configuration describes it. */
type UpstreamEntry = { readonly type: 'http'; readonly url: string } | { readonly command: string; readonly args: readonly string[] };

/** A running Omni. */
export interface RunningOmni {
  readonly process: PinnedProcess;
  readonly port: number;
  readonly token: string;
  /** When it was spawned, in milliseconds of `performance.now()`. */
  readonly spawnedAt: number;
}

/** Omni with its defaults: token auth, limits, breakers and metrics on. */
export const omni: Subject = {
  name: 'omni',
  description: 'Omni master-server with its defaults and token auth',
  kinds: ['http', 'stdio'],
  version: () => 'bundle of the sources',
  start: async ({ upstream, kind, cores, folder }) => {
    const entry: UpstreamEntry = kind === 'http' ? { type: 'http', url: upstream.url } : upstream.stdioCommand;
    const { process: pinned, port, token } = await startOmni({ [UPSTREAM_NAME]: entry }, cores, folder);
    return {
      target: {
        host: '127.0.0.1',
        port,
        path: '/mcp',
        dialect: 'modern',
        toolName: `${UPSTREAM_NAME}__echo`,
        headers: { Authorization: `Bearer ${token}` },
      },
      process: pinned,
    };
  },
};

/** Starts Omni in front of some servers, with a state folder and a token of its own. */
export async function startOmni(
  mcpServers: Readonly<Record<string, UpstreamEntry>>,
  cores: CorePlan,
  folder: string,
): Promise<RunningOmni> {
  const port = await freePort();
  const token = randomBytes(32).toString('base64url');
  const configPath = join(folder, 'omni.json');
  writeFileSync(configPath, JSON.stringify({ auth: { mode: 'token', token }, mcpServers }), { mode: 0o600 });
  const spawnedAt = performance.now();
  const pinned = new PinnedProcess({
    name: 'omni',
    core: cores.subject,
    command: process.execPath,
    args: [BUNDLE_ENTRY, 'serve', '--config', configPath, '--listen', `127.0.0.1:${port}`],
    logFolder: folder,
    env: { OMNI_HOME: join(folder, 'state') },
  });
  return { process: pinned, port, token, spawnedAt };
}
