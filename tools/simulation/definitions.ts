import type { GatewayUpstream } from '@omni/container';
import type { OutsideDefinition } from '@omni/ports';
import type { Scenario } from './scenario.ts';
import type { SimulatedDialer } from './world/dialer.ts';
import type { HostPlan } from './world/host.ts';

/** The longest that a call may take, as a multiple of its longest silence. */
export const TOTAL_FACTOR = 2;

/** The servers of a scenario as Omni is told of them. */
export function definitionsOf({ hosts }: Scenario, dialer: SimulatedDialer): readonly GatewayUpstream[] {
  return hosts.map((plan) => ({
    name: plan.name,
    enabled: true,
    protocol: plan.protocol,
    instances: plan.instances,
    connectTimeoutMs: plan.connectTimeoutMs,
    callTimeoutMs: plan.callTimeoutMs,
    maxCallTimeMs: plan.callTimeoutMs * TOTAL_FACTOR,
    critical: plan.isCritical,
    secretValues: [],
    transport: transportOf(plan, dialer),
  }));
}

function transportOf({ name, transport }: HostPlan, dialer: SimulatedDialer): GatewayUpstream['transport'] {
  switch (transport) {
    case 'stdio':
      return { kind: 'stdio', command: name, args: [], env: {} };
    case 'http':
      return { kind: 'http', url: `http://${name}.test/mcp`, headers: {} };
    case 'websocket':
      return { kind: 'websocket', url: `ws://${name}.test/mcp`, headers: {} };
    case 'socket':
      return { kind: 'socket', address: { path: `/run/${name}.sock` } };
    case 'channel':
      return { kind: 'channel', open: dialer.inProcess(name) };
  }
}

/** A row of the store for a server, which is defined in a file. */
export function rowOf(name: string, revision: string): OutsideDefinition {
  return {
    name,
    source: 'file',
    revision,
    transport: null,
    url: null,
    command: null,
    enabled: true,
    critical: false,
  };
}
