import { describe, expect, it } from '@jest/globals';
import type { SecretText } from '@omni/ports';
import { ScriptedSecrets, VirtualClock } from '@omni/testing';
import { credentialProviderContract } from '@omni/testing/contracts';
import { Secrets } from '../secrets.ts';
import { SecretCredentials, type UpstreamWithSecrets } from './secret-credentials.ts';

const TOKEN = { scheme: 'SECRET', name: 'token' } as const;
const BEARER: SecretText = ['Bearer ', TOKEN];

function upstream(
  name: string,
  headers: Readonly<Record<string, SecretText>>,
  environment: Readonly<Record<string, SecretText>> = {},
): UpstreamWithSecrets {
  return {
    name,
    secrets: { headers, environment },
    transport: { kind: 'http', url: 'https://up.test/mcp', headers: {} },
  };
}

function scene(values: Readonly<Record<string, string>> = { token: 'value-of-token' }) {
  const clock = new VirtualClock();
  const file = new ScriptedSecrets('file', values);
  const secrets = new Secrets({ chain: [file], clock, rules: { kept: { servers: ['other'] } } });
  const credentials = new SecretCredentials(secrets, clock);
  const told: string[] = [];
  credentials.subscribe((name) => told.push(name));
  return { clock, file, secrets, credentials, told };
}

