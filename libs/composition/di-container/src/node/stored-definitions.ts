import type { Logger, StoredDefinition } from '@omni/ports';
import type { GatewayUpstream, ReadStoredDefinitions } from '../gateway-options.ts';
import { parseConfigurationText, type Environment } from './node-configuration.ts';

/**
 * Reads servers that are defined in the store as entries of a configuration: references to variables are
 * looked up in the environment of Omni. One that is wrong is left out, and the log says why.
 */
export function storedDefinitionReader(
  environment: Environment,
  logger: Pick<Logger, 'error'>,
): ReadStoredDefinitions {
  return (stored) =>
    stored.flatMap((row) => {
      try {
        return definitionOf(row, environment);
      } catch (error) {
        logger.error({ upstream: row.name, error }, 'the definition of a server in the store is left out');
        return [];
      }
    });
}

function definitionOf(row: StoredDefinition, environment: Environment): readonly GatewayUpstream[] {
  const { name, enabled, critical } = row;
  const text = JSON.stringify({ mcpServers: { [name]: entryOf(row) } });
  // Who writes to the database could start programs anyway; who uses the API need not.
  const isOperatorOwned = /* guard: secrets/api-definitions */ row.source !== 'api';
  const { upstreams } = parseConfigurationText(text, `store: ${name}`, environment, { isOperatorOwned });
  return upstreams.map((spec) => ({
    ...spec,
    critical,
    ...(enabled ? {} : { enabled: false, disabledReason: 'it is disabled in the store' }),
  }));
}

function entryOf({ definition, transport, url, command }: StoredDefinition): unknown {
  if (definition !== null) return JSON.parse(definition);
  return transport === 'stdio' ? { command } : { type: transport, url };
}
