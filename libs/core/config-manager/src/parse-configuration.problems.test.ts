import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import type { ConfigSource } from './document/config-source.ts';
import { parseConfiguration } from './parse-configuration.ts';
import type { Environment } from './document/variables.ts';

function refusal(sources: readonly ConfigSource[], env: Environment = {}, strict = false): GatewayError {
  try {
    parseConfiguration(sources, { env, strict });
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new GatewayError('OMNI_INTERNAL', 'the configuration was accepted');
}

function problems(text: string, env: Environment = {}, path = 'o.yaml'): readonly string[] {
  return refusal([{ path, text, role: 'base' }], env).message.split('\n');
}

const BOMB = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
].join('\n');

describe('parseConfiguration on what it refuses', () => {
  // guard: config/tcp-outside, config/tcp-beside-token, config/url-credential, config/private-settings, config/nul-in-path, config/short-token
  it.each([
    // Whole files.
    ['', 'o.yaml:1:1  the file is empty; write "mcpServers:" and your servers, or delete it'],
    ['# nothing\n', 'o.yaml:1:1  the file is empty; write "mcpServers:" and your servers, or delete it'],
    ['- a', 'o.yaml:1:1  must hold a map of settings, found a list; start with "mcpServers:"'],
    ['hello', 'o.yaml:1:1  must hold a map of settings, found text; start with "mcpServers:"'],
    [
      'server: {}\n---\nserver: {}',
      'o.yaml:2:1  a second document starts here; write one document per file, without "---" between parts',
    ],
    ['a: \0', 'o.yaml:1:4  the file holds a NUL character; save it as UTF-8 text'],
    ['x'.repeat(1_048_577), 'o.yaml:1:1  the file is larger than 1 MiB'],
    // Folders.
    [
      'mcpServers: { a: { command: a, roots: [docs] } }',
      'o.yaml:1:40  mcpServers.a.roots.0 must be an absolute path or a file: URI, found "docs"',
    ],
    [
      'mcpServers: { a: { command: a, roots: fixed } }',
      'o.yaml:1:39  mcpServers.a.roots must be "none", "pass" or a list of at most 64 folders, each an absolute path or a file: URI, found "fixed"',
    ],
    // Probes.
    [
      'mcpServers: { a: { command: a, health: { strategy: http } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "http" needs a server with an http "url"',
    ],
    [
      'mcpServers: { a: { url: "http://h.example", health: { strategy: http, path: x } } }',
      'o.yaml:1:77  mcpServers.a.health.path must begin with "/", as "/healthz" does, found "x"',
    ],
    [
      'mcpServers: { a: { command: a, health: { strategy: tool, arguments: {} } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "tool" needs health.tool, the name of the tool to call',
    ],
    [
      'mcpServers: { a: { command: a, health: { strategy: tool, tool: status } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "tool" needs health.arguments, what the tool is called with; write {} for nothing',
    ],
    [
      'mcpServers: { a: { command: a, health: { strategy: resource } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "resource" needs health.uri, the resource to read',
    ],
    [
      'mcpServers: { a: { command: a, health: { strategy: comprehensive } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "comprehensive" needs health.tool, health.uri or both',
    ],
    [
      'mcpServers: { a: { command: a, health: { strategy: comprehensive, tool: status, uri: "x:y" } } }',
      'o.yaml:1:40  mcpServers.a: health.strategy "comprehensive" needs health.arguments, what the tool is called with; write {} for nothing',
    ],
    // Syntax.
    ['server:\n\tlisten: x', 'o.yaml:2:1  a tab is used for indentation; use spaces'],
    ['server: "x', 'o.yaml:1:11  a closing quote or bracket, a comma or a ":" is missing'],
    [
      'server: a: b',
      'o.yaml:1:9  a second ": " stands on this line; start a new line or put the text in quotes',
    ],
    ['server: @x', 'o.yaml:1:9  text cannot start with this character; put it in quotes'],
    [
      'server: !!js/function x',
      'o.yaml:1:9  a "!" starts a tag, and only plain data is read; remove it or put the text in quotes',
    ],
    ['server: {}\nserver: {}', 'o.yaml:2:1  the key "server" stands twice; the first is in line 1'],
    ['<<: { server: {} }', 'o.yaml:1:1  the merge key "<<" is not part of YAML 1.2; repeat the keys'],
    ['? [a]\n: b', 'o.yaml:1:3  a key must be text'],
    ['__proto__: {}', 'o.yaml:1:1  "__proto__" cannot be a key'],
    ['mcpServers: { __proto__: { command: x } }', 'o.yaml:1:15  "__proto__" cannot be a key'],
    [
      'mcpServers: { "${NAME}": { command: x } }',
      'o.yaml:1:15  mcpServers holds a name with "${…}"; only values are replaced, write the name itself',
    ],
    [
      'mcpServers: { a: { command: x, env: { "A_${NAME}": v } } }',
      'o.yaml:1:39  mcpServers.a.env holds a name with "${…}"; only values are replaced, write the name itself',
    ],
    [
      'mcpServers: *x',
      'o.yaml:1:13  the alias *x names no value above it; put text that starts with "*" in quotes',
    ],
    [
      'a: &a [*a]',
      'o.yaml:1:8  the alias *a names no value above it; put text that starts with "*" in quotes',
    ],
    [
      `x-a: &a 1\nx-b: [${Array(300).fill('*a').join(', ')}]`,
      'o.yaml:2:407  the file uses more than 100 aliases',
    ],
    [BOMB, 'o.yaml:5:20  the file holds more than 50000 values, aliases counted each time'],
    [`a: ${'['.repeat(100)}${']'.repeat(100)}`, 'o.yaml:1:68  values are nested deeper than 64 levels'],
    // Unknown keys.
    [
      'mcpserver: {}',
      'o.yaml:1:1  "mcpserver" is not a key of the configuration; did you mean "mcpServers"?',
    ],
    ['colour: red', 'o.yaml:1:1  "colour" is not a key of the configuration'],
    ['command: npx', 'o.yaml:1:1  "command" belongs to a server; write it under "mcpServers:" and a name'],
    ['server: { listn: x }', 'o.yaml:1:11  "listn" is not a key of "server"; did you mean "listen"?'],
    [
      'mcpServers: { a: { comand: x, url: "http://x" } }',
      'o.yaml:1:20  "comand" is not a key of a server; did you mean "command"?',
    ],
    // Settings.
    ['version: 2', 'o.yaml:1:10  version must be 1, found 2'],
    ['server: []', 'o.yaml:1:9  server must be a map, found a list'],
    ['server: { listen: 7431 }', 'o.yaml:1:19  server.listen must be HOST:PORT, such as "127.0.0.1:7431"'],
    [
      'server: { listen: ":80" }',
      'o.yaml:1:19  server.listen must be HOST:PORT, such as "127.0.0.1:7431" or "[::1]:7431", found ":80"',
    ],
    ['server: { listen: "a:70000" }', 'o.yaml:1:19  server.listen has a port beyond 65535, found "a:70000"'],
    ['server: { drain: 30 }', 'o.yaml:1:18  server.drain needs a unit; write "30ms", "30s" or "30m"'],
    [
      'server: { allowedOrigins: ["*"] }',
      'o.yaml:1:28  server.allowedOrigins.0 must be an origin without path, such as "https://app.example.com", found "*"',
    ],
    [
      'auth: { mode: tokne }',
      'o.yaml:1:15  auth.mode must be "token" or "open", found "tokne"; did you mean "token"?',
    ],
    [
      'auth: { token: "" }',
      'o.yaml:1:16  auth.token must be a bearer token: letters, digits and ._~+/- (RFC 6750, section 2.1)',
    ],
    [
      'auth: { token: my secret }',
      'o.yaml:1:16  auth.token must be a bearer token: letters, digits and ._~+/- (RFC 6750, section 2.1)',
    ],
    [
      'auth: { tokens: [{ name: owner, token: 0123456789abcdef }] }',
      'o.yaml:1:26  auth.tokens.0.name must be 1 to 64 letters, digits and ._@-, and not "owner", "local" or "anonymous"',
    ],
    ['auth: { tokens: [{ name: ada }] }', 'o.yaml:1:18  auth.tokens.0 needs "token"'],
    [
      'auth: { tokens: [my-secret-in-the-wrong-place] }',
      'o.yaml:1:18  auth.tokens.0 must be a map, found text',
    ],
    [
      'auth: { tokens: [{ name: ada, token: 0123456789abcdef }, { name: ada, token: 1123456789abcdef }] }',
      'o.yaml:1:66  auth.tokens.1.name: there is a token of "ada" already',
    ],
    [
      'auth: { tokens: [{ name: ada, token: 0123456789abcdef }, { name: bob, token: 0123456789abcdef }] }',
      'o.yaml:1:78  auth.tokens.1.token is the token of "ada" too; give each its own',
    ],
    [
      'auth: { token: 0123456789abcdef, tokens: [{ name: ada, token: 0123456789abcdef }] }',
      'o.yaml:1:63  auth.tokens.0.token is the token of the owner too; give each its own',
    ],
    [
      'auth: { token: fifteen-letters }',
      'o.yaml:1:16  auth.token has fewer than 16 characters (128 bits) and may be guessed; "openssl rand -hex 32" prints one that cannot',
    ],
    [
      'auth: { tokens: [{ name: ada, token: changeme }] }',
      'o.yaml:1:38  auth.tokens.0.token has fewer than 16 characters (128 bits) and may be guessed; "openssl rand -hex 32" prints one that cannot',
    ],
    [
      'sealing: { keys: [my-password] }',
      'o.yaml:1:19  sealing.keys.0 must be 32 random bytes in base64, such as "openssl rand -base64 32" prints',
    ],
    [
      'naming: { labelElicitations: "no" }',
      'o.yaml:1:30  naming.labelElicitations must be true or false, found "no"',
    ],
    ['limits: { maxDepth: "64" }', 'o.yaml:1:21  limits.maxDepth must be a whole number, found "64"'],
    ['limits: { maxDepth: 2 }', 'o.yaml:1:21  limits.maxDepth must be at least 4, found 2'],
    ['limits: { maxDepth: 1001 }', 'o.yaml:1:21  limits.maxDepth must be at most 1000, found 1001'],
    ['limits: { maxDepth: 6.5 }', 'o.yaml:1:21  limits.maxDepth must be a whole number, found 6.5'],
    ['limits: { maxDepth: }', 'o.yaml:1:21  limits.maxDepth must be a whole number, found nothing'],
    [
      'defaults: { callTimeout: "1 s" }',
      'o.yaml:1:26  defaults.callTimeout must be a whole number and a unit: "1500ms", "30s", "5m" or "2h", found "1 s"',
    ],
    [
      'defaults: { callTimeout: 0s }',
      'o.yaml:1:26  defaults.callTimeout must be longer than zero, found "0s"',
    ],
    [
      'defaults: { callTimeout: 597h }',
      'o.yaml:1:26  defaults.callTimeout is longer than 24 days; write at most "596h", found "597h"',
    ],
    [
      'auth: { mode: open }\nserver: { listen: "0.0.0.0:1" }',
      'o.yaml:1:15  auth.mode "open" lets in everybody who can reach server.listen; listen on 127.0.0.1, or write "token"',
    ],
    [
      'server: { unixSocket: 7 }',
      'o.yaml:1:23  server.unixSocket must be true, false or the path of the socket, found 7',
    ],
    [
      'server: { unixSocket: "" }',
      'o.yaml:1:23  server.unixSocket cannot be empty or hold a NUL character, found ""',
    ],
    ['server: { tls: { cert: a } }', 'o.yaml:1:16  server.tls needs "key"'],
    [
      'server: { tls: { crt: a, cert: b, key: c } }',
      'o.yaml:1:18  "crt" is not a key of "server.tls"; did you mean "cert"?',
    ],
    [
      'auth: { mode: open }\nserver: { tcp: "0.0.0.0:9000" }',
      'o.yaml:2:16  server.tcp has no authentication and is served on this machine only; write "127.0.0.1:PORT"',
    ],
    [
      'server: { tcp: "127.0.0.1:9000" }',
      'o.yaml:1:16  server.tcp cannot ask for a token, so it would let in whom auth.mode "token" keeps out; write server.unixSocket: true, or auth.mode "open"',
    ],
    // Servers.
    ['mcpServers:', 'o.yaml:1:12  mcpServers must be a map from server names to servers, found nothing'],
    ['mcpServers: { a: npx }', 'o.yaml:1:18  mcpServers.a must be a map with "command" or "url", found text'],
    [
      'mcpServers: { a: {} }',
      'o.yaml:1:15  mcpServers.a needs "command" (a local program) or "url" (a remote server)',
    ],
    [
      'mcpServers: { a: { command: x, url: "http://x" } }',
      'o.yaml:1:32  mcpServers.a has both "command" and "url"; keep the one that is meant',
    ],
    [
      'mcpServers: { a: { url: "http://x", uri: "http://y" } }',
      'o.yaml:1:37  mcpServers.a says both "url" and "uri"; keep one',
    ],
    [
      'mcpServers: { a: { command: x, disabled: true, enabled: true } }',
      'o.yaml:1:48  mcpServers.a says both "disabled" and "enabled"; keep one',
    ],
    [
      'mcpServers: { a: { type: http, command: x } }',
      'o.yaml:1:26  mcpServers.a.type is "http", which needs "url", found "command"',
    ],
    [
      'mcpServers: { a: { type: sse, command: x } }',
      'o.yaml:1:26  mcpServers.a.type is "sse", which needs "url", found "command"',
    ],
    [
      'mcpServers: { a: { type: sse, url: "ws://x" } }',
      'o.yaml:1:36  mcpServers.a.url must start with "https://" or "http://"',
    ],
    [
      'mcpServers: { a: { type: sse, url: "http://x", protocol: "2026-07-28" } }',
      'o.yaml:1:58  mcpServers.a.protocol is "2026-07-28", which is not spoken over the transport "sse"; write "http"',
    ],
    [
      'mcpServers: { a: { type: ws } }',
      'o.yaml:1:15  mcpServers.a needs "command" (a local program) or "url" (a remote server)',
    ],
    [
      'mcpServers: { a: { type: stido, command: x } }',
      'o.yaml:1:26  mcpServers.a.type must be "stdio", "http", "sse", "ws", "unix" or "tcp", found "stido"; did you mean "stdio"?',
    ],
    [
      'servers: { a: { command: x } }\nmcpServers: { a: { command: y } }',
      'o.yaml:2:15  the server "a" is defined twice; the first is in line 1',
    ],
    [
      'mcpServers: { a: { command: x, callTimeout: 30 } }',
      'o.yaml:1:45  mcpServers.a.callTimeout needs a unit; write "30ms", "30s" or "30m"',
    ],
    [
      'mcpServers: { a: { command: x, timeout: [30] } }',
      'o.yaml:1:41  mcpServers.a.timeout must be a number',
    ],
    [
      'mcpServers: { a: { command: x, disabledTools: yes } }',
      'o.yaml:1:47  mcpServers.a.disabledTools must be a list of names of tools, found text',
    ],
    [
      'mcpServers: { a: { url: "http://x", headers: { Authorization: "Bearer a…z" } } }',
      'o.yaml:1:63  mcpServers.a.headers.Authorization holds a character that HTTP headers cannot carry, such as "…" or a curly quote; is the value whole?',
    ],
    [
      'mcpServers: { a: { command: x, envFile: .env } }',
      'o.yaml:1:32  "envFile" is not supported yet in this version; write the variables under "env"',
    ],
    [
      'mcpServers: { a: { command: x, disabled: "yes" } }',
      'o.yaml:1:42  mcpServers.a.disabled must be true or false, found "yes"',
    ],
    [
      'mcpServers: { a: { command: "" } }',
      'o.yaml:1:29  mcpServers.a.command cannot be empty or hold a NUL character',
    ],
    [
      'mcpServers: { a: { command: x, env: { "A=B": c } } }',
      'o.yaml:1:39  "A=B" is not a usable name of an environment variable',
    ],
    [
      'mcpServers: { a: { command: x, env: { A: } } }',
      'o.yaml:1:42  mcpServers.a.env.A must be text, found nothing',
    ],
    [
      'mcpServers: { a: { url: "http://x", forwardHeaders: ["a b"] } }',
      'o.yaml:1:54  mcpServers.a.forwardHeaders.0 is not a usable name of an HTTP header, found "a b"',
    ],
    [
      'mcpServers: { a: { url: "http://x", forwardHeaders: [X-A, Authorization] } }',
      'o.yaml:1:59  mcpServers.a.forwardHeaders.1 is never passed on: it is meant for Omni, for one connection or one body, or Omni says it itself, found "Authorization"',
    ],
    [
      'mcpServers: { a: { url: "http://x", forwardHeaders: X-Tenant } }',
      'o.yaml:1:53  mcpServers.a.forwardHeaders must be a list, found "X-Tenant"',
    ],
    [
      `mcpServers: { a: { url: "http://x", forwardHeaders: [${Array.from({ length: 33 }, (_, n) => `x-${n}`).join(',')}] } }`,
      'o.yaml:1:53  mcpServers.a.forwardHeaders must be at most 32, found a list',
    ],
    ...['command: x', 'url: "ws://x"', 'url: "unix:/x"', 'url: "tcp://127.0.0.1:1"'].map(
      (reached): [string, string] => [
        `mcpServers:\n a:\n  forwardHeaders: [X-Tenant]\n  ${reached}`,
        'o.yaml:3:3  mcpServers.a.forwardHeaders needs a server of type "http" or "sse": elsewhere a request has no headers',
      ],
    ),
    [
      'mcpServers: { a: { url: "http://x", headers: { "a b": c } } }',
      'o.yaml:1:48  "a b" is not a usable name of an HTTP header',
    ],
    [
      'mcpServers: { a: { url: "http://x", headers: { A: "b\\r\\nC: d" } } }',
      'o.yaml:1:51  mcpServers.a.headers.A cannot hold a line break or a NUL character',
    ],
    [
      'mcpServers: { a: { url: "ftp://x" } }',
      'o.yaml:1:25  mcpServers.a.url must start with "https://", "http://", "wss://", "ws://", "unix:" or "tcp://"',
    ],
    [
      'mcpServers: { a: { url: "unix:/run/mcp%00.sock" } }',
      'o.yaml:1:25  mcpServers.a.url must be "unix:" and an absolute path, such as "unix:/run/mcp.sock"',
    ],
    ['"\\e[31mred\\a": {}', 'o.yaml:1:1  "\\u001b[31mred\\u0007" is not a key of the configuration'],
    [
      'mcpServers: { a: { type: http, url: "unix:/x" } }',
      'o.yaml:1:37  mcpServers.a.url must start with "https://" or "http://"',
    ],
    [
      'mcpServers: { a: { type: ws, url: "https://x" } }',
      'o.yaml:1:35  mcpServers.a.url must start with "wss://" or "ws://"',
    ],
    [
      'mcpServers: { a: { type: ws, command: x } }',
      'o.yaml:1:26  mcpServers.a.type is "ws", which needs "url", found "command"',
    ],
    [
      'mcpServers: { a: { url: "wss://u:canary@x" } }',
      'o.yaml:1:25  mcpServers.a.url cannot hold a user name or password; write "headers": { "Authorization": "Basic ${NAME}" }',
    ],
    ['mcpServers: { a: { url: "ws://x/#y" } }', 'o.yaml:1:25  mcpServers.a.url cannot hold a "#" part'],
    [
      'mcpServers: { a: { url: "unix:relative" } }',
      'o.yaml:1:25  mcpServers.a.url must be "unix:" and an absolute path, such as "unix:/run/mcp.sock"',
    ],
    [
      'mcpServers: { a: { url: "tcp://x" } }',
      'o.yaml:1:25  mcpServers.a.url must be "tcp://HOST:PORT", such as "tcp://127.0.0.1:9000"',
    ],
    [
      'mcpServers: { a: { url: "tcp://u@x:1" } }',
      'o.yaml:1:25  mcpServers.a.url must be "tcp://HOST:PORT", such as "tcp://127.0.0.1:9000"',
    ],
    [
      'mcpServers: { a: { url: x } }',
      'o.yaml:1:25  mcpServers.a.url must be an address such as "https://mcp.example.com/mcp"',
    ],
    [
      'mcpServers: { a: { httpUrl: "http://u:p@x" } }',
      'o.yaml:1:29  mcpServers.a.httpUrl cannot hold a user name or password; write "headers": { "Authorization": "Basic ${NAME}" }',
    ],
    [
      'mcpServers: { a: { command: x, requiredEnv: [a-b] } }',
      'o.yaml:1:46  mcpServers.a.requiredEnv.0 must be the name of an environment variable, such as "GITHUB_TOKEN", found "a-b"',
    ],
    // Variables.
    [
      'mcpServers:\n  a:\n    url: http://x\n    headers:\n      Authorization: "Bearer ${UNSET}"',
      'o.yaml:5:22  mcpServers.a.headers.Authorization: ${UNSET} is not set and has no default; set it, or write ${UNSET:-default}',
    ],
    [
      'mcpServers: { a: { command: "${UNSET:?set it in the unit}" } }',
      'o.yaml:1:29  mcpServers.a.command: ${UNSET} is not set: set it in the unit',
    ],
    [
      'mcpServers: { a: { serverUrl: "${UNSET}" } }',
      'o.yaml:1:31  mcpServers.a.serverUrl: ${UNSET} is not set and has no default; set it, or write ${UNSET:-default}',
    ],
    [
      'auth: { tokens: [{ name: ada, token: "${UNSET}" }] }',
      'o.yaml:1:38  auth.tokens.0.token: ${UNSET} is not set and has no default; set it, or write ${UNSET:-default}',
    ],
    [
      'auth: { token: "${SECRET:token}" }',
      'o.yaml:1:16  auth.token: ${SECRET:token} needs a provider of secrets, and there is none here; use ${NAME}',
    ],
  ])('answers %j', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it('tells everything at once, file by file and from the top', () => {
    const error = refusal([
      {
        path: 'default.yaml',
        text: 'limits: { maxDepth: x }\nserver: { drain: 5 }\nmcpServers: { a: { retires: 1, command: "${UNSET}" } }',
        role: 'base',
      },
      { path: 'local.yaml', text: 'loging: {}', role: 'base' },
      { path: 'servers/b.yaml', text: 'comand: x', role: 'server' },
    ]);
    expect(error.code).toBe('OMNI_CONFIG_INVALID');
    expect(error.message.split('\n')).toEqual([
      'default.yaml:1:21  limits.maxDepth must be a whole number, found "x"',
      'default.yaml:2:18  server.drain needs a unit; write "5ms", "5s" or "5m"',
      'default.yaml:3:20  "retires" is not a key of a server',
      'default.yaml:3:41  mcpServers.a.command: ${UNSET} is not set and has no default; set it, or write ${UNSET:-default}',
      'local.yaml:1:1  "loging" is not a key of the configuration; did you mean "logging"?',
      'servers/b.yaml:1:1  "comand" is not a key of a server; did you mean "command"?',
      'servers/b.yaml:1:1  mcpServers.b needs "command" (a local program) or "url" (a remote server)',
    ]);
    expect(error.data).toMatchObject({
      problems: expect.arrayContaining([
        {
          file: 'default.yaml',
          line: 2,
          column: 18,
          key: 'server.drain',
          message: 'server.drain needs a unit; write "5ms", "5s" or "5m"',
        },
      ]),
    });
  });

  it('does not guess about a merged configuration while one file cannot be read', () => {
    const error = refusal([
      { path: 'default.yaml', text: 'mcpServers: { a: { command: "x }', role: 'base' },
      { path: 'local.yaml', text: 'mcpServers: { a: { args: [x], retires: 1 } }', role: 'base' },
    ]);
    expect(error.message.split('\n')).toEqual([
      'default.yaml:1:33  a closing quote or bracket, a comma or a ":" is missing',
      'local.yaml:1:31  "retires" is not a key of a server',
    ]);
  });

  it('refuses the whole for one malformed server file and two files of one name, where it is strict', () => {
    const error = refusal(
      [
        { path: 'servers/a.json', text: '{"command":"x"}', role: 'server' },
        { path: 'servers/a.yaml', text: 'command: x', role: 'server' },
        { path: 'servers/b c.yaml', text: '{', role: 'server' },
      ],
      {},
      true,
    );
    expect(error.message.split('\n')).toEqual([
      'servers/a.yaml:1:1  the server "a" is defined in servers/a.json too; keep one file',
      'servers/b c.yaml:1:2  a closing quote or bracket, a comma or a ":" is missing',
    ]);
  });

  it('asks for a file when there is none, and for fewer when there are too many', () => {
    expect(refusal([]).message).toBe(
      'configuration:1:1  there is nothing to read; write a file with "mcpServers:"',
    );
    const many = Array.from({ length: 1_001 }, (_, index): ConfigSource => ({
      path: `servers/s${index}.yaml`,
      text: 'command: x',
      role: 'server',
    }));
    expect(refusal(many).message).toBe('servers/s0.yaml:1:1  there are 1001 files; at most 1000 are read');
  });

  // guard: config/problem-count
  it('lists at most 100 problems and counts the rest', () => {
    const lines = problems(Array.from({ length: 130 }, (_, index) => `unknown-${index}: 1`).join('\n'));
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('… and 30 more');
  });

  // guard: config/quoted-controls
  it('keeps each problem on one line, whatever stands in a key', () => {
    expect(problems('"a\\nb\\e[31m\\L": ${')).toEqual([
      expect.stringMatching(/^o\.yaml:1:\d+ {2}a\\u000ab\\u001b\[31m\\u2028: a "\$\{" is not closed/),
    ]);
  });

  it('keeps marks that turn the direction of text, and C1, out of messages', () => {
    const [line = ''] = problems('mcpServers: { a: { command: x, "k\\u202e\\u009b2J": 1 } }');
    expect(line).toContain(String.raw`k\u202e\u009b2J`);
    expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  // guard: config/quoted-tokens
  it('does not repeat a token that was pasted, wherever it stands', () => {
    const token = 'ghp_0123456789abcdefghij';
    const texts = [
      `mcpServers: { a: { command: x, ${token}: 1 } }`,
      `mcpServers: { a: { command: x, type: ${token} } }`,
      `mcpServers: { a: { command: x, args: ["\${${token}}"] } }`,
      `mcpServers: { a: { command: x, env: { ${token}: "\${UNSET}" } } }`,
      `${token}: 1\nmcpServers: {}`,
      `server: { listen: "${token}" }\nmcpServers: {}`,
      `logging: { level: ${token} }\nmcpServers: {}`,
    ];
    for (const text of texts) {
      const found = problems(text);
      expect([text, found.length > 0]).toEqual([text, true]);
      expect([text, found.join().includes('0123456789')]).toEqual([text, false]);
    }
  });

  // guard: config/quoted-reference, config/expanded-in-error
  it('never prints the value of a variable or a literal credential', () => {
    const env = {
      LISTEN: 'leak listen',
      MODE: 'leak-mode',
      TOKEN: 'leak token',
      TIME: 'leak-time',
      URL: 'leak://u:leak@h',
    };
    const text = `
server: { listen: "\${LISTEN}" }
auth: { mode: "\${MODE}", token: "\${TOKEN}", tokens: [{ name: "leak/name", token: "leak token" }, "leak"] }
sealing: { keys: ["\${TOKEN}", leak-literal] }
defaults: { callTimeout: "\${TIME}" }
mcpServers:
  a: { url: "\${URL}" }
  b: { url: "https://user:leak@example.com", headers: { Authorization: "leak\\n" } }
  c: { command: "\${LISTEN}\${UNSET:?}", args: ["p\${leak it}"], env: { A: [leak] } }
`;
    const found = problems(text, env);
    expect(found).toHaveLength(15);
    expect(found.filter((line) => line.includes('leak'))).toEqual([]);
    // The check above can fail: the same value, written into the file, is quoted.
    expect(problems('auth: { mode: leak-mode }')[0]).toContain('leak-mode');
  });
});
