import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OmniEvent } from '@omni/events';
import { type AuditRecord, type Logger, SecretBuffer } from '@omni/ports';
import { secretProviderContract } from '@omni/testing/contracts';
import { KeyRing, SealedSecrets } from '@omni/secrets';
import { PrivateTextFile } from '@omni/node';
import { SceneClient } from '../../gateway-scene.fixture.ts';
import { loadConfiguration } from '../node-configuration.ts';
import { createNodeParts, type NodeParts } from '../node-master-server.ts';
import { TOKEN_PROGRAM, TokenServer } from './secret-servers.fixture.ts';

let folder: string;
const closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-secrets-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await rm(folder, { recursive: true, force: true });
});

/** What another process has: the command `omni secrets`. */
function sealedFile(): SealedSecrets {
  return new SealedSecrets({
    text: new PrivateTextFile(join(folder, 'secrets.json')),
    keys: new KeyRing('file', new PrivateTextFile(join(folder, 'secrets.key'))),
  });
}

async function set(name: string, value: string): Promise<void> {
  await sealedFile().store(name, SecretBuffer.of(value));
}

interface Run extends NodeParts {
  readonly client: SceneClient;
  readonly audit: readonly AuditRecord[];
  /** Everything that this run has put out. */
  readonly output: () => string;
}

async function gateway(
  configuration: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const path = join(folder, 'omni.yaml');
  await writeFile(path, configuration, { mode: 0o600 });
  const env = { OMNI_HOME: folder, PATH: process.env['PATH'] ?? '', ...environment };
  const loaded = await loadConfiguration(path, env);
  const lines: unknown[] = [];
  const add = (...line: readonly unknown[]): void => void lines.push(line);
  const logger: Logger = { debugging: true, debug: add, info: add, warn: add, error: add };
  const audit: AuditRecord[] = [];
  const parts = await createNodeParts({
    configuration: loaded,
    secrets: { settings: loaded.secrets, environment: env },
    environment: env,
    logger,
    audit: { record: (record) => void audit.push(record) },
    state: { folder, otherwise: 'fail' },
  });
  closing.push(async () => {
    await parts.server.stop({ deadlineMs: 0 });
    await parts.end();
  });
  const events: OmniEvent[] = [];
  parts.server.events.listen((event) => void events.push(event));
  await parts.server.start();
  await parts.server.whenSettled({ deadlineMs: 10_000 });
  const output = (): string =>
    JSON.stringify(
      [lines, audit, events, parts.server.upstreams(), parts.server.metrics?.read(), loaded.upstreams],
      (_key, value: unknown) => (value instanceof Error ? inspect(value, { depth: 9 }) : value),
    );
  return { ...parts, client: new SceneClient(parts.server), audit, output };
}

async function call(client: SceneClient, name: string): Promise<string> {
  const answer = await client.modern('tools/call', { name, arguments: {} });
  const { result, error } = JSON.parse(answer) as {
    readonly result?: { readonly content: readonly { readonly text: string }[] };
    readonly error?: { readonly message: string };
  };
  return result?.content[0]?.text ?? error?.message ?? '';
}

