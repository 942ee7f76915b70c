import { describe, expect, it } from '@jest/globals';
import {
  isSecretReference,
  parseSecretReference,
  secretReferenceText,
  shownReference,
} from './secret-reference.ts';

describe('parseSecretReference', () => {
  it.each([
    ['SECRET:github-token', { scheme: 'SECRET', name: 'github-token' }],
    ['SECRET:team/github.token_2', { scheme: 'SECRET', name: 'team/github.token_2' }],
    ['VAULT:db/password', { scheme: 'VAULT', name: 'db/password' }],
    ['VAULT:db/password#user', { scheme: 'VAULT', name: 'db/password', field: 'user' }],
    ['KEYCHAIN:omni/github', { scheme: 'KEYCHAIN', name: 'omni/github' }],
    ['ENV:GITHUB_TOKEN', { scheme: 'ENV', name: 'GITHUB_TOKEN' }],
    ['FILE:/run/secrets/db#1', { scheme: 'FILE', name: '/run/secrets/db#1' }],
    ['FILE:../key file.txt', { scheme: 'FILE', name: '../key file.txt' }],
    ['EXEC:op read "op://vault/a b/field"', { scheme: 'EXEC', name: 'op read "op://vault/a b/field"' }],
  ])('reads %s [S002-SE-01]', (text, expected) => {
    const reference = parseSecretReference(text);
    expect(reference).toEqual(expected);
    if ('flaw' in reference) throw new TypeError(reference.flaw);
    expect(secretReferenceText(reference)).toBe(text);
  });

  it.each([
    'SECRET:',
    'SECRET:  ',
    'SECRET:a b',
    'SECRET:/etc/passwd',
    'SECRET:../other',
    'SECRET:a/../b',
    'SECRET:a//b',
    'SECRET:a/',
    'SECRET:a\u0000b',
    'VAULT:db/password#',
    'VAULT:db/password#a#b',
    'VAULT:#field',
    'VAULT:db/../../sys/seal',
    'VAULT:db%2f..',
    'VAULT:db?version=1',
    'ENV:not a name',
    'FILE:a\nb',
    `EXEC:${'x'.repeat(1_025)}`,
    'OTHER:x',
    'secret:x',
  ])('refuses %j without repeating it', (text) => {
    const reference = parseSecretReference(text);
    if (!('flaw' in reference)) throw new TypeError('it was read');
    const rest = text.slice(text.indexOf(':') + 1).trim();
    if (rest.length > 3) expect(reference.flaw).not.toContain(rest);
  });

  it('leaves defaults of variables alone', () => {
    expect(isSecretReference('ENV:-default')).toBe(false);
    expect(isSecretReference('SECRET:?message')).toBe(false);
    expect(isSecretReference('SECRET:name')).toBe(true);
  });
});

describe('shownReference', () => {
  // guard: secrets/shown-command
  it('has of a command line the program alone', () => {
    expect(shownReference({ scheme: 'EXEC', name: 'op read --session=abc "op://a b"' })).toBe('${EXEC:op …}');
    expect(shownReference({ scheme: 'VAULT', name: 'db/password', field: 'user' })).toBe(
      '${VAULT:db/password#user}',
    );
    expect(shownReference({ scheme: 'SECRET', name: 'token' })).toBe('the secret "token"');
  });
});
