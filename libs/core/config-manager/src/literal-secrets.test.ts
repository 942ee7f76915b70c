import { describe, expect, it } from '@jest/globals';
import { literalSecrets } from './literal-secrets.ts';

const TOKEN = 'ghp_0123456789abcdefghij0123456789abcdef';

function migrated(text: string, path: string): { readonly names: readonly string[]; readonly text: string } {
  const found = literalSecrets({ path, text, role: 'base' }, {}) ?? [];
  let result = text;
  for (const { place } of found.toReversed())
    if (place !== undefined) result = result.slice(0, place.start) + place.instead + result.slice(place.end);
  return { names: found.map(({ name, value }) => `${name}=${value}`), text: result };
}

describe('literalSecrets', () => {
  it('finds secrets in YAML, and where a reference can stand in their place', () => {
    const text = `# mine
mcpServers:
  github:
    command: npx # runs it
    env:
      GITHUB_TOKEN: ${TOKEN} # of the bot
      REGION: eu-central-1
      API_KEY: 'it''s-a-secret-1'
      OTHER_TOKEN: "\${GITHUB}"
  web:
    url: https://up.test/mcp
    headers: { Authorization: "Bearer ${TOKEN}", X-Tenant: acme }
`;
    expect(migrated(text, 'omni.yaml')).toEqual({
      names: [`github/GITHUB_TOKEN=${TOKEN}`, "github/API_KEY=it's-a-secret-1", `web/Authorization=${TOKEN}`],
      text: text
        .replace(`${TOKEN} #`, '"${SECRET:github/GITHUB_TOKEN}" #')
        .replace("'it''s-a-secret-1'", '"${SECRET:github/API_KEY}"')
        .replace(`"Bearer ${TOKEN}"`, '"Bearer ${SECRET:web/Authorization}"'),
    });
  });

  it('finds them in JSON with comments', () => {
    const text = `{
  // mine
  "mcpServers": { "db": { "command": "x", "env": { "PASSWORD": "s3cret\\u002dvalue-1", "DB_TOKEN": "${TOKEN}" } } }
}`;
    const { names, text: result } = migrated(text, 'omni.json');
    expect(names).toEqual(['db/PASSWORD=s3cret-value-1', `db/DB_TOKEN=${TOKEN}`]);
    // What is written in a way of its own is for people.
    expect(result).toBe(text.replace(`"${TOKEN}"`, '"${SECRET:db/DB_TOKEN}"'));
  });

  it('leaves files of clients alone, and says what it cannot read', () => {
    const text = `{ "mcpServers": { "a": { "command": "x", "env": { "TOKEN": "${TOKEN}" } } } }`;
    expect(literalSecrets({ path: '.cursor/mcp.json', text, role: 'base' }, {})).toBeUndefined();
    expect(() => literalSecrets({ path: 'omni.yaml', text: 'a: [', role: 'base' }, {})).toThrow('omni.yaml');
    expect(literalSecrets({ path: 'omni.yaml', text: 'server: {}', role: 'base' }, {})).toEqual([]);
  });
});
