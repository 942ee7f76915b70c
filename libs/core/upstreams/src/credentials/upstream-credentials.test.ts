import { describe, expect, it } from '@jest/globals';
import { type LogFields, silentLogger, type UpstreamTransport } from '@omni/ports';
import { ScriptedCredentials, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { UpstreamCredentials } from './upstream-credentials.ts';

const HTTP: UpstreamTransport = {
  kind: 'http',
  url: 'http://up.test/mcp',
  headers: { Authorization: 'Bearer configured-token', 'X-Tenant': 'acme' },
};

function scene(transport = HTTP, secretValues: readonly string[] = []) {
  const provider = new ScriptedCredentials();
  const clock = new VirtualClock();
  const warnings: [LogFields, string][] = [];
  const credentials = new UpstreamCredentials({
    spec: upstreamSpecOf(transport, { secretValues }),
    credentials: provider,
    clock,
    logger: { ...silentLogger, warn: (fields, text) => void warnings.push([fields, text]) },
  });
  const rotate = (value: string): void => provider.set('up', { headers: { authorization: value } });
  return { provider, clock, warnings, credentials, rotate };
}

describe('UpstreamCredentials', () => {
  it('are the configured values where the provider has none', () => {
    const { credentials } = scene();
    expect(credentials.headers).toEqual(HTTP.kind === 'http' && HTTP.headers);
    expect(credentials.environment).toEqual({});
  });

  // guard: credentials/header-case
  it('lay the headers of the provider over the configured ones, in whatever case they are written', () => {
    const { credentials, rotate } = scene();
    rotate('Bearer second-token');
    expect(credentials.headers).toEqual({ 'X-Tenant': 'acme', authorization: 'Bearer second-token' });
  });

  it('lay the environment of the provider over the configured one, name by name', () => {
    const { provider, credentials } = scene({
      kind: 'stdio',
      command: 'node',
      args: [],
      env: { TOKEN: 'a', token: 'b' },
    });
    provider.set('up', { environment: { TOKEN: 'c' } });
    expect(credentials.environment).toEqual({ TOKEN: 'c', token: 'b' });
  });

  it('are the same object until a value differs', () => {
    const { credentials, rotate } = scene();
    rotate('Bearer second-token');
    const second = credentials.headers;
    expect(credentials.headers).toBe(second);
    rotate('Bearer second-token');
    expect(credentials.headers).toBe(second);
    expect(credentials.isOutdated(second)).toBe(false);
    rotate('Bearer third-token');
    expect(credentials.headers).not.toBe(second);
    expect(credentials.isOutdated(second)).toBe(true);
  });

  // guard: credentials/kept-by-retired
  it('are those of before where another definition has the name, and nobody is asked for others', () => {
    const { credentials, rotate, provider } = scene();
    rotate('Bearer second-token');
    const second = credentials.headers;
    credentials.keep();
    rotate('Bearer token-of-another');
    expect(credentials.headers).toBe(second);
    expect(credentials.renew(second)).toBe(false);
    expect(credentials.secretValues).not.toContain('token-of-another');
    expect(provider.refused).toEqual([]);
  });

  describe('secretValues', () => {
    it('has what was in force and what is, without the scheme', () => {
      const { credentials, rotate } = scene(HTTP, ['known-secret']);
      rotate('Bearer second-token');
      // Nobody has asked for the second headers yet.
      expect(credentials.secretValues).toEqual(
        expect.arrayContaining(['known-secret', 'configured-token', 'second-token']),
      );
    });

    it('leaves out what is no secret by its name and its look', () => {
      expect(scene().credentials.secretValues).not.toContain('acme');
    });

    // guard: credentials/longest-first
    it('has the longest first, so that no rest of one is left', () => {
      const { credentials, rotate } = scene(HTTP, ['prefixed']);
      rotate('prefixed-and-more');
      const { secretValues } = credentials;
      expect(secretValues.indexOf('prefixed-and-more')).toBeLessThan(secretValues.indexOf('prefixed'));
    });

    // guard: credentials/known-before
    it('keeps what the configuration named as secret before it was changed', () => {
      const { credentials } = scene(HTTP, ['known-secret']);
      credentials.know(['other-secret']);
      expect(credentials.secretValues).toEqual(expect.arrayContaining(['known-secret', 'other-secret']));
      credentials.know(['other-secret', 'third-secret']);
      expect(credentials.secretValues).toEqual(
        expect.arrayContaining(['known-secret', 'other-secret', 'third-secret']),
      );
    });

    it('has what the provider called secret of headers that were in force, though nobody asked then', () => {
      const { credentials, provider, rotate } = scene();
      let told: readonly string[] = ['plain words'];
      Object.assign(provider, { secretValues: () => told });
      provider.set('up', { headers: { 'X-Note': 'plain words' } });
      void credentials.headers;
      told = ['other words'];
      rotate('other words');
      void credentials.headers;
      expect(credentials.secretValues).toEqual(expect.arrayContaining(['plain words', 'other words']));
    });

    // guard: credentials/history
    it('keeps the latest, however many there were', () => {
      const { credentials, rotate } = scene(HTTP, ['known-secret']);
      for (let n = 1000; n < 1200; n++) {
        rotate(`token-number-${n}`);
        void credentials.headers;
      }
      const { secretValues } = credentials;
      expect(secretValues.length).toBeLessThan(80);
      expect(secretValues).toEqual(
        expect.arrayContaining(['known-secret', 'token-number-1199', 'token-number-1150']),
      );
      expect(secretValues).not.toContain('token-number-1000');
    });
  });

  describe('renew', () => {
    it('knows at once when there are others than the refused ones', () => {
      const { credentials, rotate, provider } = scene();
      const refused = credentials.headers;
      rotate('Bearer second-token');
      expect(credentials.renew(refused)).toBe(true);
      expect(provider.refused).toEqual([]);
    });

    it('knows at once when there is nobody to ask', () => {
      const { credentials } = scene();
      expect(credentials.renew(credentials.headers)).toBe(false);
    });

    // guard: credentials/asked-once
    it('asks once for all that were refused at a time, with what the provider has given', async () => {
      const { credentials, rotate, provider } = scene();
      rotate('Bearer second-token');
      const given = provider.headers('up');
      provider.onRefused = async () => {
        await Promise.resolve();
        rotate('Bearer third-token');
      };
      const refused = credentials.headers;
      expect(await Promise.all([credentials.renew(refused), credentials.renew(refused)])).toEqual([
        true,
        true,
      ]);
      expect(provider.refused).toEqual([given]);
      expect(provider.refused[0]).toBe(given);
    });

    it('asks again for what is refused later', async () => {
      const { credentials, provider } = scene();
      provider.onRefused = () => Promise.resolve();
      expect(await credentials.renew(credentials.headers)).toBe(false);
      expect(await credentials.renew(credentials.headers)).toBe(false);
      expect(provider.refused).toHaveLength(2);
    });

    it('takes a failure for none, and tells why without a secret', async () => {
      const { credentials, provider, warnings } = scene();
      provider.onRefused = () => Promise.reject(new Error('no grant for configured-token'));
      expect(await credentials.renew(credentials.headers)).toBe(false);
      expect(warnings).toEqual([
        [
          { upstream: 'up', reason: 'no grant for ***' },
          'The credentials of the server could not be renewed',
        ],
      ]);
    });

    // guard: credentials/renewal-time
    it('waits ten seconds, then tells the provider that nobody waits', async () => {
      const { credentials, provider, clock, warnings } = scene();
      const signals: AbortSignal[] = [];
      provider.onRefused = (_upstream, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      };
      const renewal = credentials.renew(credentials.headers);
      clock.advance(9_999);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
      clock.advance(1);
      expect(await renewal).toBe(false);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      expect(warnings).toHaveLength(1);
    });

    it('ends with the upstream, without a word', async () => {
      const { credentials, provider, clock, warnings } = scene();
      provider.onRefused = (_upstream, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('gone'))));
      const renewal = credentials.renew(credentials.headers);
      credentials.stop();
      expect(await renewal).toBe(false);
      expect(clock.pendingTimers).toBe(0);
      expect(warnings).toEqual([]);
    });
  });
});
