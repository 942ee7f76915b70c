import { describe, expect, it } from '@jest/globals';
import { expandVariables } from './variables.ts';

const env = { SET: 'value', EMPTY: '', TRICKY: '${SET} $SET "\n{', ENV: 'scheme' };

describe('expandVariables', () => {
  // guard: config/secret-values
  it.each([
    ['${SET}', 'value', ['value']],
    ['a-${SET}-${SET}', 'a-value-value', ['value', 'value']],
    ['${ENV:SET}${env:SET}', 'valuevalue', ['value', 'value']],
    ['${UNSET:-dflt}', 'dflt', []],
    ['${UNSET:-}', '', []],
    ['${EMPTY:-dflt}', 'dflt', []],
    ['${EMPTY}', '', []],
    ['${ENV:-dflt}', 'scheme', ['scheme']],
    ['${env:UNSET:-dflt}', 'dflt', []],
    ['${SET:?needed}', 'value', ['value']],
    ['$SET $$ 5$', '$SET $$ 5$', []],
    ['$${SET}', '${SET}', []],
    ['${SET}$${SET}${SET}', 'value${SET}value', ['value', 'value']],
    ['plain', 'plain', []],
  ])('expands %s', (text, expanded, values) => {
    const { isExpanded: _, ...found } = expandVariables(text, { env });
    expect({ ...found, values: found.values.map(({ value }) => value) }).toEqual({
      text: expanded,
      values,
      failures: [],
    });
  });

  // guard: config/expanded-again
  it('never expands a value again', () => {
    expect(expandVariables('<${TRICKY}>', { env }).text).toBe(`<${env.TRICKY}>`);
  });

  // guard: config/prototype
  it.each([
    ['${UNSET}', '${UNSET} is not set and has no default; set it, or write ${UNSET:-default}'],
    ['${UNSET:?set it in the unit file}', '${UNSET} is not set: set it in the unit file'],
    ['${EMPTY:?}', '${EMPTY} is not set'],
    ['${toString}', '${toString} is not set and has no default; set it, or write ${toString:-default}'],
    ['${SECRET:github}', '${SECRET:github} needs a provider of secrets, and there is none here; use ${NAME}'],
    ['${VAULT:a/b#c}', '${VAULT:a/b#c} needs a provider of secrets, and there is none here; use ${NAME}'],
    ['${KEYCHAIN:k}', '${KEYCHAIN:k} needs a provider of secrets, and there is none here; use ${NAME}'],
    ['${FILE:/run/x}', '${FILE:/run/x} needs a provider of secrets, and there is none here; use ${NAME}'],
    ['${input:token}', '${input:token} asks a person; set a variable and write ${NAME} instead'],
    ['p${w rd}', 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"'],
    ['${}', 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"'],
    ['${SET', 'a "${" is not closed by "}"; write "$${" for a literal "${"'],
    ['${UNSET:-${SET}}', 'the default of ${UNSET} holds another reference; only one level is read'],
  ])('says why %s cannot be replaced', (text, failure) => {
    expect(expandVariables(text, { env }).failures).toEqual([failure]);
  });

  it('tells the name of the variable with its value', () => {
    expect(expandVariables('a ${env:SET} ${UNSET:-b}', { env }).values).toEqual([
      { name: 'SET', value: 'value' },
    ]);
  });

  // guard: config/pasted-credential
  it.each([
    '${ghp_0123456789abcdefghij}',
    '${sk_live_0123456789abcdef:?set it}',
    '${env:a1b2c3d4e5f6a7b8c9d0}',
    '${AKIAIOSFODNN7EXAMPLE}',
    '${SECRET:ghp_0123456789abcdefghij}',
    '${input:glpat-0123456789abcdef}',
    '${sk-proj-0123456789abcdef}',
    '${Bearer ghp_0123456789abcdefghij}',
  ])('does not repeat the credential that stands for a name in %s', (text) => {
    const { failures } = expandVariables(text, { env: {} });
    expect(failures).toHaveLength(1);
    expect(failures[0]).not.toMatch(/0123456789|a1b2c3|IOSFODNN/);
  });

  it.each(['OPENAI_API_KEY', 'OAUTH2_TOKEN', 'BASE64URL_KEY', 'NPM_TOKEN', 'npm_package_version'])(
    'names the variable %s, which is no credential',
    (name) => {
      expect(expandVariables(`\${${name}}`, { env: {} }).failures[0]).toContain(name);
    },
  );

  it('reports every reference of a text', () => {
    expect(expandVariables('${A}${B}', { env: {} }).failures).toHaveLength(2);
  });
});
