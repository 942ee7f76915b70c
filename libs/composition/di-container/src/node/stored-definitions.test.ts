import { describe, expect, it } from '@jest/globals';
import type { StoredDefinition } from '@omni/ports';
import { storedDefinitionReader } from './stored-definitions.ts';

const ROW: StoredDefinition = {
  name: 'files',
  source: 'db',
  revision: null,
  definition: null,
  transport: 'stdio',
  url: null,
  command: 'files-server',
  enabled: true,
  critical: false,
};

describe('storedDefinitionReader', () => {
  it('reads columns, and entries with references to the environment', () => {
    const read = storedDefinitionReader({ KEY: 's3cret-value' }, { error: () => {} });
    const definition = JSON.stringify({
      type: 'http',
      url: 'https://up.example/mcp',
      headers: { 'x-key': '${KEY}' },
    });
    const [files, http] = read([ROW, { ...ROW, name: 'web', definition, critical: true }]);
    expect(files).toMatchObject({ name: 'files', enabled: true, critical: false });
    expect(files?.transport).toMatchObject({ kind: 'stdio', command: 'files-server' });
    expect(http?.transport).toMatchObject({ kind: 'http', headers: { 'x-key': 's3cret-value' } });
    expect(http).toMatchObject({ critical: true, secretValues: ['s3cret-value'] });
  });

  // guard: secrets/api-definitions
  it('looks nothing up for who wrote it through the API but secrets', () => {
    const read = storedDefinitionReader({ KEY: 's3cret-value' }, { error: () => {} });
    const row = (header: string): StoredDefinition => ({
      ...ROW,
      source: 'api',
      definition: JSON.stringify({
        type: 'http',
        url: 'https://up.example/mcp',
        headers: { 'x-key': header },
      }),
    });
    for (const header of ['${KEY}', '${FILE:/etc/hostname}', '${EXEC:id}'])
      expect(read([row(header)])).toMatchObject([{ enabled: false, disabledReason: 'misconfigured' }]);
    const [taken] = read([row('${SECRET:key}')]);
    expect(taken?.secrets?.headers).toEqual({ 'x-key': [{ scheme: 'SECRET', name: 'key' }] });
  });

  it('keeps what is off off, and leaves out what cannot be read with a line in the log', () => {
    const logged: object[] = [];
    const read = storedDefinitionReader({}, { error: (fields) => void logged.push(fields) });
    const rows = [
      { ...ROW, enabled: false },
      { ...ROW, name: 'bad', definition: '{' },
    ];
    expect(read(rows)).toMatchObject([
      { name: 'files', enabled: false, disabledReason: 'it is disabled in the store' },
    ]);
    expect(logged).toMatchObject([{ upstream: 'bad' }]);
  });
});
