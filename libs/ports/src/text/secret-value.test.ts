import { describe, expect, it } from '@jest/globals';
import { secretsIn } from './secret-value.ts';

describe('secretsIn', () => {
  it.each([
    ['the last word of the name', 'GITHUB_TOKEN', 'letmein', ['letmein']],
    ['a name in camel case', 'apiKey', 'letmein', ['letmein']],
    ['a name with a number behind', 'API_KEY_2', 'letmein', ['letmein']],
    ['an option', '--api-key', 'letmein', ['letmein']],
    ['the look of the value', 'API', 'w0nd3rful-k3y', ['w0nd3rful-k3y']],
    ['a UUID', 'CLIENT', 'a8f5f167-f44f-4964-e6c9-98dee827110c', ['a8f5f167-f44f-4964-e6c9-98dee827110c']],
    ['a long piece', 'X', 'abcdefghijklmnopqrstuvwxyz', ['abcdefghijklmnopqrstuvwxyz']],
    ['base64 with slashes', 'X', 'wJalrXUtnFEMI/K7MDENG/bPx', ['wJalrXUtnFEMI/K7MDENG/bPx']],
    ['a scheme', 'Anything', 'Bearer letmein', ['letmein']],
    [
      'the user and password of Basic',
      'Authorization',
      `Basic ${btoa('me:swordfish')}`,
      [btoa('me:swordfish'), 'swordfish'],
    ],
    ['an address', 'DB', 'postgres://u:p%40ss1@h/db?sslmode=x&api_key=letmein', ['p@ss1', 'letmein']],
    [
      'a path of an address',
      'HOOK',
      'https://h.example/services/T0/XXXXXXXXXXXXXXXXXXXXXXXX',
      ['XXXXXXXXXXXXXXXXXXXXXXXX'],
    ],
    ['a cookie', 'Cookie', 'a=1; sid=letmein', ['a=1; sid=letmein', 'letmein']],
    ['a connection string', 'C', 'Server=a;Password=letmein;', ['letmein']],
    ['JSON', 'HEADERS', '{"Authorization":"Bearer letmein","X":["a"]}', ['letmein']],
    ['an argument with a header', '', 'Authorization: Bearer letmein', ['letmein']],
    ['an argument with its option', '', '--password=letmein', ['letmein']],
  ])('knows a secret by %s', (_how, name, value, secrets) => {
    expect(secretsIn(name, value)).toEqual(secrets);
  });

  it.each([
    ['NODE_ENV', 'production'],
    ['LOG_LEVEL', 'debug'],
    ['ROOT', '/home/someone/srv'],
    ['SSH_KEY', '~/.ssh/id_rsa'],
    ['TOKEN_FILE', '/run/secrets/token'],
    ['TOKEN_TYPE', 'service-account'],
    ['AUTH_MODE', 'none'],
    ['PUBLIC_KEY', 'anything'],
    ['PASSWORD', 'admin'],
    ['MODEL', 'claude-sonnet-4-20250514'],
    ['WHICH', 'gpt-4o-mini'],
    ['AWS_REGION', 'eu-central-1'],
    ['DB_HOST', 'a1b2c3.example.com'],
    ['BASE_URL', 'https://api.example.com/v1/things?page=2'],
    ['PORT', '5432'],
    ['Accept', 'application/vnd.a1b2c3+json'],
    ['X-Tenant', 'acme'],
    ['', '--verbose'],
    ['', '{ not JSON'],
  ])('takes %s=%s for none', (name, value) => {
    expect(secretsIn(name, value)).toEqual([]);
  });
});
