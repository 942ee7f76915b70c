import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GatewayError } from '@omni/ports';

/** What the embedded configuration starts. */
export interface DemoPrograms {
  /** The Node that runs them. */
  readonly node: string;
  /** Entry of `@modelcontextprotocol/server-everything`. */
  readonly everything: string;
  /** Entry of Omni's own demo server, a TypeScript source. */
  readonly demo: string;
}

/** Under which path the embedded configuration stands in messages. */
export const DEMO_CONFIGURATION_PATH = 'omni-demo.json';

/**
 * The configuration that `start` runs on when it is given none: two servers over stdio, everything else by
 * default.
 */
export function demoConfigurationText({ node, everything, demo }: DemoPrograms): string {
  const configuration = {
    mcpServers: {
      everything: { command: literal(node), args: [literal(everything), 'stdio'] },
      demo: { command: literal(node), args: ['--conditions=@omni/source', literal(demo)] },
    },
  };
  return JSON.stringify(configuration);
}

/**
 * Finds both servers among the installed packages.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` where they are not installed: they belong to the
 * repository, not to the
 *   published server.
 */
export function findDemoPrograms(): DemoPrograms {
  const { resolve } = createRequire(import.meta.url);
  try {
    return {
      node: process.execPath,
      everything: resolve('@modelcontextprotocol/server-everything/dist/index.js'),
      demo: join(dirname(resolve('@omni/demo-server/package.json')), 'src', 'main.ts'),
    };
  } catch (cause) {
    throw new GatewayError('OMNI_CONFIG_INVALID', 'The demo servers of "start" are not installed here', {
      cause,
      hint: 'Name your own servers: start --config FILE.',
    });
  }
}

/** A path may hold what the configuration would take for a reference. */
function literal(path: string): string {
  return path.replaceAll('${', () => '$${');
}
