import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { ConfigurationManager } from './configuration-manager.ts';
import type { Configuration } from './configuration.ts';
import { parseConfiguration } from './parse-configuration.ts';

function configuration(level: string): Configuration {
  return parseConfiguration([{ path: 'omni.yaml', text: `logging: { level: ${level} }`, role: 'base' }], {
    env: {},
  });
}

describe('ConfigurationManager', () => {
  it('tells each subscriber of a replacement, until it unsubscribes', () => {
    const [first, second, third] = [configuration('info'), configuration('warn'), configuration('error')];
    const view = new ConfigurationManager(first);
    const seen: string[] = [];
    const unsubscribe = view.subscribe((next) => seen.push(`a ${next.logging.level}`));
    view.subscribe((next) => seen.push(`b ${next === view.effective()}`));
    expect(view.effective()).toBe(first);

    view.replace(second);
    unsubscribe();
    unsubscribe();
    view.replace(third);
    expect(view.effective()).toBe(third);
    expect(seen).toEqual(['a warn', 'b true', 'b true']);
  });

  // guard: configuration/listener
  it('logs what a subscriber has failed with, and tells the others', async () => {
    const logged: unknown[] = [];
    const view = new ConfigurationManager(configuration('info'), {
      error: ({ error }) => void logged.push(error),
    });
    const seen: string[] = [];
    view.subscribe(() => {
      throw new RangeError('at once');
    });
    // The types do not keep anybody from it.
    const later: () => unknown = () => Promise.reject(new RangeError('later'));
    view.subscribe(() => later());
    view.subscribe((next) => seen.push(next.logging.level));
    view.replace(configuration('warn'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['warn']);
    expect(logged).toEqual([new RangeError('at once'), new RangeError('later')]);
  });

  // guard: configuration/veto
  it('keeps a candidate out that one of its guards does not take [S003-CF-03]', () => {
    const [first, second] = [configuration('info'), configuration('debug')];
    const manager = new ConfigurationManager(first);
    const asked: string[] = [];
    const unguard = manager.guard(({ logging: { level } }) => {
      asked.push(level);
      if (level === 'debug') throw new GatewayError('OMNI_CONFIG_INVALID', 'debug is not for here');
    });
    manager.guard(() => asked.push('never'));
    expect(() => manager.check(second)).toThrow(
      expect.objectContaining({
        code: 'OMNI_CONFIG_REFUSED',
        message: 'A part of Omni does not take this configuration: debug is not for here',
      }),
    );
    expect([asked, manager.effective()]).toEqual([['debug'], first]);
    unguard();
    manager.check(second);
    expect(asked).toEqual(['debug', 'never']);
  });
});
