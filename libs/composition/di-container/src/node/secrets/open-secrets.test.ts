import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseSecretsSettings } from '@omni/config';
import { type AuditRecord, systemClock } from '@omni/ports';
import { openSecrets, type OpenSecrets } from './open-secrets.ts';

let folder: string;
const closing: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-open-secrets-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await rm(folder, { recursive: true });
});

function opened(
  text: string,
  stateFolder = folder,
): OpenSecrets & { readonly audit: readonly AuditRecord[] } {
  const environment = { PATH: process.env['PATH'] ?? '' };
  const settings = parseSecretsSettings([{ path: join(folder, 'omni.yaml'), text, role: 'base' }], {
    env: environment,
  });
  const audit: AuditRecord[] = [];
  const made = openSecrets({
    ...{ settings, environment, stateFolder, clock: systemClock },
    audit: { record: (record) => void audit.push(record) },
  });
  closing.push(() => made.close());
  return { ...made, audit };
}

describe('openSecrets', () => {
  it('reads what opens Vault anew for each login, and tells the audit', async () => {
    const shown: string[] = [];
    const vault = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
      request.on('end', () => {
        shown.push((JSON.parse(body) as { readonly secret_id: string }).secret_id);
        response.writeHead(400).end('{}');
      });
    });
    await new Promise<void>((resolve) => vault.listen(0, '127.0.0.1', resolve));
    closing.push(() => void vault.close());
    const file = join(folder, 'secret-id');
    const { secrets, audit } = opened(`
secrets:
  vault:
    address: http://127.0.0.1:${(vault.address() as AddressInfo).port}
    roleId: role
    secretId: '\${EXEC:cat ${file}}'
`);
    for (const [index, id] of ['first-id', 'second-id'].entries()) {
      await writeFile(file, id);
      const reference = { scheme: 'VAULT', name: `a${index}` } as const;
      await expect(secrets.resolve(reference, { id: 'owner' })).rejects.toMatchObject({
        code: 'OMNI_SECRET_DENIED',
      });
    }
    expect(shown).toEqual(['first-id', 'second-id']);
    expect(audit.filter(({ actor }) => actor === 'setting:secrets.vault')).toHaveLength(2);
    expect(JSON.stringify(audit)).not.toContain('first-id');
  });

  it('keeps a key in the keychain for each state folder: a change of one leaves the others', () => {
    const places = ['a', 'b'].map(
      (name) => opened('secrets: { key: keychain }', join(folder, name)).sealed.place,
    );
    const keys = places.map((place) => /\(key: .*$/.exec(place)?.[0]);
    expect(keys[0]).toContain('omni-sealing-keys');
    expect(keys[0]).not.toBe(keys[1]);
  });
});
