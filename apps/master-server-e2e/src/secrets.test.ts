import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { type Omni, startOmni } from './harness/start-omni.ts';
import { startSteppingServer } from './harness/stepping-server.ts';
import { startTokenGate } from './harness/token-gate.ts';

afterAll(endEverything, 30_000);

interface Example {
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly mcpServers: { readonly github: { url: string } };
}

/** The first example of the page, with a server that is there. */
async function exampleOf(url: string): Promise<Example> {
  const text = await readFile(new URL('../../../docs/secrets.md', import.meta.url), 'utf8');
  // An example of Omni's own configuration.
  const example = parse(/```yaml\n(.*?)```/s.exec(text)?.[1] ?? '') as Example;
  example.mcpServers.github.url = url;
  return example;
}

async function gate() {
  const upstream = await startSteppingServer('http');
  return startTokenGate(upstream.url, 'first-value-of-token', 'second-value-of-token');
}

/** What whoever may reads of the state of a server. */
async function pageOf(omni: Omni): Promise<string> {
  return (await fetch(`${omni.origin}/ready`)).text();
}

describe('the example of docs/secrets.md', () => {
  it('takes a secret from a mounted file, and another one while it runs [S002-SE-05]', async () => {
    const { url, requests } = await gate();
    const configuration = stringify({ auth: { mode: 'open' }, ...(await exampleOf(url)) });
    const omni = await startOmni(configuration, {
      fileName: 'omni.yaml',
      args: ['--listen', '127.0.0.1:0', '--log-level', 'debug'],
    });
    const folder = join(omni.folder, 'run-secrets');
    await eventually('the server that waits', async () => (await pageOf(omni)).includes('github'));
    expect(requests).toEqual([]);
    await mkdir(folder);
    await writeFile(join(folder, 'github-token'), 'first-value-of-token\n');
    await eventually('the first value', () => requests.includes('POST first-value-of-token'));
    await omni.ready();
    await writeFile(join(folder, 'github-token'), 'second-value-of-token\n');
    await eventually('the second value', () =>
      requests.some((line) => line.endsWith(' second-value-of-token')),
    );
    await omni.process.stop();
    expect(omni.process.stderr).toContain('"audit":"secret.resolved"');
    expect(`${omni.process.stderr}${omni.process.stdout}`).not.toMatch(/(?:first|second)-value-of/);
  }, 60_000);

  it('keeps the secret from a host that the rule does not name', async () => {
    const { url, requests } = await gate();
    const { secrets, mcpServers } = await exampleOf(url.replace('127.0.0.1', 'localhost'));
    const configuration = stringify({
      auth: { mode: 'open' },
      secrets: { ...secrets, chain: ['environment'] },
      mcpServers,
    });
    const omni = await startOmni(configuration, {
      fileName: 'omni.yaml',
      environment: { OMNI_SECRET_GITHUB_TOKEN: 'first-value-of-token' },
    });
    await eventually('the refusal', () => omni.process.stderr.includes('to be sent to 127.0.0.1'));
    expect(requests).toEqual([]);
  }, 60_000);
});
