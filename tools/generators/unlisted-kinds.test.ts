import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UNLISTED_KINDS } from '@omni/capabilities';
import { describe, expect, it } from '@jest/globals';

const README = join(import.meta.dirname, '../../libs/core/capability-aggregator/README.md');

describe('the README of capabilities', () => {
  it('names every kind of what can be called unlisted, and no other', () => {
    const table = /^\| kind .*\n\|.*\n((?:\|.*\n)+)/m.exec(readFileSync(README, 'utf8'))?.[1] ?? '';
    const rows = [...table.matchAll(/^\| `([a-z-]+)`\s*\| (.*?)\s*\|$/gm)].map(([, kind, what]) => [
      kind,
      what,
    ]);
    expect(rows).toEqual(Object.entries(UNLISTED_KINDS));
  });
});
