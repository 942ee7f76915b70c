import { describe, expect, it } from '@jest/globals';
import { environmentExample, namedVariables } from './named-variables.ts';

const SOURCES = [
  {
    path: 'omni.yaml',
    role: 'base' as const,
    text: `
auth: { token: "\${OMNI_OWN}" }
mcpServers:
  a:
    command: a
    args: ["\${DIR:-/tmp}", "\${MINE}", "\${REGION:?which one}"]
    env: { MINE: "1", GITHUB_TOKEN: "\${GITHUB_TOKEN:-ghp_none}", S: "\${SECRET:s}", T: "$\${TEXT}" }
`,
  },
  {
    path: 'servers/b.yaml',
    role: 'server' as const,
    text: 'command: b\nrequiredEnv: [B_KEY]\nfeatureFlag: b-flag\nenv: { DIR: "${ENV:DIR}" }',
  },
];

describe('namedVariables', () => {
  it('finds those of references, of requiredEnv and of feature flags [X000-08]', () => {
    expect(namedVariables(SOURCES, { env: {} })).toEqual([
      { name: 'B_KEY', usedBy: ['mcpServers.b.requiredEnv'], isRequired: true },
      {
        name: 'DIR',
        usedBy: ['mcpServers.a.args', 'mcpServers.b.env.DIR'],
        isRequired: true,
        fallback: '/tmp',
      },
      { name: 'GITHUB_TOKEN', usedBy: ['mcpServers.a.env.GITHUB_TOKEN'], isRequired: false },
      { name: 'OMNI_FEATURE_B_FLAG', usedBy: ['mcpServers.b.featureFlag'], isRequired: false },
      { name: 'OMNI_OWN', usedBy: ['auth.token'], isRequired: true },
      { name: 'REGION', usedBy: ['mcpServers.a.args'], isRequired: true },
    ]);
  });

  it('are a file to fill in', () => {
    expect(environmentExample(namedVariables(SOURCES, { env: {} }).slice(0, 2))).toBe(`\
# Variables that the configuration of Omni names; written by omni config env-example.

# Required: mcpServers.b.requiredEnv
B_KEY=

# Required: mcpServers.a.args, mcpServers.b.env.DIR
# DIR=/tmp
`);
    expect(environmentExample([])).toContain('written by omni config env-example.\n');
  });

  it('hold one line each, whatever a configuration says', () => {
    const text = String.raw`mcpServers: { "a\nEVIL=1": { command: "${'$'}{A:-x\nEVIL=2}", requiredEnv: ["B\nEVIL=3"] } }`;
    const example = environmentExample(
      namedVariables([{ path: 'omni.yaml', role: 'base', text }], { env: {} }),
    );
    expect(example).toContain('\nA=\n');
    expect(example).not.toMatch(/^EVIL/m);
  });
});
