import { describe, expect, it } from '@jest/globals';
import { defaultConfiguration } from './configuration.ts';
import { parseConfiguration } from './parse-configuration.ts';

describe('defaultConfiguration', () => {
  it('is what an empty file gives, without its warnings', () => {
    const parsed = parseConfiguration([{ path: 'omni.json', text: '{}', role: 'base' }], { env: {} });
    expect(defaultConfiguration()).toEqual({ ...parsed, warnings: [] });
  });
});
