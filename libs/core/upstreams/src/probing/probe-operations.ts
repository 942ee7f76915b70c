import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall, type UpstreamCall, type UpstreamConnection } from '@omni/model';
import type { HealthProbe } from '@omni/ports';
import { declaresCapability, type GatewayIdentity, modernParams } from '../connection/mcp-revision.ts';

/** One request of a probe. */
export interface ProbeOperation {
  readonly call: UpstreamCall;
  /** Whether a refusal is no answer: to a ping it is one, whoever knows no ping lives. */
  readonly needsResult: boolean;
}

type Kind = 'ping' | 'capability' | 'tool' | 'resource';

const KINDS: Readonly<Record<HealthProbe['strategy'], readonly Kind[]>> = {
  http: [],
  ping: ['ping'],
  capability: ['capability'],
  tool: ['tool'],
  resource: ['resource'],
  comprehensive: ['ping', 'capability', 'tool', 'resource'],
};
const LISTS = [
  ['tools', 'tools/list'],
  ['resources', 'resources/list'],
  ['prompts', 'prompts/list'],
] as const;

/**
 * What a server is asked for over its connection, in this order; by ping where there is nothing else to ask.
 */
export function probeOperations(
  probe: HealthProbe | undefined,
  { era, handshake }: Pick<UpstreamConnection, 'era' | 'handshake'>,
  identity: GatewayIdentity,
): readonly ProbeOperation[] {
  const isModern = era === 'modern';
  const operation = (method: string, members = '', name?: string): ProbeOperation => {
    const legacyParams = members === '' ? '' : `{${members}}`;
    return {
      call: internalCall(method, isModern ? modernParams(identity, members) : legacyParams, name),
      needsResult: members !== '',
    };
  };
  const ping = operation(isModern ? 'server/discover' : 'ping');
  const operationOf = (kind: Kind): ProbeOperation | undefined => {
    switch (kind) {
      case 'ping':
        return ping;
      case 'capability': {
        const list = listOf(handshake);
        return list === undefined ? undefined : { ...operation(list), needsResult: true };
      }
      case 'tool': {
        if (probe?.tool === undefined) return undefined;
        const { name, arguments: args } = probe.tool;
        return operation('tools/call', `"name":${JSON.stringify(name)},"arguments":${args}`, name);
      }
      case 'resource': {
        if (probe?.uri === undefined) return undefined;
        return operation('resources/read', `"uri":${JSON.stringify(probe.uri)}`, probe.uri);
      }
    }
  };
  const operations = KINDS[probe?.strategy ?? 'ping'].flatMap((kind) => operationOf(kind) ?? []);
  return operations.length === 0 ? [ping] : operations;
}

/** A list that it says it has. */
function listOf(handshake: RpcMessage): string | undefined {
  return LISTS.find(([name]) => declaresCapability(handshake, name))?.[1];
}
