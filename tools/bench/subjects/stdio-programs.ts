import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StdioProgram } from '../load-job.ts';
import type { CorePlan } from '../pinned-process.ts';
import { UPSTREAM_NAME, type StdioTarget } from '../target.ts';
import type { Upstream } from '../upstream-process.ts';
import { BUNDLE } from './omni.ts';
import { peerFile, peerVersion } from './peers.ts';
import { SubjectUnavailable } from './subject.ts';

const TOONER = '@chaindead/tooner_linux_amd64';
const SLOP = '@standardbeagle/slop-mcp';

/** What a program gets to start with. */
export interface StdioContext {
  readonly upstream: Pick<Upstream, 'stdioCommand'>;
  readonly cores: CorePlan;
  /** A folder of its own. */
  readonly folder: string;
}

/** Something that a client starts itself and speaks to on standard streams, with a stdio server behind it. */
export interface StdioSubject {
  readonly name: string;
  readonly description: string;
  /** Throws {@link SubjectUnavailable} when it is not installed and cannot be. */
  version(): string;
  readonly target: StdioTarget;
  /** How to start it. */
  program(context: StdioContext): StdioProgram;
}

const direct: StdioSubject = {
  name: 'direct',
  description: 'no gateway: the load generator calls the upstream, on the load core',
  version: () => 'own',
  target: { pipe: 'direct', toolName: 'echo' },
  program: ({ upstream, folder }) => ({
    name: 'direct',
    core: undefined,
    ...upstream.stdioCommand,
    logFolder: folder,
  }),
};

const omniStdio: StdioSubject = {
  name: 'omni',
  description: 'omni stdio with its defaults',
  version: () => 'bundle of the sources',
  target: { pipe: 'omni', toolName: `${UPSTREAM_NAME}__echo` },
  program: ({ upstream, cores, folder }) => {
    const config = join(folder, 'omni.json');
    writeFileSync(config, JSON.stringify({ mcpServers: { [UPSTREAM_NAME]: upstream.stdioCommand } }), {
      mode: 0o600,
    });
    return {
      name: 'omni',
      core: cores.subject,
      command: process.execPath,
      args: [BUNDLE, 'stdio', '--config', config],
      logFolder: folder,
      env: { OMNI_HOME: join(folder, 'state') },
    };
  },
};

const tooner: StdioSubject = {
  name: 'tooner',
  description: 'npm @chaindead/tooner (Go): one server, results that are JSON are written anew',
  version: () => (requireFile(`${TOONER}/tooner`), peerVersion(TOONER)),
  target: { pipe: 'tooner', toolName: 'echo' },
  program: ({ upstream, cores, folder }) => ({
    name: 'tooner',
    core: cores.subject,
    command: requireFile(`${TOONER}/tooner`),
    args: [upstream.stdioCommand.command, ...upstream.stdioCommand.args],
    logFolder: folder,
    cwd: folder,
    env: { TOONER_LOG_PATH: join(folder, 'tooner-own.log') },
  }),
};

const slop: StdioSubject = {
  name: 'slop-mcp',
  description: 'npm @standardbeagle/slop-mcp (Go): called by its meta-tool execute_tool',
  version: () => (slopFile(), peerVersion(SLOP)),
  target: { pipe: 'slop-mcp', toolName: 'echo', metaTool: 'execute_tool' },
  program: ({ upstream, cores, folder }) => {
    const { command, args } = upstream.stdioCommand;
    const quoted = args.map((argument) => JSON.stringify(argument)).join(' ');
    writeFileSync(
      join(folder, '.slop-mcp.kdl'),
      `mcp "${UPSTREAM_NAME}" {\n    command ${JSON.stringify(command)}\n    args ${quoted}\n}\n`,
    );
    return {
      name: 'slop-mcp',
      core: cores.subject,
      command: slopFile(),
      args: ['serve'],
      logFolder: folder,
      cwd: folder,
      env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    };
  },
};

/** Every program, in the order of the report. */
export const STDIO_SUBJECTS: readonly StdioSubject[] = [direct, omniStdio, tooner, slop];

function slopFile(): string {
  return requireFile(`${SLOP}/binaries/slop-mcp-linux-${process.arch === 'x64' ? 'amd64' : process.arch}`);
}

function requireFile(path: string): string {
  const file = peerFile(path);
  if (!existsSync(file)) throw new SubjectUnavailable(`npm has no ${path} for this machine`);
  return file;
}