async function eventually(look: () => boolean | Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  while (!(await look())) {
    if (performance.now() - startedMs > 15_000) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - startedMs;
}

async function web(
  ...good: readonly string[]
): Promise<{ readonly server: TokenServer; readonly url: string }> {
  const server = new TokenServer(...good);
  const url = await server.listen();
  closing.push(() => server.close());
  return { server, url };
}

const PROGRAM = JSON.stringify(TOKEN_PROGRAM);

describe('SealedSecrets in a file [X002-03] [S002-SB-01]', () => {
  secretProviderContract(it, () => ({
    provider: sealedFile(),
    names: ['db/password', 'github-token'],
    isWritable: true,
    isListed: true,
    fail: () => truncate(join(folder, 'secrets.json'), 20),
  }));
});

describe('a gateway with secrets', () => {
  it('hands them to servers, and another one within a second, to those alone that use it [S002-SE-05]', async () => {
    await set('web', 'first-value-of-web');
    await set('tool', 'first-value-of-tool');
    const { server, url } = await web('first-value-of-web');
    const { client, output } = await gateway(`
mcpServers:
  web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${SECRET:web}" } }
  tool: { command: "${process.execPath}", args: ["-e", ${PROGRAM}], env: { TOKEN: "\${SECRET:tool}" } }
  other: { command: "${process.execPath}", args: ["-e", ${PROGRAM}], env: { TOKEN: "\${SECRET:web}" } }
`);
    expect(await call(client, 'web__show')).toBe('shown first-value-of-web');
    const [tool, other] = [await call(client, 'tool__show'), await call(client, 'other__show')];
    expect(tool).toMatch(/^first-value-of-tool \d+$/);

    server.good = ['first-value-of-web', 'second-value-of-web'];
    await set('web', 'second-value-of-web');
    const tookMs = await eventually(
      async () => (await call(client, 'web__show')) === 'shown second-value-of-web',
    );
    expect(tookMs).toBeLessThan(1_000);
    await eventually(async () => (await call(client, 'other__show')).startsWith('second-value-of-web'));
    expect(await call(client, 'other__show')).not.toBe(other);
    expect(await call(client, 'tool__show')).toBe(tool);
    expect(server.shown.every((token) => token !== 'nothing')).toBe(true);
    expect(output()).not.toMatch(/(?:first|second)-value-of/);
  }, 60_000);

  it('loses no call while they are changed', async () => {
    await set('web', 'value-of-web-0');
    const { server, url } = await web('value-of-web-0');
    const { client } = await gateway(
      `mcpServers: { web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${SECRET:web}" } } }`,
    );
    let isOver = false;
    const failures: string[] = [];
    let count = 0;
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const said = await call(client, 'web__show');
        count++;
        if (!said.startsWith('shown value-of-web-')) failures.push(said);
      }
    });
    for (let n = 1; n <= 5; n++) {
      server.good = [`value-of-web-${n - 1}`, `value-of-web-${n}`];
      await set('web', `value-of-web-${n}`);
      await eventually(() => server.shown.at(-1) === `value-of-web-${n}`);
    }
    isOver = true;
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(50);
  }, 60_000);

  it('reads one again when a server refuses it', async () => {
    const { server, url } = await web('first-value-1');
    await writeFile(join(folder, 'value'), 'first-value-1');
    const { client, audit } = await gateway(`
mcpServers: { web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${EXEC:cat ${folder}/value}" } } }
`);
    expect(await call(client, 'web__show')).toBe('shown first-value-1');
    await writeFile(join(folder, 'value'), 'second-value-2');
    server.good = ['second-value-2'];
    expect(await call(client, 'web__show')).toBe('shown second-value-2');
    expect(audit.filter(({ type }) => type === 'secret.resolved')).toHaveLength(2);
  }, 60_000);

  // guard: credentials/told-secrets
  it('hides what a server says of its own, and leaves the rest readable', async () => {
    await set('tool', 'ordinary words of a passphrase');
    const { client, server, output } = await gateway(
      `mcpServers: { tool: { command: "${process.execPath}", args: ["-e", ${PROGRAM}], env: { NOTE: "\${SECRET:tool}" } } }`,
    );
    await call(client, 'tool__fall');
    await eventually(() => JSON.stringify(server.upstreams()).includes('cannot log in'));
    const shown = JSON.stringify(server.upstreams());
    expect(shown).toContain('cannot log in at db.example with ***');
    expect(output()).not.toContain('ordinary words of a passphrase');
  }, 60_000);

  // guard: credentials/lack
  it('keeps a server down that lacks one, says why, and starts it when it is there', async () => {
    const { url } = await web('value-of-web-1');
    const { client, server, audit } = await gateway(`
mcpServers:
  web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${SECRET:web}" } }
  tool: { command: "${process.execPath}", args: ["-e", ${PROGRAM}], env: { TOKEN: plain } }
`);
    expect(await call(client, 'tool__show')).toMatch(/^plain /);
    expect(JSON.stringify(server.upstreams())).toContain(
      String.raw`There is no value for the secret \"web\"`,
    );
    expect(audit.map(({ type, subject, actor }) => `${type} ${subject} ${actor}`)).toEqual([
      'secret.failed SECRET:web server:web',
    ]);
    await set('web', 'value-of-web-1');
    await eventually(async () => (await call(client, 'web__show')) === 'shown value-of-web-1');
  }, 60_000);

  it('goes on without a Vault that is out of reach, or with the environment [S002-SE-03] [S002-SE-06]', async () => {
    const { url } = await web('value-of-environment');
    const { client, server, audit, output } = await gateway(
      `
secrets: { timeout: 1s, vault: { address: "http://127.0.0.1:9", token: "hvs.token-of-omni" } }
mcpServers:
  web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${VAULT:web}" } }
  down: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${VAULT:down}" } }
`,
      { OMNI_SECRET_WEB: 'value-of-environment' },
    );
    expect(await call(client, 'web__show')).toBe('shown value-of-environment');
    expect(new Set(audit.map(({ type }) => type))).toEqual(new Set(['secret.failed', 'secret.fallback']));
    expect(JSON.stringify(server.upstreams())).toContain('Vault at http://127.0.0.1:9 does not answer');
    expect(server.readiness().components).toContainEqual(
      expect.objectContaining({ name: 'credentials', level: 'warn' }),
    );
    expect(output()).not.toMatch(/hvs\.|value-of-environment/);
  }, 60_000);

  it('keeps a secret from servers and hosts that a rule does not name', async () => {
    await set('web', 'value-of-web-1');
    const { server: asked, url } = await web('value-of-web-1');
    const { server, audit, client } = await gateway(`
secrets: { rules: { web: { hosts: [api.example.com] } } }
mcpServers: { web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${SECRET:web}" } } }
`);
    expect(JSON.stringify(server.upstreams())).toContain('Not allowed by secrets.rules');
    expect(JSON.stringify(audit)).toContain('to be sent to api.example.com only');
    expect(await call(client, 'web__show')).not.toContain('api.example.com');
    expect(asked.shown).toEqual([]);
  }, 60_000);

  // guard: credentials/kept-by-retired
  it('shows no server the secret of the one that takes its place', async () => {
    await set('former', 'value-of-former-1');
    await set('next', 'value-of-next-1');
    const [former, next] = [await web('value-of-former-1'), await web('value-of-next-1')];
    former.server.hasSessions = true;
    const entry = (url: string, name: string): string =>
      `mcpServers: { web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${SECRET:${name}}" } } }`;
    const { server, client } = await gateway(entry(former.url, 'former'));
    expect(await call(client, 'web__show')).toBe('shown value-of-former-1');
    const path = join(folder, 'next.yaml');
    await writeFile(path, entry(next.url, 'next'), { mode: 0o600 });
    const asked = former.server.shown.length;
    await server.apply((await loadConfiguration(path, { OMNI_HOME: folder })).upstreams);
    await eventually(async () => (await call(client, 'web__show')) === 'shown value-of-next-1');
    await eventually(() => former.server.shown.length > asked);
    expect(new Set(former.server.shown)).toEqual(new Set(['value-of-former-1']));
    expect(new Set(next.server.shown)).toEqual(new Set(['value-of-next-1']));
  }, 60_000);

  // guard: secrets/start-without-key
  it('does not start without the key of what is kept, and names it', async () => {
    await set('web', 'value-of-web-1');
    const { keyId } = (
      JSON.parse(await readFile(join(folder, 'secrets.json'), 'utf8')) as {
        readonly secrets: Readonly<Record<string, { readonly keyId: string }>>;
      }
    ).secrets['web'] ?? { keyId: '' };
    await rm(join(folder, 'secrets.key'));
    await expect(
      gateway('mcpServers: { a: { command: x, env: { A: "${SECRET:web}" } } }'),
    ).rejects.toMatchObject({
      code: 'OMNI_SECRET_KEY_MISSING',
      message: expect.stringContaining(`needs the key ${keyId}`),
    });
  });

  it('does not let a slow provider hold its start up, and starts its server when it has answered', async () => {
    const { url } = await web('value-of-web-1');
    await writeFile(join(folder, 'slow'), 'sleep 3; echo value-of-web-1');
    const startedMs = performance.now();
    const { client, server } = await gateway(`
mcpServers:
  web: { url: "${url}", protocol: legacy, headers: { Authorization: "Bearer \${EXEC:sh ${folder}/slow}" } }
  tool: { command: "${process.execPath}", args: ["-e", ${PROGRAM}], env: { TOKEN: plain } }
`);
    expect(performance.now() - startedMs).toBeLessThan(2_900);
    expect(await call(client, 'tool__show')).toMatch(/^plain /);
    expect(JSON.stringify(server.upstreams())).toContain('Its secrets are being read');
    await eventually(async () => (await call(client, 'web__show')) === 'shown value-of-web-1');
  }, 60_000);

  it('leaves a truncated file as it is, and says so', async () => {
    await set('web', 'value-of-web-1');
    await truncate(join(folder, 'secrets.json'), 100);
    const { server } = await gateway('mcpServers: { a: { command: x, env: { A: "${SECRET:web}" } } }');
    expect(JSON.stringify(server.upstreams())).toContain('secrets.json is damaged: it is no whole JSON');
    expect((await readFile(join(folder, 'secrets.json'))).length).toBe(100);
  }, 60_000);

  it('reads those of its own settings at its start', async () => {
    await set('owner', 'token-of-the-owner-1');
    await set('host', '127.0.0.1');
    const path = join(folder, 'omni.yaml');
    await writeFile(path, 'auth: { token: "${SECRET:owner}" }\nmcpServers: {}\n', { mode: 0o600 });
    const loaded = await loadConfiguration(path, { OMNI_HOME: folder });
    expect(loaded.auth.token).toBe('token-of-the-owner-1');
    await writeFile(path, 'auth: { token: "${SECRET:nobody}" }\nmcpServers: {}\n');
    await expect(loadConfiguration(path, { OMNI_HOME: folder })).rejects.toMatchObject({
      code: 'OMNI_CONFIG_INVALID',
      message: expect.stringContaining(
        'auth.token: ${SECRET:nobody}: there is no value for the secret "nobody"',
      ),
    });
  });
});