describe('SecretCredentials', () => {
  credentialProviderContract(it, () => ({ provider: scene().credentials }));

  it('fill headers and variables', async () => {
    const { credentials } = scene({ token: 'value-of-token', user: 'ada' });
    const user = { scheme: 'SECRET', name: 'user' } as const;
    await credentials.define([
      upstream('up', { Authorization: BEARER }, { DSN: ['db://', user, ':', TOKEN, '@host'] }),
    ]);
    expect(credentials.headers('up')).toEqual({ Authorization: 'Bearer value-of-token' });
    expect(credentials.environment('up')).toEqual({ DSN: 'db://ada:value-of-token@host' });
    expect(credentials.lack('up')).toBeUndefined();
  });

  // guard: secrets/short-values
  it('name what must not be printed, but for values of fewer than eight characters', async () => {
    const { credentials } = scene({ token: 'value-of-token', user: 'ada' });
    const user = { scheme: 'SECRET', name: 'user' } as const;
    await credentials.define([upstream('up', { A: BEARER, B: [user] })]);
    expect(credentials.secretValues('up')).toEqual(['value-of-token']);
    expect(credentials.secretValues('up')).toBe(credentials.secretValues('up'));
  });

  it('give the same objects until a value differs, and tell those that use it alone', async () => {
    const { credentials, file, clock, told } = scene({ token: 'value-of-token', other: 'another-value' });
    await credentials.define([
      upstream('up', { Authorization: BEARER }),
      upstream('else', { Authorization: [{ scheme: 'SECRET', name: 'other' }] }),
    ]);
    expect(told.splice(0).toSorted()).toEqual(['else', 'up']);
    const [headers, others] = [credentials.headers('up'), credentials.headers('else')];
    expect(credentials.headers('up')).toBe(headers);
    file.tell();
    await clock.advanceAsync(0);
    expect(credentials.headers('up')).toBe(headers);
    file.put('token', 'newer-value');
    file.tell();
    await clock.advanceAsync(0);
    expect(credentials.headers('up')).toEqual({ Authorization: 'Bearer newer-value' });
    expect(credentials.headers('else')).toBe(others);
    expect(told).toEqual(['up']);
  });

  it('leave out what lacks a secret, and what cannot be sent', async () => {
    const { credentials, file, clock } = scene();
    await credentials.define([
      upstream('up', { A: BEARER, B: [{ scheme: 'SECRET', name: 'none' }] }, { C: [TOKEN] }),
    ]);
    expect(credentials.headers('up')).toEqual({ A: 'Bearer value-of-token' });
    expect(credentials.lack('up')).toMatchObject({
      code: 'OMNI_SECRET_UNKNOWN',
      message: 'There is no value for the secret "none"',
    });
    file.put('token', 'split\r\nX-Injected: 1');
    file.tell();
    await clock.advanceAsync(0);
    expect(credentials.headers('up')).toEqual({});
    expect(credentials.environment('up')).toEqual({ C: 'split\r\nX-Injected: 1' });
    file.put('token', 'cut\u0000off');
    file.tell();
    await clock.advanceAsync(0);
    expect(credentials.environment('up')).toEqual({});
  });

  it('are refused where a rule says so, and others are not', async () => {
    const { credentials } = scene({ kept: 'value-that-is-kept', token: 'value-of-token' });
    await credentials.define([
      upstream('up', { A: [{ scheme: 'SECRET', name: 'kept' }], B: BEARER }),
      upstream('else', { A: BEARER }),
    ]);
    expect(credentials.headers('up')).toEqual({ B: 'Bearer value-of-token' });
    expect(credentials.lack('up')).toMatchObject({
      code: 'OMNI_SECRET_DENIED',
      message: 'Not allowed by secrets.rules: the secret "kept" for server:up',
    });
    expect(credentials.lack('else')).toBeUndefined();
    expect(credentials.headers('else')).toEqual({ A: 'Bearer value-of-token' });
  });

  // guard: secrets/reread-pause
  it('are read again after a refusal, once in five seconds', async () => {
    const { credentials, file, clock } = scene();
    await credentials.define([upstream('up', { Authorization: BEARER })]);
    await clock.advanceAsync(10_000);
    file.put('token', 'newer-value');
    await credentials.refresh('up');
    expect(credentials.headers('up')).toEqual({ Authorization: 'Bearer newer-value' });
    expect(credentials.refresh('up')).toBeUndefined();
    expect(credentials.refresh('nobody')).toBeUndefined();
    await clock.advanceAsync(5_000);
    expect(credentials.refresh('up')).toBeInstanceOf(Promise);
    expect(file.asked.length).toBeLessThanOrEqual(3);
  });

  it('change hands together, when all are there: until then the former servers have theirs', async () => {
    const { credentials, file, clock, told } = scene({ token: 'value-of-token', other: 'another-value' });
    await credentials.define([upstream('up', { A: BEARER }), upstream('gone', { A: BEARER })]);
    told.length = 0;
    const slow = { scheme: 'SECRET', name: 'slow' } as const;
    file.put('slow', 'slow-value');
    file.delay = () => new Promise((resolve) => void clock.after(1_000, resolve));
    const former = [credentials.headers('up'), credentials.headers('gone')];
    const [other] = [{ scheme: 'SECRET', name: 'other' } as const];
    const definitions = [upstream('up', { A: [other] }), upstream('more', { A: [slow] })];
    const defined = credentials.define(definitions);
    await clock.advanceAsync(500);
    file.delay = undefined;
    expect([credentials.headers('up'), credentials.headers('gone')]).toEqual(former);
    await clock.advanceAsync(1_000);
    await defined;
    expect(credentials.headers('up')).toEqual({ A: 'another-value' });
    expect(credentials.headers('gone')).toEqual({});
    expect(told).toEqual(['more']);
  });

  // guard: secrets/latest-definitions
  it('are those of the latest definitions, whichever are there first', async () => {
    const { credentials, file, clock } = scene({ token: 'value-of-token', other: 'another-value' });
    await credentials.define([upstream('up', { A: BEARER })]);
    file.delay = () => new Promise((resolve) => void clock.after(1_000, resolve));
    const slow = credentials.define([upstream('up', { A: [{ scheme: 'SECRET', name: 'other' }] })]);
    await credentials.define([]);
    await clock.advanceAsync(5_000);
    await slow;
    expect(credentials.headers('up')).toEqual({});
    expect(credentials.lack('up')).toBeUndefined();
    await clock.advanceAsync(600_000);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: secrets/unsendable
  it('say that a value cannot be sent: nobody is asked without it', async () => {
    const { credentials } = scene({ token: 'line-1\nline-2' });
    await credentials.define([upstream('up', { Authorization: BEARER, B: ['b', { ...TOKEN }] })]);
    expect(credentials.headers('up')).toEqual({});
    const lack = credentials.lack('up');
    expect(lack).toMatchObject({
      code: 'OMNI_SECRET_CORRUPT',
      message: 'The value for "Authorization" holds characters that cannot be sent: the secret "token"',
    });
    expect(JSON.stringify(lack)).not.toContain('line-');
  });

  it('keep what is defined again, and let go of what is not', async () => {
    const { credentials, clock, file } = scene();
    const up = upstream('up', { Authorization: BEARER });
    await credentials.define([up]);
    const headers = credentials.headers('up');
    await credentials.define([up, upstream('more', { Authorization: BEARER })]);
    expect(credentials.headers('up')).toBe(headers);
    expect(file.asked).toHaveLength(1);
    await credentials.define([]);
    expect(credentials.headers('up')).toEqual({});
    await clock.advanceAsync(600_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('cost less than a microsecond where nothing has changed', async () => {
    const { credentials } = scene();
    await credentials.define([upstream('up', { Authorization: BEARER })]);
    const rounds = 200_000;
    let best = Infinity;
    for (let run = 0; run < 5; run++) {
      const startedMs = performance.now();
      for (let n = 0; n < rounds; n++) void credentials.headers('up');
      best = Math.min(best, ((performance.now() - startedMs) * 1_000) / rounds);
    }
    expect(best).toBeLessThan(1);
  });
});
