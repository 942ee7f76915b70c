import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '@omni/config';
import { ALL_POLICIES, NO_POLICIES, SAFE_CALLS_ARE_REPEATED, settingsForServerOf } from './omni-settings.ts';

describe('settings of the benchmark', () => {
  it.each([
    ['NO_POLICIES', NO_POLICIES],
    ['ALL_POLICIES', ALL_POLICIES],
    ['SAFE_CALLS_ARE_REPEATED', SAFE_CALLS_ARE_REPEATED],
    ['settingsForServerOf', settingsForServerOf(8, 16)],
  ])('are such as Omni takes: %s', (_name, settings) => {
    const text = JSON.stringify({
      ...settings,
      mcpServers: { bench: { type: 'http', url: 'http://[::1]/' } },
    });
    const { upstreams } = parseConfiguration([{ path: 'omni.json', text, role: 'base' }], { env: {} });
    expect(upstreams).toHaveLength(1);
  });
});
