import { parseConfigurationText, type Configuration } from '@omni/container/node';
import { describe, expect, it } from '@jest/globals';
import { checkVerdict, configurationReport } from './configuration-report.ts';

function parsed(servers: object, more: object = {}): Configuration {
  return parseConfigurationText(JSON.stringify({ mcpServers: servers, ...more }), 'mcp.json', {});
}

const GOOD = { command: 'x' };
const BAD = { command: 'x', args: ['${NOT_SET}', '${NOR_THIS}'] };

describe('configurationReport', () => {
  it('tells how a file was read, what is wrong with servers, and what has no effect, a line each', () => {
    const report = configurationReport(parsed({ good: { ...GOOD, typo: 1 }, bad: BAD }, { theme: 'dark' }));
    expect(report.split('\n')).toEqual([
      'note: mcp.json:1:1  is read as a file of an MCP client: servers from "mcpServers"; not read: "theme"',
      expect.stringMatching(/^misconfigured: mcp\.json:1:\d+ {2}mcpServers\.bad\.args\.0: \$\{NOT_SET\}/),
      expect.stringMatching(/^misconfigured: mcp\.json:1:\d+ {2}mcpServers\.bad\.args\.1: \$\{NOR_THIS\}/),
      expect.stringMatching(/^warning: mcp\.json:1:\d+ {2}mcpServers\.good\.typo is not known here/),
      '',
    ]);
  });

  it('says nothing where there is nothing to say', () => {
    expect(configurationReport(parsed({ good: GOOD }))).toBe('');
  });
});

describe('checkVerdict', () => {
  it.each([
    [{ a: GOOD, b: GOOD }, 'f is valid: 2 servers\n', 0],
    [{ a: GOOD, b: BAD }, 'f can be served: 1 server, 1 misconfigured\n', 0],
    [{ a: BAD }, 'f cannot be served: 1 misconfigured, no other server\n', 4],
    [{ a: { ...BAD, disabled: true } }, 'f is valid: 1 server\n', 0],
  ])('of %j is %j', (servers, text, exitCode) => {
    expect(checkVerdict('f', parsed(servers))).toEqual({ text, exitCode });
  });
});
