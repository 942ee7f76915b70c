import { describe, expect, it } from '@jest/globals';
import { expandVariables } from './variables.ts';

const env = { SET: 'a value', EMPTY: '', TRICKY: '${SET} $SET "\n{', ENV: 'a scheme' };

describe('expandVariables', () => {
  // guard: config/secret-values
  it.each([
    ['${SET}', 'a value', ['a value']],
    ['a-${SET}-${SET}', 'a-a value-a value', ['a value', 'a value']],
    ['${ENV:SET}${env:SET}', 'a valuea value', ['a value', 'a value']],
    ['${UNSET:-dflt}', 'dflt', []],
    ['${UNSET:-}', '', []],
    ['${EMPTY:-dflt}', 'dflt', []],
    ['${EMPTY}', '', []],
    ['${ENV:-dflt}', 'a scheme', ['a scheme']],
    ['${env:UNSET:-dflt}', 'dflt', []],
    ['${SET:?needed}', 'a value', ['a value']],
    ['$SET $$ 5$', '$SET $$ 5$', []],
    ['$${SET}', '${SET}', []],
    ['${SET}$${SET}${SET}', 'a value${SET}a value', ['a value', 'a value']],
    ['plain', 'plain', []],
  ])('expands %s', (text, expanded, values) => {
    expect(expandVariables(text, { env })).toMatchObject({ text: expanded, values, failures: [] });
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
    ['${SECRET:github}', '${SECRET:github} is not available yet in this version; use ${NAME}'],
    ['${VAULT:a/b#c}', '${VAULT:a/b#c} is not available yet in this version; use ${NAME}'],
    ['${KEYCHAIN:k}', '${KEYCHAIN:k} is not available yet in this version; use ${NAME}'],
    ['${FILE:/run/x}', '${FILE:/run/x} is not available yet in this version; use ${NAME}'],
    ['${input:token}', '${input:token} asks a person; set a variable and write ${NAME} instead'],
    ['p${w rd}', 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"'],
    ['${}', 'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"'],
    ['${SET', 'a "${" is not closed by "}"; write "$${" for a literal "${"'],
    ['${UNSET:-${SET}}', 'the default of ${UNSET} holds another reference; only one level is read'],
  ])('says why %s cannot be replaced', (text, failure) => {
    expect(expandVariables(text, { env }).failures).toEqual([failure]);
  });

  it('reports every reference of a text', () => {
    expect(expandVariables('${A}${B}', { env: {} }).failures).toHaveLength(2);
  });
});
