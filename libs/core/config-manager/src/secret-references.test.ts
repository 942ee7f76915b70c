import { describe, expect, it } from '@jest/globals';
import { type SecretReference, secretReferenceText } from '@omni/ports';
import type { Configuration } from './configuration.ts';
import { parseConfiguration, type ParseOptions } from './parse-configuration.ts';

const VALUES: Readonly<Record<string, string>> = {
  'SECRET:token': 'value-of-token',
  'SECRET:owner': 'token-of-the-owner-1',
  'FILE:/etc/omni/keys/host': 'up.test',
};

function parse(
  text: string,
  options: Partial<ParseOptions> = {},
): Configuration & { readonly asked: readonly (readonly string[])[] } {
  const asked: (readonly string[])[] = [];
  const secrets = {
    read(reference: SecretReference, user: string) {
      const name = secretReferenceText(reference);
      asked.push([name, user]);
      const value = VALUES[name];
      return value === undefined ? { failure: 'there is none' } : { text: value };
    },
  };
  const configuration = parseConfiguration([{ path: '/etc/omni/omni.yaml', text, role: 'base' }], {
    env: { USER_NAME: 'ada' },
    secrets,
    ...options,
  });
  return { ...configuration, asked };
}

const TOKEN = { scheme: 'SECRET', name: 'token' };

describe('a reference to a secret [S002-SE-01]', () => {
  it('stays one in headers and variables, which nobody has to read before they are used', () => {
    const { upstreams, asked } = parse(`
mcpServers:
  web: { url: "https://up.test/mcp", headers: { Authorization: "Bearer \${SECRET:token}", X-Tenant: a } }
  tool: { command: tool, env: { DSN: "db://\${USER_NAME}:\${VAULT:db/password#pw}@h", PLAIN: b } }
`);
    expect(asked).toEqual([]);
    const [web, tool] = upstreams;
    expect(web?.transport).toMatchObject({ headers: { 'X-Tenant': 'a' } });
    expect(web?.secrets).toEqual({ headers: { Authorization: ['Bearer ', TOKEN] }, environment: {} });
    expect(tool?.transport).toMatchObject({ env: { PLAIN: 'b' } });
    expect(tool?.secrets).toEqual({
      headers: {},
      environment: { DSN: ['db://ada:', { scheme: 'VAULT', name: 'db/password', field: 'pw' }, '@h'] },
    });
  });

  it('stays one behind a variable of the entry, whose own text it is', () => {
    const [web] = parse(`
mcpServers:
  web: { command: x, env: { TOKEN: "\${SECRET:token}", HEADER: "Authorization: Bearer \${TOKEN}" } }
`).upstreams;
    expect(web?.secrets?.environment).toEqual({ TOKEN: [TOKEN], HEADER: ['Authorization: Bearer ', TOKEN] });
  });

  it('is read everywhere else, and told for whom', () => {
    const found = parse(`
auth: { token: "\${SECRET:owner}" }
mcpServers: { web: { url: "https://\${FILE:keys/host}/mcp?key=\${SECRET:token}" } }
`);
    expect(found.auth.token).toBe('token-of-the-owner-1');
    const [web] = found.upstreams;
    expect(web?.transport).toMatchObject({ url: 'https://up.test/mcp?key=value-of-token' });
    expect(found.asked).toEqual([
      ['SECRET:owner', 'setting:auth'],
      ['FILE:/etc/omni/keys/host', 'server:web'],
      ['SECRET:token', 'server:web'],
    ]);
  });

  // guard: config/declared-secrets
  it('is kept out of what is printed, whatever its value looks like', () => {
    const [web] = parse('mcpServers: { web: { url: "https://${FILE:keys/host}/mcp" } }').upstreams;
    expect(web?.secretValues).toEqual(['up.test']);
  });

  it('is a problem where there is none, without a word of what it stands for', () => {
    expect(() => parse('auth: { token: "${SECRET:missing}" }\nmcpServers: {}')).toThrow(
      'omni.yaml:1:16  auth.token: ${SECRET:missing}: there is none',
    );
    expect(() =>
      parse('mcpServers: { a: { command: "${SECRET:ghp_0123456789abcdefghij0123456789abcdef}" } }'),
    ).toThrow('${SECRET:***}: there is none');
    expect(() => parse('mcpServers: { a: { command: x, env: { A: "${VAULT:../x}" } } }')).toThrow(
      'is no reference to a secret: it ${VAULT:…} is not made of names',
    );
  });

  it('is no matter in a server that is switched off', () => {
    const [off] = parse('mcpServers: { a: { disabled: true, command: "${SECRET:missing}" } }').upstreams;
    expect(off).toMatchObject({ enabled: false });
  });

  // guard: config/secret-arguments
  it('warns in arguments, and is refused there where that is strict', () => {
    const text = 'mcpServers: { a: { command: x, args: [--key, "${SECRET:token}"] } }';
    expect(parse(text).warnings).toEqual([
      '/etc/omni/omni.yaml:1:46  mcpServers.a.args.1 holds a secret, and every user of the machine can read arguments of processes; hand it over in "env"',
    ]);
    expect(() => parse(text, { strict: true })).toThrow('mcpServers.a.args.1 holds a secret');
  });

  it('sets a header that clients cannot forward', () => {
    const { upstreams, warnings } = parse(
      'mcpServers: { a: { url: "https://up.test", headers: { X-Key: "${SECRET:token}" }, forwardHeaders: [x-key] } }',
    );
    expect(upstreams[0]?.forwardHeaders).toBeUndefined();
    expect(warnings[0]).toContain('which "headers" sets');
  });

  describe('in what somebody else has written', () => {
    const foreign = { isOperatorOwned: false };

    it('is taken where it names a secret', () => {
      const [a] = parse(
        'mcpServers: { a: { command: x, env: { A: "${SECRET:token}" } } }',
        foreign,
      ).upstreams;
      expect(a?.secrets?.environment).toEqual({ A: [TOKEN] });
    });

    // guard: config/foreign-secrets
    it.each(['${FILE:/etc/shadow}', '${EXEC:id}'])('is refused as %s', (reference) => {
      const text = `mcpServers: { a: { command: x, env: { A: "${reference}" } } }`;
      expect(() => parse(text, foreign)).toThrow('is looked up in files of whoever runs Omni only');
    });

    // guard: config/foreign-variables
    it.each(['${USER_NAME}', '${ENV:USER_NAME}', '${env:USER_NAME}', '${USER_NAME:-x}'])(
      'is refused as %s',
      (reference) => {
        const text = `mcpServers: { a: { command: x, env: { A: "${reference}" } } }`;
        expect(() => parse(text, foreign)).toThrow('means a variable of whoever runs Omni');
      },
    );
  });
});

