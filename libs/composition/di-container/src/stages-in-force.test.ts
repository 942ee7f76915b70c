import { describe, expect, it } from '@jest/globals';
import type { CallStage, DispatchStage, RequestStage } from '@omni/model';
import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer, rootScope } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import type { DeclaredStage } from './modules/declared-stage.ts';
import { parseConfigurationText } from './node/node-configuration.ts';
import { Token } from './token.ts';

/** What acts on calls that may become tasks, on the end of those that may change something, and on keys. */
const BY_CALL = ['tasks', 'outcome', 'idempotency'];
const READ_ONLY = { readOnlyHint: true };

/** Everything that may be off is on, and lets a call of a tool that reads only pass. */
const ALL_ON: RoutingSettings = {
  ...DEFAULT_ROUTING,
  deadlineMs: 60_000,
  taskAfterMs: 30_000,
  trustsHints: true,
  rate: { perSecond: 1_000, burst: 1_000 },
  quota: { windowMs: 60_000, calls: 1_000 },
  errorBudget: { ...DEFAULT_ROUTING.errorBudget, share: 0.5 },
  coalesce: { followers: 1 },
  faults: { share: 1, delayMs: 1, end: 'none' },
};

const ALL_OFF: RoutingSettings = {
  ...DEFAULT_ROUTING,
  retry: { ...DEFAULT_ROUTING.retry, attempts: 1 },
  breaker: { ...DEFAULT_ROUTING.breaker, failures: 0 },
};

/** A gateway that notes which stages the calls of its clients pass. */
async function sceneOf(routing: RoutingSettings, text = '{}') {
  const clock = new VirtualClock();
  const server = new ToolServer({ clock, name: 'a', tools: ['t'], annotations: READ_ONLY });
  const upstreams = [{ ...server.spec, routing }];
  const configuration = { ...parseConfigurationText(text, 'scene.json', {}), upstreams };
  const options = { configuration, clock, random: () => 0 };
  const passed: string[] = [];
  const noting = <Stage extends CallStage | RequestStage | DispatchStage>(
    declared: DeclaredStage<Stage>,
  ): DeclaredStage<Stage> => {
    // Stages are functions from the next to their own, whatever stands before and behind it.
    type Run = (...told: readonly unknown[]) => unknown;
    const inner = declared.stage as unknown as (...given: readonly unknown[]) => Run;
    const stage = (...given: readonly unknown[]): Run => {
      const own = inner(...given);
      if (given.includes(own)) return own;
      return (...told) => {
        passed.push(declared.name);
        return own(...told);
      };
    };
    return { ...declared, stage: stage as unknown as Stage };
  };
  const parts = rootScope(options);
  const policies = parts.get(Token.RoutingPolicies);
  const gateway = createMasterServer({
    ...options,
    configure: (scope) => {
      scope.replace(Token.Overrides, { useValue: parts.get(Token.Overrides) });
      scope.replace(Token.RoutingPolicies, {
        useValue: {
          ...policies,
          admission: policies.admission.map((stage) => noting(stage)),
          requests: policies.requests.map((stage) => noting(stage)),
        },
      });
      scope.replace(Token.CallStages, {
        useValue: parts.get(Token.CallStages).map((stage) => noting(stage)),
      });
    },
  });
  await gateway.start();
  await clock.advanceAsync(2_000);
  const call = async (): Promise<string> => {
    const asked = new SceneClient(gateway).modern('tools/call', { name: 'a__t', arguments: {} });
    await clock.advanceAsync(10);
    return await asked;
  };
  const callPasses = async (): Promise<readonly string[]> => {
    passed.length = 0;
    expect(await call()).toContain('"text":"a t"');
    return [...passed];
  };
  const isOn = (): readonly string[] =>
    gateway
      .explain('a')
      .flatMap(({ name, off }) => (off === undefined && !BY_CALL.includes(name) ? [name] : []));
  return { gateway, call, callPasses, isOn };
}

const RATED =
  '{"limits":{"userRate":{"rps":1000},"sessionQuota":{"calls":1000}},"telemetry":{"metrics":true}}';

