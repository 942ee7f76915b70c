import { describe, expect, it } from '@jest/globals';
import { configurationJsonSchema } from './configuration-json-schema.ts';

interface Described {
  readonly description?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
}

/** Paths of settings without a description. */
function undescribed(schema: Described, path: string): readonly string[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, setting]) => [
    ...(setting.description ? [] : [`${path}.${name}`]),
    ...undescribed(setting, `${path}.${name}`),
  ]);
  return typeof schema.additionalProperties === 'object'
    ? [...below, ...undescribed(schema.additionalProperties, `${path}.*`)]
    : below;
}

describe('configurationJsonSchema', () => {
  // JSON Schema objects have these keys, or lack them.
  const schema = configurationJsonSchema() as Described;

  it('describes every setting', () => {
    expect(undescribed(schema, '')).toEqual([]);
  });

  it('is searched thoroughly by the test above', () => {
    const server = { type: 'object', additionalProperties: { properties: { url: {} } } };
    expect(undescribed({ properties: { mcpServers: { description: 'x', ...server } } }, '')).toEqual([
      '.mcpServers.*.url',
    ]);
    expect(Object.keys(schema.properties ?? {})).toEqual([
      '$schema',
      'version',
      'server',
      'auth',
      'naming',
      'sealing',
      'secrets',
      'limits',
      'startup',
      'errors',
      'logging',
      'telemetry',
      'reload',
      'storage',
      'outgoing',
      'catalogue',
      'circuit_breaker',
      'restart',
      'health',
      'routing',
      'tests',
      'modules',
      'defaults',
      'mcpServers',
    ]);
  });

  it('accepts a reference wherever text has a pattern', () => {
    const token = new RegExp(schema.properties?.['auth']?.properties?.['token']?.pattern ?? '');
    expect(['${OMNI_TOKEN}', 'abc', 'a b'].map((text) => token.test(text))).toEqual([true, true, false]);
  });

  it('leaves x-* keys to the user and refuses other unknown keys', () => {
    expect(schema).toMatchObject({ additionalProperties: false, patternProperties: { '^x-': {} } });
  });
});
