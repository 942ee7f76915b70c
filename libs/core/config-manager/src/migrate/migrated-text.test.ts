import { describe, expect, it } from '@jest/globals';
import { NARROWING_CASES, PLACEHOLDER_CASES, SHAPE_CASES } from '../clients/client-files.fixture.ts';
import { migratedText } from './migrated-text.ts';

const ENV = { HOME: '/home/ana', TOKEN: 'from-the-environment' };

describe('migratedText of a file of Omni', () => {
  it('renames what has another name now, every other byte as it was', () => {
    const text = `# mine\nlogging: # here\n    level:   warn # kept\r\n"limits": { 'maxHeldBytes': 2097152 } # kept\n`;
    expect(migratedText({ path: 'omni.yaml', role: 'base', text }, {})).toEqual({
      text: text.replace('maxHeldBytes', 'maxUnfinishedBytes'),
      changes: ['omni.yaml:4:13  limits.maxHeldBytes is called maxUnfinishedBytes'],
      losses: [],
    });
  });

  it('leaves alone what is up to date, and what says both', () => {
    const present = 'limits: { maxUnfinishedBytes: 2097152 }\n';
    for (const text of [present, present.replace(' }', ', maxHeldBytes: 2097152 }')])
      expect(migratedText({ path: 'omni.yaml', role: 'base', text }, {})).toEqual({
        text,
        changes: [],
        losses: [],
      });
  });
});

describe("migratedText of a client's file", () => {
  it('writes its servers as Omni does, with the comments above them', () => {
    const text = `{
  "mcpServers": {
    // the one for tickets
    // (ask ana)
    "tickets": { "httpUrl": "https://t.example/mcp", "headers": { "Authorization": "Bearer $TOKEN" }, "timeout": 5000 },
    "files": { "command": "npx", "args": ["-y", "files"], "trust": true }
  }
}`;
    const migrated = migratedText(
      { path: '.gemini/settings.json', place: '/p/.gemini/settings.json', role: 'base', text },
      ENV,
    );
    expect(migrated).toMatchObject({ client: expect.stringContaining('Gemini'), losses: [] });
    expect(migrated.text).toBe(`# Servers from .gemini/settings.json

version: 1
mcpServers:
  # the one for tickets
  # (ask ana)
  tickets:
    url: https://t.example/mcp
    headers:
      Authorization: Bearer \${TOKEN}
    callTimeout: 5000ms
  files:
    command: npx
    args:
      - -y
      - files
    cwd: /p
`);
  });

  it.each([
    [
      'mcp.json',
      `// owner: ops
{ "mcpServers": {
  /* about a,
   * and more */
  "a": { "command": "a", // why a
    /* why -y */ "args": ["-y", "// none", "/* none */"] }, // after a

  // about b
  "b": { "command": "b" }
} } // last`,
      ' owner: ops| about a,| and more| why a| why -y| after a| about b| last',
    ],
    [
      'config.toml',
      `# owner: ops
[mcp_servers.a] # about a
command = "a#none"
args = ['#none', """
# none"""]
# why
[mcp_servers.b]
command = "b" # about b`,
      ' owner: ops| about a| why| about b',
    ],
    [
      'config.yaml',
      `# owner: ops
extensions:
  # about a
  a:
    cmd: 'a #none'
    args: ["#none"] # why
    description: |
      # none
  b: { cmd: b } # about b`,
      ' owner: ops| about a| why| about b',
    ],
  ])('keeps each comment: %s', (path, text, comments) => {
    const source = { path, place: `/p/.config/goose/${path}`, role: 'base' as const, text };
    const migrated = migratedText(source, ENV);
    const [, ...kept] = migrated.text.split('\n').flatMap((line) => /^ *#(.*)/.exec(line)?.slice(1) ?? []);
    expect(kept.join('|')).toBe(comments);
  });

  const cases = [...PLACEHOLDER_CASES, ...NARROWING_CASES, ...SHAPE_CASES]
    .filter(({ misconfigured, refused }) => misconfigured === undefined && refused === undefined)
    // Of a server that is off, a client looks at nothing else.
    .filter(({ what }) => !what.includes('whatever else is wrong'))
    .map((file) => [file.what, file] as const);

  it.each(cases)('means the same afterwards: %s', (_what, { place, text, env = {} }) => {
    const path = place.slice(place.lastIndexOf('/') + 1);
    const { losses } = migratedText({ path, place, role: 'base', text }, env);
    expect(losses.filter((loss) => /read differently|not valid yet/.test(loss))).toEqual([]);
  });
});