describe('the stages that a gateway says a call passes', () => {
  it('are those that it passes, in order, where everything is on [S003-ST-08]', async () => {
    const { gateway, callPasses, isOn } = await sceneOf(ALL_ON, RATED);
    gateway.overrides.set({ upstream: 'a' }, { kind: 'throttle', rate: { perSecond: 1_000, burst: 1_000 } });
    expect(await callPasses()).toEqual(isOn());
    expect(isOn()).toEqual([
      'request-rates',
      'session-quota',
      'deadline',
      'coalescing',
      'attempts',
      'metrics',
      'timeouts',
      'overrides',
      'breaker-refusing',
      'quota',
      'rates',
      'limiter',
      'breaker-judging',
      'error-budget',
      'faults',
    ]);
    gateway.overrides.clear({ upstream: 'a' }, 'throttle');
    expect(await callPasses()).toEqual(isOn());
    await gateway.stop({ deadlineMs: 0 });
  });

  it('are those that it passes where everything is off that may be', async () => {
    const { gateway, callPasses, isOn } = await sceneOf(ALL_OFF, '{"telemetry":{"metrics":false}}');
    expect(isOn()).toEqual(['timeouts', 'limiter']);
    expect(await callPasses()).toEqual(isOn());
    expect(gateway.explain('a').map(({ name }) => name)).toEqual(expect.arrayContaining(BY_CALL));
    expect(gateway.explain('a').filter(({ off }) => off !== undefined)).toEqual([
      { name: 'request-rates', per: 'request', off: 'limits.userRate and limits.sessionRate are not set' },
      { name: 'tasks', per: 'request', off: 'routing.taskAfter is 0s' },
      { name: 'read-only', per: 'request', off: 'no override is set' },
      { name: 'session-quota', per: 'request', off: 'limits.sessionQuota is not set' },
      { name: 'deadline', per: 'request', off: 'routing.deadline is 0s' },
      { name: 'coalescing', per: 'request', off: 'routing.coalesce.followers is 0' },
      { name: 'attempts', per: 'request', off: 'routing.retry.attempts is 1' },
      {
        name: 'candidates',
        per: 'request',
        off: 'it has no replicas, and routing has no failover, fallback or mirror',
      },
      { name: 'tracing', per: 'attempt', off: 'telemetry.otlp.endpoint is not set' },
      { name: 'metrics', per: 'attempt', off: 'telemetry.metrics is off' },
      { name: 'overrides', per: 'attempt', off: 'no override is set' },
      {
        name: 'breaker-refusing',
        per: 'attempt',
        off: 'routing.breaker.failures and routing.breaker.share are 0',
      },
      { name: 'quota', per: 'attempt', off: 'routing.quota is not set' },
      { name: 'rates', per: 'attempt', off: 'routing.rate and routing.capabilityRate are not set' },
      {
        name: 'breaker-judging',
        per: 'attempt',
        off: 'routing.breaker.failures and routing.breaker.share are 0',
      },
      { name: 'error-budget', per: 'attempt', off: 'routing.errorBudget.share is 0' },
      { name: 'faults', per: 'attempt', off: 'routing.faults.share is 0' },
    ]);
    await gateway.stop({ deadlineMs: 0 });
  });

  it('name the one that refuses what may change something, for as long as an override says so', async () => {
    const { gateway, call, isOn } = await sceneOf(ALL_OFF, '{"telemetry":{"metrics":false}}');
    gateway.overrides.set({ upstream: 'a' }, { kind: 'read-only' });
    expect([isOn(), await call()]).toEqual([
      ['read-only', 'timeouts', 'limiter'],
      expect.stringContaining('OMNI_OVERRIDDEN'),
    ]);
    await gateway.stop({ deadlineMs: 0 });
  });

  it('go by the settings that are in force', async () => {
    const { gateway } = await sceneOf(ALL_ON);
    const { settings } = gateway.explain('a').find(({ name }) => name === 'deadline') ?? {};
    expect(settings).toEqual({ deadlineMs: 60_000 });
    expect(() => gateway.explain('b')).toThrow('There is no server "b"');
    await gateway.stop({ deadlineMs: 0 });
  });
});
