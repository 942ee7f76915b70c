import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type GatewayError, type LifecycleSettings } from '@omni/ports';
import { parseConfiguration } from '../parse-configuration.ts';
import type { UpstreamConfig } from '../upstream-config.ts';

function onlyServer(text: string, path = 'omni.yaml'): UpstreamConfig | undefined {
  return parseConfiguration([{ path, text, role: 'base' }], { env: {} }).upstreams[0];
}

/** The numbers of the only server. */
function lifecycle(forAll: string, own = ''): LifecycleSettings | undefined {
  const text = `${forAll}\nmcpServers: { a: { command: npx${own === '' ? '' : `, ${own}`} } }`;
  return onlyServer(text)?.lifecycle;
}

function problems(forAll: string, own = ''): readonly string[] {
  try {
    lifecycle(forAll, own);
  } catch (error) {
    return (error as GatewayError).message.split('\n');
  }
  return [];
}

describe('the numbers of a life', () => {
  it('are those of the seed where nothing is said', () => {
    expect(lifecycle('')).toEqual(DEFAULT_LIFECYCLE);
  });

  it('stand under the names of the seed, in its units [S001-CB-07]', () => {
    const block =
      'circuit_breaker: { failure_threshold: 3, recovery_timeout: 10, max_timeout: 120, backoff_multiplier: 1.5, disable_after_minutes: 5, disable_after_cycles: 3 }';
    const breaker = {
      failureThreshold: 3,
      recoveryTimeoutMs: 10_000,
      maxTimeoutMs: 120_000,
      backoffMultiplier: 1.5,
      disableAfterMs: 300_000,
      disableAfterCycles: 3,
    };
    expect(lifecycle(block)).toEqual({ ...DEFAULT_LIFECYCLE, breaker });
    expect(lifecycle('', block)).toEqual({ ...DEFAULT_LIFECYCLE, breaker });
  });

  it('may be durations with their unit', () => {
    const block = 'circuit_breaker: { recovery_timeout: 500ms, max_timeout: 2m, disable_after_minutes: 2h }';
    expect(lifecycle(block)?.breaker).toMatchObject({
      recoveryTimeoutMs: 500,
      maxTimeoutMs: 120_000,
      disableAfterMs: 7_200_000,
    });
  });

  it('of a server come before those of all, one by one', () => {
    const forAll =
      'circuit_breaker: { failure_threshold: 3, max_timeout: 60 }\nrestart: { jitter: 0 }\nhealth: { interval: 10s, softMisses: 1 }';
    const own =
      'circuit_breaker: { max_timeout: 90 }, restart: { steps: [], stable: 1m, flapFalls: 9 }, health: { interval: 0s, timeout: 1s, confirm: 2s, grace: 0s }';
    expect(lifecycle(forAll, own)).toEqual({
      breaker: { ...DEFAULT_LIFECYCLE.breaker, failureThreshold: 3, maxTimeoutMs: 90_000 },
      restart: { stepsMs: [], jitter: 0, stableMs: 60_000, flapFalls: 9 },
      probe: { intervalMs: 0, jitter: 0.1, timeoutMs: 1_000, confirmMs: 2_000, softMisses: 1, graceMs: 0 },
    });
  });

  it('may be 0 where that means never, and nowhere else', () => {
    expect(lifecycle('circuit_breaker: { disable_after_minutes: 0 }')?.breaker.disableAfterMs).toBe(0);
    for (const name of ['recovery_timeout', 'max_timeout'])
      expect(problems(`circuit_breaker: { ${name}: 0 }`)).toEqual([
        expect.stringContaining(
          `circuit_breaker.${name} must be a number of seconds above 0, or a duration such as "30s", of 24 days at most, found 0`,
        ),
      ]);
  });

  it.each([
    ['circuit_breaker: { failure_treshold: 3 }', 'did you mean "failure_threshold"?'],
    ['circuit_breaker: { failure_threshold: 0 }', 'must be at least 1, found 0'],
    ['circuit_breaker: { backoff_multiplier: 0.5 }', 'must be at least 1, found 0.5'],
    ['circuit_breaker: { disable_after_minutes: 1e9 }', 'must be a number of minutes, or a duration'],
    // So little rounds to 0, which would mean never.
    ['circuit_breaker: { disable_after_minutes: 0.000001 }', 'must be a number of minutes, or a duration'],
    ['restart: { steps: [1] }', 'needs a unit'],
    ['restart: { flapFalls: 1 }', 'must be at least 2, found 1'],
    ['health: { interval: 30 }', 'needs a unit'],
    ['catalogue: { linger: 10 }', 'needs a unit'],
  ])('refuses %s', (text, problem) => {
    expect(problems(text)).toEqual([expect.stringContaining(problem)]);
  });

  it('warn where the longest wait for a trial is shorter than the first', () => {
    const warningsOf = (block: string): readonly string[] => {
      const text = `mcpServers: { a: { command: npx, circuit_breaker: { ${block} } } }`;
      return parseConfiguration([{ path: 'omni.yaml', text, role: 'base' }], { env: {} }).warnings.map(
        String,
      );
    };
    expect(warningsOf('recovery_timeout: 60, max_timeout: 10')).toEqual([
      expect.stringContaining('max_timeout is shorter than recovery_timeout'),
    ]);
    expect(warningsOf('recovery_timeout: 60, max_timeout: 60')).toEqual([]);
  });

  it('of exit codes are those of programs', () => {
    const text = 'mcpServers: { a: { command: npx, permanentExitCodes: [78, 126] } }';
    expect(onlyServer(text)?.permanentExitCodes).toEqual([78, 126]);
    expect(problems('', 'permanentExitCodes: [0]')).toEqual([
      expect.stringContaining('mcpServers.a.permanentExitCodes.0 must be at least 1, found 0'),
    ]);
  });

  it('leave what clients write as a policy alone', () => {
    const text = '{"mcpServers":{"a":{"command":"npx","restart":true}}}';
    expect(onlyServer(text, 'claude_desktop_config.json')?.lifecycle).toEqual(DEFAULT_LIFECYCLE);
  });
});
