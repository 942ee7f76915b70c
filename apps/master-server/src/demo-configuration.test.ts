import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseConfigurationText } from '@omni/container/node';
import { DEMO_CONFIGURATION_PATH, demoConfigurationText, findDemoPrograms } from './demo-configuration.ts';

function commandsOf(text: string): readonly unknown[] {
  return parseConfigurationText(text, DEMO_CONFIGURATION_PATH, {}).upstreams.map(({ name, transport }) =>
    transport.kind === 'stdio' ? [name, transport.command, ...transport.args] : name,
  );
}

describe('demoConfigurationText', () => {
  it('is a valid configuration of two servers over stdio', () => {
    expect(commandsOf(demoConfigurationText({ node: '/n', everything: '/e.js', demo: '/d.ts' }))).toEqual([
      ['everything', '/n', '/e.js', 'stdio'],
      ['demo', '/n', '--conditions=@omni/source', '/d.ts'],
    ]);
  });

  it('keeps what looks like a reference in a path', () => {
    expect(
      commandsOf(demoConfigurationText({ node: '/a/${HOME}/n', everything: '/e.js', demo: '/d.ts' }))[0],
    ).toContain('/a/${HOME}/n');
  });
});

describe('findDemoPrograms', () => {
  it('finds files that are there', () => {
    const { node, everything, demo } = findDemoPrograms();

    expect([node, everything, demo].map((path) => existsSync(path))).toEqual([true, true, true]);
  });
});
