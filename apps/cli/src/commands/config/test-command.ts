import { createNodeMasterServer, loadConfiguration, type Configuration } from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import { ChannelConnection } from '../../connection/channel-connection.ts';
import { withDeadline } from '../../connection/deadline.ts';
import type { CommandContext } from '../../connection/target.ts';
import { parseDuration } from '../../output/duration.ts';
import { textMember } from '../../output/json-value.ts';
import { layersOf, print, type ConfigOptions } from './config-options.ts';

export interface TestOptions extends ConfigOptions {
  /** How long servers may take to start, as a duration. */
  readonly timeout: string;
}

type Expectation = Configuration['tests'][number];
type Gateway = Awaited<ReturnType<typeof createNodeMasterServer>>;

interface Verdict {
  readonly name: string;
  /** What is not as it should be; nothing when all is. */
  readonly failures: readonly string[];
}

/**
 * `omni config test`: starts the servers, and makes sure of what the configuration expects of itself.
 *
 * @returns The exit code: 1 where something is not so.
 */
export async function runConfigTest(options: TestOptions, context: CommandContext): Promise<number> {
  const { environment } = context.terminal;
  const deadlineMs = parseDuration(options.timeout);
  const configuration = await loadConfiguration(options.config, environment, layersOf(options));
  if (configuration.tests.length === 0)
    throw new GatewayError('OMNI_USAGE', `${options.config} expects nothing of itself`, {
      hint: 'Write what you expect under "tests", such as - { sees: [github__search] }.',
    });
  const server = await createNodeMasterServer({
    ...{ configuration, logLevel: 'error', startGraceMs: deadlineMs },
    secrets: { settings: configuration.secrets, environment },
  });
  try {
    await server.start();
    const verdicts = await withDeadline(deadlineMs * 2, context.signal, async (signal) => {
      await server.whenSettled({ deadlineMs });
      const found: Verdict[] = [];
      for (const [index, test] of configuration.tests.entries())
        found.push({ name: test.name ?? `tests.${index}`, failures: await failuresOf(test, server, signal) });
      return found;
    });
    const failed = verdicts.filter(({ failures }) => failures.length > 0).length;
    print(context, options, { schemaVersion: 1, passed: verdicts.length - failed, failed, tests: verdicts }, [
      ...verdicts.flatMap(({ name, failures }) => [
        `${failures.length === 0 ? 'ok    ' : 'failed'}  ${name}`,
        ...failures.map((failure) => `        ${failure}`),
      ]),
      `${verdicts.length - failed} passed, ${failed} failed`,
    ]);
    return failed === 0 ? 0 : 1;
  } finally {
    await server.stop({ deadlineMs: 0 });
  }
}

async function failuresOf(
  { server: only, sees = [], hides = [], routes = {} }: Expectation,
  server: Gateway,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const tools = sees.length + hides.length === 0 ? new Set<string>() : await toolsOf(server, only, signal);
    return [
      ...sees.filter((name) => !tools.has(name)).map((name) => `${name} is not shown`),
      ...hides.filter((name) => tools.has(name)).map((name) => `${name} is shown`),
      ...Object.entries(routes).flatMap(([tool, wanted]) => routeFailure({ tool, wanted, only }, server)),
    ];
  } catch (error) {
    return [GatewayError.from(error).message];
  }
}

async function toolsOf(
  server: Gateway,
  only: string | undefined,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const connection = new ChannelConnection(server.connect(only));
  try {
    const names = new Set<string>();
    let cursor: string | undefined;
    do {
      const result = await connection.request('tools/list', cursor === undefined ? {} : { cursor }, {
        signal,
      });
      const { tools } = result;
      for (const tool of Array.isArray(tools) ? tools : []) names.add(textMember(tool, 'name') ?? '');
      cursor = textMember(result, 'nextCursor');
    } while (cursor !== undefined);
    return names;
  } finally {
    await connection.close();
  }
}

function routeFailure(
  {
    tool,
    wanted,
    only,
  }: { readonly tool: string; readonly wanted: string; readonly only: string | undefined },
  server: Gateway,
): readonly string[] {
  try {
    const { server: found } = server.routeOf(tool, only);
    return found === wanted ? [] : [`${tool} goes to ${found}, not to ${wanted}`];
  } catch (error) {
    return [`${tool} goes nowhere: ${GatewayError.from(error).message}`];
  }
}
