import type { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import type { GatewayConfigurationInput } from '../gateway-options.ts';
import { parseConfigurationText } from '../node/node-configuration.ts';
import { wholeConfiguration } from './whole-configuration.ts';

const DEFAULTS = parseConfigurationText('{}', 'omni.json', {});
const TOKEN = 'a-token-that-is-long-enough';

/** What the configuration is refused with. Code without types may give anything. */
function problemsOf(given: unknown): readonly string[] {
  try {
    wholeConfiguration(given as GatewayConfigurationInput);
  } catch (error) {
    const { code, message } = error as GatewayError;
    expect(code).toBe('OMNI_CONFIG_INVALID');
    return message.split('\n');
  }
  return [];
}

describe('the configuration of a program', () => {
  it('has the defaults of an empty file', () => {
    // What a process is told, and not the gateway in it, is not among them.
    const { warnings: _w, notes: _n, startup: _s, errors: _e, secrets: _secrets, ...rest } = DEFAULTS;
    const { tests: _t, modules: _m, reload: _r, ...defaults } = rest;
    expect(wholeConfiguration()).toEqual(defaults);
    expect(wholeConfiguration({})).toEqual(defaults);
  });

  it('takes what a file says as it is', () => {
    const parsed = parseConfigurationText(
      '{"auth":{"mode":"open","token":"short"},"server":{"unixSocket":"/run/omni.sock","tcp":"127.0.0.1:0"},"limits":{"maxInFlight":10}}',
      'omni.json',
      {},
    );
    expect(wholeConfiguration(parsed)).toEqual(parsed);
  });

  it('takes a setting, and leaves the others of its section', () => {
    const { server } = wholeConfiguration({ server: { drainMs: 0 } });
    expect(server).toEqual({ ...DEFAULTS.server, drainMs: 0 });
  });

  it('takes what is undefined for what is not said', () => {
    const given = {
      server: { drainMs: undefined },
      naming: undefined,
    } as unknown as GatewayConfigurationInput;
    expect(wholeConfiguration(given).server.drainMs).toBe(DEFAULTS.server.drainMs);
    expect(wholeConfiguration(given).naming).toEqual(DEFAULTS.naming);
  });

  it('limits servers and instances as it limits everything, where it says no more', () => {
    expect(wholeConfiguration({ limits: { maxInFlight: 10 } }).limits).toMatchObject({
      maxInFlight: 10,
      maxUpstreamInFlight: 10,
      maxInstanceInFlight: 10,
    });
    expect(wholeConfiguration({ limits: { maxInFlight: 10, maxUpstreamInFlight: 5 } }).limits).toMatchObject({
      maxUpstreamInFlight: 5,
      maxInstanceInFlight: 5,
    });
  });

  it.each<[string, unknown, string]>([
    ['a section', { servers: {} }, '"servers" is no section of the configuration'],
    ['a section that is none', { limits: 5 }, 'limits must be an object'],
    ['a setting', { naming: { prefx: 'none' } }, '"naming.prefx" is no setting; there are '],
    ['a choice', { naming: { prefix: 'never' } }, 'naming.prefix must be one of always, on-conflict, none'],
    ['a mode', { auth: { mode: 'closed' } }, 'auth.mode must be one of token, open'],
    ['a type', { server: { host: 5 } }, 'server.host must be a string'],
    ['a list', { server: { allowedHosts: 'a' } }, 'server.allowedHosts must be a list'],
    ['no number', { limits: { maxInFlight: NaN } }, 'limits.maxInFlight must be a whole number, 1 at least'],
    ['no limit', { limits: { maxInFlight: 0 } }, 'limits.maxInFlight must be a whole number, 1 at least'],
    ['a time', { server: { drainMs: -1 } }, 'server.drainMs must be a whole number, 0 at least'],
    ['a longer time', { server: { drainMs: 3e9 } }, 'server.drainMs must be 2147483647 at most'],
    ['a host', { server: { allowedHosts: [1] } }, 'server.allowedHosts[0] must be a text'],
    ['a host name', { server: { allowedHosts: ['a b'] } }, 'server.allowedHosts[0] must be a host name'],
    [
      'an origin',
      { server: { allowedOrigins: ['https://a.example', 'https://b.example/'] } },
      'server.allowedOrigins[1] must be an origin without path',
    ],
    ['a port', { server: { port: 65_536 } }, 'server.port must be a whole number, 0 to 65535'],
    ['nothing', null, 'The configuration must be an object'],
    ['a key', { sealing: { keys: [new Uint8Array(16)] } }, 'sealing.keys[0] must be 32 bytes'],
  ])('refuses %s that cannot be meant', (_what, given, problem) => {
    const problems = problemsOf(given);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  // guard: settings/principal
  it.each(['owner', 'local', 'anonymous', '', 'a b', undefined])(
    'refuses %j as the name of a user',
    (name) => {
      expect(problemsOf({ auth: { tokens: [{ name, token: TOKEN }] } })).toEqual([
        expect.stringContaining('auth.tokens[0].name must be'),
      ]);
    },
  );

  it('refuses two users of one name', () => {
    const tokens = [
      { name: 'ada', token: `${TOKEN}1` },
      { name: 'ada', token: `${TOKEN}2` },
    ];
    expect(problemsOf({ auth: { tokens } })).toEqual([
      'auth.tokens[1].name: there is a token of "ada" already',
    ]);
  });

  // guard: settings/token
  it.each(['short', '', 'a token with spaces in it', undefined])(
    'refuses the token %j, and shows it not',
    (token) => {
      const problems = problemsOf({ auth: { tokens: [{ name: 'ada', token }] } });
      expect(problems).toEqual([
        'auth.tokens[0].token must be a bearer token of 16 characters or more (RFC 6750, section 2.1)',
      ]);
    },
  );

  // guard: settings/same-token
  it('refuses one token for two users, and shows it not', () => {
    const problems = problemsOf({ auth: { token: TOKEN, tokens: [{ name: 'ada', token: TOKEN }] } });
    expect(problems).toEqual(['auth.tokens[0].token is the token of somebody else, too']);
  });
});