describe('secrets.vault', () => {
  it('keeps references to its own credentials', () => {
    const { secrets, asked } = parse(`
secrets:
  vault:
    address: http://127.0.0.1:8200
    roleId: omni
    secretId: "\${FILE:keys/secret-id}"
mcpServers: {}
`);
    expect(asked).toEqual([]);
    expect(secrets.vault?.login).toEqual({
      kind: 'approle',
      mount: 'approle',
      roleId: ['omni'],
      secretId: [{ scheme: 'FILE', name: '/etc/omni/keys/secret-id' }],
    });
  });

  it.each([
    ['{ chain: [vault] }', 'secrets needs "vault"'],
    ['{ key: vault }', 'secrets needs "vault"'],
    ['{ vault: { address: "https://v.test" } }', 'secrets.vault needs either "token"'],
    [
      '{ vault: { address: "https://v.test", token: a, roleId: b, secretId: c } }',
      'secrets.vault needs either',
    ],
    ['{ vault: { address: "https://v.test", roleId: b } }', 'secrets.vault needs either'],
    ['{ vault: { address: "v.test", token: a } }', 'secrets.vault.address must be an address'],
    ['{ chian: [file] }', 'did you mean "chain"?'],
  ])('refuses %s', (section, problem) => {
    expect(() => parse(`secrets: ${section}\nmcpServers: {}`)).toThrow(problem);
  });

  // guard: config/inserted-server
  it.each(['replica: { of: "${SECRET:token}" }', 'routing: { failover: ["${SECRET:token}"] }'])(
    'is not repeated where it names no server: %s',
    (entry) => {
      expect(() => parse(`mcpServers: { web: { command: x, ${entry} } }`)).toThrow(
        /text from a variable is no server/,
      );
      expect(() => parse(`mcpServers: { web: { command: x, ${entry} } }`)).not.toThrow(/value-of-token/);
    },
  );
});
