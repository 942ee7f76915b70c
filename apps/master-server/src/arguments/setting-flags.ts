import type { FlagSetting } from '@omni/container/node';
import { GatewayError } from '@omni/ports';

/**
 * What `--set KEY=VALUE` sets.
 *
 * @throws {@link GatewayError} `OMNI_USAGE`, without what was typed: it may be a credential.
 */
export function settingFlags(words: readonly string[] = []): readonly FlagSetting[] {
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at > 0) return { flag: '--set', key: word.slice(0, at), value: word.slice(at + 1) };
    throw new GatewayError('OMNI_USAGE', '--set needs KEY=VALUE', {
      hint: 'For example: --set server.drain=30s; null as a value removes a setting.',
    });
  });
}
