import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConfiguration } from './parse-configuration.ts';

const YAML = `# yaml-language-server: $schema=./omni.schema.json
server:
  listen: 127.0.0.1:\${PORT:-7431}   # ünïcödé ☃ 😀
  allowedHosts: [mcp.example.com]
auth: { mode: token, token: "\${TOKEN}" }
x-base: &base
  command: npx
  args: ["-y", '@scope/it''s', "tab\\t\\u00e9"]
mcpServers:
  one: *base
  two:
    type: http
    url: https://mcp.example.com/mcp
    headers:
      Authorization: >-
        Bearer
        \${TOKEN}
    callTimeout: 5m
  three: { command: [node, x.js], env: { A: 1e3, B: "$\${literal}" }, requiredEnv: [TOKEN] }
`;

const JSON_WITH_COMMENTS = `{
\t// of an editor 😀
\t"servers": {
\t\t"one": { "type": "streamableHttp", "url": "https://mcp.example.com/mcp", /* all */ "headers": { "A": "\${env:TOKEN}" } },
\t\t"two": { "command": "x", "args": ["\\u00e9\\\\", "//no comment"], "autoApprove": [], },
\t},
\t"inputs": [],
}
`;

const env = { TOKEN: 'hush-hush-hush-hush' };

/** What the outcome is: `accepted`, or the code of the failure. Anything but a GatewayError is thrown on. */
function outcome(path: string, text: string): string {
  try {
    parseConfiguration([{ path, text, role: 'base' }], { env });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.message).not.toContain(env.TOKEN);
    return error.code;
  }
}

const TOML = `# of a client
model = "o1"
[mcp_servers.one]
command = "npx"
args = ["-y", 'its', "tab\\t"]
env = { TOKEN = "x", "QUOTED KEY" = "ü" }
startup_timeout_sec = 2_0
[mcp_servers."two.b"]
url = "https://mcp.example.com/mcp"
http_headers = { "X-Team" = "a" }
enabled = false
`;

const FILES: readonly (readonly [string, string])[] = [
  ['omni.yaml', YAML],
  ['mcp.json', JSON_WITH_COMMENTS],
  ['.codex/config.toml', TOML],
];

describe('parseConfiguration on damaged files', () => {
  it.each(FILES)('accepts %s undamaged', (path, text) => {
    expect(outcome(path, text)).toBe('accepted');
  });

  it.each(FILES)(
    'accepts or refuses, and never fails otherwise, when %s is cut at each byte',
    (path, text) => {
      const bytes = new TextEncoder().encode(text);
      for (let length = 0; length <= bytes.length; length += 1) {
        const cut = new TextDecoder().decode(bytes.subarray(0, length));
        expect(['accepted', 'OMNI_CONFIG_INVALID']).toContain(outcome(path, cut));
      }
    },
  );

  it('loses only its own server when a file of servers/ is cut at each byte', () => {
    const whole =
      'command: npx\nargs: ["-y", server]\nenv: { TOKEN: "${TOKEN}" }\nhealth: { interval: 5s }\n';
    for (let length = 0; length <= whole.length; length += 1) {
      const { upstreams } = parseConfiguration(
        [
          { path: 'default.yaml', role: 'base', text: 'mcpServers: { kept: { command: kept } }' },
          { path: 'servers/cut.yaml', role: 'server', text: whole.slice(0, length) },
        ],
        { env },
      );
      expect(upstreams.map(({ name }) => name)).toEqual(['kept', 'cut']);
      expect(upstreams[0]).toMatchObject({ enabled: true });
    }
  });

  it.each(FILES)(
    'accepts or refuses, and never fails otherwise, when %s is damaged in the middle',
    (path, text) => {
      const chunk = fc.constantFrom(
        '',
        '\t',
        '\n',
        ' ',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        ':',
        ': ',
        '- ',
        '? ',
        '*base',
        '&base ',
        '!x ',
        '%',
        '---\n',
        '${',
        '$${',
        '}',
        '#',
        ',',
        '\0',
        '\uD800',
        '\u2028',
        '__proto__: 1\n',
        '<<: *base\n',
      );
      fc.assert(
        fc.property(fc.nat({ max: text.length }), fc.nat({ max: 12 }), chunk, (start, removed, inserted) => {
          const damaged = text.slice(0, start) + inserted + text.slice(start + removed);
          expect(['accepted', 'OMNI_CONFIG_INVALID']).toContain(outcome(path, damaged));
        }),
        { numRuns: 400 },
      );
    },
  );
});
