import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { policyWarnings } from '../checking/policy-warnings.ts';
import { testPolicy } from '../checking/test-policy.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../../../docs/policy.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

describe('the examples in docs/policy.md', () => {
  it.each(EXAMPLES)('%# passes its own tests, without warnings', (text) => {
    const report = testPolicy(parse(text));
    expect(report.failed).toEqual([]);
    expect(report.passed).toBeGreaterThan(2);
    expect(policyWarnings(parse(text))).toEqual([]);
  });

  it('are there', () => {
    expect(EXAMPLES).toHaveLength(2);
  });
});
