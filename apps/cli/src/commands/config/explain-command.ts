import {
  configurationJsonSchema,
  createNodeMasterServer,
  loadConfiguration,
  viewConfiguration,
  type SettingOrigin,
  type SettingsView,
} from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import type { CommandContext } from '../../connection/target.ts';
import { closestName } from '../../output/closest-name.ts';
import { isJsonObject, member, textMember } from '../../output/json-value.ts';
import { layersOf, print, valueText, type ConfigOptions } from './config-options.ts';

/**
 * `omni config explain KEY`: what a setting means, and who has set it; of `server.NAME` also the stages that
 * a call passes.
 *
 * @returns The exit code.
 * @throws {@link GatewayError} `OMNI_NAME_UNKNOWN`, `OMNI_SERVER_UNKNOWN`.
 */
export async function runConfigExplain(
  key: string,
  options: ConfigOptions,
  context: CommandContext,
): Promise<number> {
  const view = await viewConfiguration(options.config, context.terminal.environment, layersOf(options));
  const server = /^(?:server|mcpServers)\.(.+)$/.exec(key)?.[1];
  const owner = view.servers.find(({ name }) => name === server);
  if (owner !== undefined) return await explainServer(owner, view, options, context);
  explainSetting(key, view, options, context);
  return 0;
}

async function explainServer(
  owner: SettingsView['servers'][number],
  { settings }: SettingsView,
  options: ConfigOptions,
  context: CommandContext,
): Promise<number> {
  const { environment } = context.terminal;
  const configuration = await loadConfiguration(options.config, environment, layersOf(options));
  const { flaw } = configuration.upstreams.find(({ name }) => name === owner.calledAs) ?? {};
  const server = await createNodeMasterServer({
    configuration,
    logLevel: 'error',
    secrets: { settings: configuration.secrets, environment },
  });
  try {
    const own = settings.filter(({ key }) => key.startsWith(`mcpServers.${owner.name}.`));
    const stages = flaw === undefined ? server.explain(owner.calledAs) : [];
    const problems = flaw?.split('\n') ?? [];
    print(context, options, { schemaVersion: 1, ...owner, settings: own, problems, stages }, [
      `${owner.name}: owned by ${owner.owner}, ${owner.place}`,
      ...own.flatMap(({ key, under, ...origin }) => [
        `  ${key.slice(`mcpServers.${owner.name}.`.length)}: ${originText(origin)}`,
        ...under.map((below) => `    over ${originText(below)}`),
      ]),
      ...(flaw === undefined ? ['A call passes:'] : ['It is misconfigured:']),
      ...problems.map((problem) => `  ${problem}`),
      ...stages.map(({ name, off, ...stage }) =>
        off === undefined ? `  ${name}${stageText(stage)}` : `  ${name}: off, ${off}`,
      ),
    ]);
    return 0;
  } finally {
    await server.stop({ deadlineMs: 0 });
  }
}

function stageText({ settings }: { readonly settings?: unknown }): string {
  return settings === undefined ? '' : `: ${valueText(settings)}`;
}

function explainSetting(
  key: string,
  { settings }: SettingsView,
  options: ConfigOptions,
  context: CommandContext,
): void {
  const schema = schemaOf(key);
  const found = settings.filter((setting) => setting.key === key || setting.key.startsWith(`${key}.`));
  if (schema === undefined && found.length === 0) throw unknownSetting(key, settings);
  const description = textMember(schema, 'description');
  const fallback = member(schema, 'default');
  const restarts = 'a change restarts the server alone';
  const facts = {
    schemaVersion: 1,
    key,
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    settings: found,
  };
  print(context, options, facts, [
    key,
    ...(description === undefined ? [] : [`  ${description}`]),
    ...(key.startsWith('mcpServers.') ? [`  ${restarts}`] : []),
    ...(found.length === 0 ? ['  nobody has set it'] : []),
    ...found.flatMap(({ key: inner, under, ...origin }) => [
      `  ${inner === key ? '' : `${inner.slice(key.length + 1)}: `}${originText(origin)}`,
      ...under.map((below) => `    over ${originText(below)}`),
    ]),
  ]);
}

function originText({ value, layer, place }: SettingOrigin): string {
  return `${valueText(value)} (${layer}${place === undefined ? '' : `, ${place}`})`;
}

/** The part of the JSON Schema at a key; names of servers and the like are any. */
function schemaOf(key: string): unknown {
  let schema: unknown = configurationJsonSchema();
  for (const part of key.split('.')) {
    const below: unknown = member(member(schema, 'properties'), part);
    schema =
      below ?? member(schema, /^\d+$/.test(part) ? 'items' : '') ?? member(schema, 'additionalProperties');
    if (!isJsonObject(schema)) return undefined;
  }
  return schema;
}

function unknownSetting(key: string, settings: SettingsView['settings']): GatewayError {
  const closest = closestName(
    key,
    settings.map((setting) => setting.key),
  );
  return new GatewayError('OMNI_NAME_UNKNOWN', 'There is no such setting', {
    hint: closest === undefined ? 'omni config show --defaults prints all.' : `Did you mean ${closest}?`,
  });
}
