import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { HeapProbe, heapProbeOptions } from '../heap-probe.ts';
import { PinnedProcess, type CorePlan } from '../pinned-process.ts';
import { UPSTREAM_NAME, type Target } from '../target.ts';
import { ALL_POLICIES, NO_POLICIES, type OmniSettings } from './omni-settings.ts';
import { SubjectUnavailable, type RunningSubject, type Subject, type SubjectContext } from './subject.ts';

/** Made anew by `main.ts` before anything is measured. */
export const BUNDLE = fileURLToPath(
  new URL('../../../apps/master-server/dist/bundle/main.mjs', import.meta.url),
);
const SOURCES = fileURLToPath(new URL('../../../apps/master-server/src/main.ts', import.meta.url));
/** Node arguments that run Omni from its sources: nothing has to be bundled, and only the start is slower. */
export const FROM_SOURCES: readonly string[] = ['--conditions=@omni/source', SOURCES];

/** One server as Omni's configuration describes it. */
export type UpstreamEntry =
  | { readonly type: 'http'; readonly url: string }
  | { readonly command: string; readonly args: readonly string[] };

/** A running Omni. */
export interface RunningOmni {
  readonly process: PinnedProcess;
  readonly port: number;
  readonly token: string;
  /** When it was spawned, in milliseconds of `performance.now()`. */
  readonly spawnedAt: number;
  /** There when it was asked for. */
  readonly heap?: HeapProbe;
}

/** Omni with its defaults: token auth, limits, breakers and metrics on. */
export const omni: Subject = {
  name: 'omni',
  description: 'Omni master-server with its defaults and token auth',
  kinds: ['http', 'stdio'],
  version: () => 'bundle of the sources',
  start: (context) => startOneOmni(context),
};

/** Omni without what {@link NO_POLICIES} switches off. */
export const omniBare: Subject = {
  name: 'omni-bare',
  description: 'Omni with all policies of calls off',
  kinds: ['http', 'stdio'],
  version: () => 'bundle of the sources',
  start: (context) => startOneOmni(context, { settings: NO_POLICIES }),
};

/** Omni with {@link ALL_POLICIES}, none of which ever holds a call up. */
export const omniPolicies: Subject = {
  name: 'omni-policies',
  description: 'Omni with all policies of calls on',
  kinds: ['http', 'stdio'],
  version: () => 'bundle of the sources',
  start: (context) => startOneOmni(context, { settings: ALL_POLICIES }),
};

/** Starts Omni in front of the upstream of a run. */
async function startOneOmni(
  { upstream, kind, cores, folder, isProbed }: SubjectContext,
  options: StartOmniOptions = {},
): Promise<RunningSubject> {
  const entry: UpstreamEntry = kind === 'http' ? { type: 'http', url: upstream.url } : upstream.stdioCommand;
  const running = await startOmni({ [UPSTREAM_NAME]: entry }, cores, folder, { ...options, isProbed });
  return { ...running, target: omniTarget(running) };
}

/**
 * The Omni of another checkout, such as the commit before a change.
 *
 * @param root - Of the checkout; `npm run bundle` has been run there.
 */
export function omniBefore(root: string): Subject {
  const program = join(root, 'apps/master-server/dist/bundle/main.mjs');
  return {
    name: 'omni-before',
    description: 'Omni of another commit, with its defaults and token auth',
    kinds: ['http', 'stdio'],
    version: () => {
      if (!existsSync(program))
        throw new SubjectUnavailable('its bundle is missing; npm run bundle makes it');
      return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
    },
    start: (context) => startOneOmni(context, { program: [program] }),
  };
}

/** How a running Omni is called. */
export function omniTarget({ port, token }: RunningOmni): Target {
  return {
    host: '127.0.0.1',
    port,
    path: '/mcp',
    dialect: 'modern',
    toolName: `${UPSTREAM_NAME}__echo`,
    headers: { Authorization: `Bearer ${token}` },
  };
}

/** How Omni is started otherwise than with its defaults. */
export interface StartOmniOptions {
  /** See `SubjectContext`. */
  readonly isProbed?: boolean | undefined;
  readonly settings?: OmniSettings;
  /** Users beside the owner. */
  readonly tokens?: readonly { readonly name: string; readonly token: string }[];
  /** Node arguments that name the program. Default: the bundle. */
  readonly program?: readonly string[];
}

/** Starts Omni in front of some servers, with a state folder and a token of its own. */
export async function startOmni(
  mcpServers: Readonly<Record<string, UpstreamEntry>>,
  cores: CorePlan,
  folder: string,
  { isProbed = false, settings = {}, tokens = [], program = [BUNDLE] }: StartOmniOptions = {},
): Promise<RunningOmni> {
  const port = await freePort();
  const token = randomBytes(32).toString('base64url');
  const configPath = join(folder, 'omni.json');
  const configuration = { auth: { mode: 'token', token, tokens }, ...settings, mcpServers };
  writeFileSync(configPath, JSON.stringify(configuration), { mode: 0o600 });
  const spawnedAt = performance.now();
  const pinned = new PinnedProcess({
    name: 'omni',
    core: cores.subject,
    command: process.execPath,
    args: [
      ...(isProbed ? heapProbeOptions() : []),
      ...program,
      'serve',
      '--config',
      configPath,
      '--listen',
      `127.0.0.1:${port}`,
    ],
    logFolder: folder,
    ipc: isProbed,
    env: { OMNI_HOME: join(folder, 'state') },
  });
  return { process: pinned, port, token, spawnedAt, ...(isProbed ? { heap: new HeapProbe(pinned) } : {}) };
}
