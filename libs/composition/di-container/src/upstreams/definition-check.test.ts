import type { GatewayError, UpstreamSpec } from '@omni/ports';
import { upstreamSpecOf } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { inProcessUpstream, type GatewayUpstream } from '../gateway-options.ts';
import { checkDefinitions } from './definition-check.ts';

type Adapters = Parameters<typeof checkDefinitions>[1];

const ADAPTERS: Adapters = { launcher: {}, http: {}, dialer: {} };
const NONE: Adapters = { launcher: undefined, http: undefined, dialer: undefined };
const OWN = inProcessUpstream('own', () => {
  throw new RangeError('nobody opens it here');
});
const CHILD = { kind: 'stdio', command: 'program', args: [], env: {} } as const;
const REMOTE = { kind: 'http', url: 'https://mcp.example.com/mcp', headers: {} } as const;

/** What definitions are refused with. Code without types may give anything. */
function problemsOf(definitions: unknown, adapters = ADAPTERS): readonly string[] {
  try {
    checkDefinitions(definitions as readonly GatewayUpstream[], adapters);
  } catch (error) {
    const { code, message } = error as GatewayError;
    expect(code).toBe('OMNI_CONFIG_INVALID');
    return message.split('\n');
  }
  return [];
}

describe('the check of definitions', () => {
  it.each<[string, UpstreamSpec['transport']]>([
    ['a process', CHILD],
    ['a server over HTTP', REMOTE],
    ['a server over HTTP+SSE', { ...REMOTE, kind: 'sse' }],
    ['a WebSocket', { ...REMOTE, kind: 'websocket', url: 'wss://mcp.example.com/' }],
    ['a socket', { kind: 'socket', address: { path: '/run/server.sock' } }],
  ])('takes %s where it can be reached, and refuses it where it cannot', (_what, transport) => {
    const definition = upstreamSpecOf(transport, { name: 'a' });
    expect(problemsOf([definition])).toEqual([]);
    expect(problemsOf([definition], NONE)).toEqual([
      `"a": it needs the transport ${transport.kind}, which is not available here`,
    ]);
    // What is off is not reached.
    expect(problemsOf([{ ...definition, enabled: false }], NONE)).toEqual([]);
  });

  it('takes a server in the same process everywhere', () => {
    expect(problemsOf([OWN], NONE)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, 'The definitions of servers are a list'],
    [{ own: OWN }, 'The definitions of servers are a list'],
    [[undefined], 'upstreams[0] is no definition of a server'],
    [[OWN, { ...OWN, name: undefined }], 'upstreams[1] has no name'],
    [[{ ...OWN, enabled: undefined }], '"own": enabled must be true or false'],
    [[{ ...OWN, critical: 'yes' }], '"own": critical must be true or false'],
    [[{ ...OWN, protocol: '2025-11-25' }], '"own": protocol must be one of auto, legacy, 2026-07-28'],
    [
      [{ ...OWN, instances: 'one' }],
      '"own": instances must be one of auto, shared, per-user, per-session, per-request',
    ],
    [
      [{ ...OWN, callTimeoutMs: NaN }],
      '"own": callTimeoutMs must be a whole number of milliseconds, 2147483647 at most',
    ],
    [
      [{ ...OWN, connectTimeoutMs: '30s' }],
      '"own": connectTimeoutMs must be a whole number of milliseconds, 2147483647 at most',
    ],
    [
      [{ ...OWN, connectTimeoutMs: 1e12 }],
      '"own": connectTimeoutMs must be a whole number of milliseconds, 2147483647 at most',
    ],
    [
      [{ ...OWN, listAgeMs: 1 }],
      '"own": listAgeMs must be a whole number of milliseconds, 5000 to 2147483647',
    ],
    [
      [{ ...OWN, listAgeMs: 1e12 }],
      '"own": listAgeMs must be a whole number of milliseconds, 5000 to 2147483647',
    ],
    [[{ ...OWN, secretValues: undefined }], '"own": secretValues must be a list of texts'],
    [
      [{ ...OWN, forwardHeaders: ['X-Tenant'] }],
      '"own": forwardHeaders must be a list of names of headers in lower case',
    ],
    [
      [{ ...OWN, transport: undefined }],
      '"own": transport.kind must be one of channel, stdio, http, sse, websocket, socket',
    ],
    [
      [{ ...OWN, transport: { kind: 'toString' } }],
      '"own": transport.kind must be one of channel, stdio, http, sse, websocket, socket',
    ],
    [[{ ...OWN, transport: { kind: 'channel' } }], '"own": transport.open must be a function'],
    [[{ ...OWN, transport: { ...CHILD, command: '' } }], '"own": transport.command must name a program'],
    [[{ ...OWN, transport: { ...CHILD, args: 'x' } }], '"own": transport.args must be a list of texts'],
    [
      [{ ...OWN, transport: { ...CHILD, env: undefined } }],
      '"own": transport.env must be an object of texts',
    ],
    [
      [{ ...OWN, transport: { ...REMOTE, url: 'mcp.example.com' } }],
      '"own": transport.url must be an address',
    ],
    [
      [{ ...OWN, transport: { ...REMOTE, headers: undefined } }],
      '"own": transport.headers must be an object of texts',
    ],
    [
      [{ ...OWN, transport: { kind: 'socket' } }],
      '"own": transport.address must be a path, or host and port',
    ],
  ])('refuses what is not whole (%#)', (definitions, problem) => {
    expect(problemsOf(definitions)).toEqual([problem]);
  });

  it('names every problem of every definition', () => {
    const problems = problemsOf([
      { ...OWN, enabled: 1, critical: 1 },
      { ...OWN, name: 'b', instances: '' },
    ]);
    expect(problems.map((problem) => problem.split(' ', 2).join(' '))).toEqual([
      '"own": enabled',
      '"own": critical',
      '"b": instances',
    ]);
  });
});
