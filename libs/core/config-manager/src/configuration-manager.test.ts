import { describe, expect, it } from '@jest/globals';
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
});
