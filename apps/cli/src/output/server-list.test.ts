import { describe, expect, it } from '@jest/globals';
import { serverList, type ServerStatus } from './server-list.ts';

const READY: ServerStatus = {
  name: 'demo',
  state: 'ready',
  era: 'modern',
  tools: 4,
  resources: 1,
  prompts: 1,
  lastError: undefined,
  retryInMs: undefined,
  problems: [],
  withheld: [],
  ownerReports: [],
};
const DOWN: ServerStatus = {
  ...READY,
  name: 'browser',
  state: 'down',
  era: undefined,
  tools: 0,
  lastError: { code: 'OMNI_UPSTREAM_EXITED', message: 'It ended\nwith 1', hint: 'Look at its log.' },
  retryInMs: 40_100.5,
};
const DISABLED: ServerStatus = {
  ...READY,
  name: 'off',
  state: 'disabled',
  era: undefined,
  lastError: {
    code: 'OMNI_UPSTREAM_DISABLED',
    message: '"off" is switched off: disabled',
    hint: 'See its entry.',
  },
};

describe('serverList', () => {
  it('is a table with a row per server and a summary', () => {
    expect(serverList([READY, DOWN, DISABLED], 'table').split('\n')).toEqual([
      'NAME     STATE     ERA     TOOLS  RESOURCES  PROMPTS  LAST ERROR                       NEXT',
      'demo     ready     modern  4      1          1        -                                -',
      'browser  down      -       -      -          -        It ended with 1                  retry in 41 s; Look at its log.',
      'off      disabled  -       -      -          -        "off" is switched off: disabled  See its entry.',
      '3 servers: 1 ready, 1 down, 1 disabled',
      '',
    ]);
  });

  it('clips a long error in the table, and says where it is whole', () => {
    const lastError = { code: 'X', message: 'm'.repeat(100), hint: 'h' };
    const table = serverList([{ ...DOWN, lastError }], 'table');

    expect(table).toContain(`  ${'m'.repeat(57)}...  retry`);
    expect(table).toContain(`1 server: 1 down\n\nbrowser is down:\n  ${'m'.repeat(100)}\n`);
    expect(serverList([DOWN], 'table')).toMatch(/1 server: 1 down\n$/);

    const problems = [{ kind: 'tools', isPartial: false, reason: 'm'.repeat(100) }];
    expect(serverList([{ ...READY, problems }], 'table')).toMatch(
      /: 1 ready; -o json prints errors whole\n$/,
    );
  });

  it('says what of a server that is up is not shown', () => {
    const problems = [
      { kind: 'tools', isPartial: false, reason: 'not ready' },
      { kind: 'prompts', isPartial: true, reason: 'page 2: slow' },
    ];
    const withheld = [{ kind: 'resources', name: '#2', reason: 'uri is malformed' }];
    const lines = serverList(
      [
        { ...READY, problems },
        { ...READY, withheld },
      ],
      'table',
    ).split('\n');

    expect(lines[1]).toMatch(/ {2}tools: not ready; prompts in part: page 2: slow {2}see -o json$/);
    expect(lines[2]).toMatch(/ {2}1 withheld {2,}see -o json$/);
    expect(JSON.parse(serverList([{ ...READY, problems, withheld }], 'json'))).toMatchObject([
      { problems, withheld },
    ]);
  });

  it('takes control characters out of what servers say', () => {
    const lastError = { code: 'X', message: 'a\u001b[31mb', hint: 'h\u0007' };

    expect(serverList([{ ...DOWN, lastError }], 'table')).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('shows what a server that is not up wrote last, line by line', () => {
    const ownerReports = [
      { id: '0badcafe', at: 0, what: 'exited with code 1', lines: ['cannot find /srv/x.js', 'a\u009bb'] },
      { id: '00000000', at: 0, what: 'exited with code 2', lines: ['older'] },
    ];
    const table = serverList([READY, { ...DOWN, ownerReports }], 'table');

    expect(table).toMatch(
      /\n\nbrowser exited with code 1; it wrote last \(report 0badcafe\):\n {2}cannot find \/srv\/x\.js\n {2}a\uFFFDb\n$/,
    );
    expect(table).not.toContain('older');
    expect(table).toMatch(/ {2}retry in 41 s; see below$/m);
    expect(serverList([{ ...READY, ownerReports }], 'table')).not.toContain('cannot find');
    expect(JSON.parse(serverList([{ ...DOWN, ownerReports }], 'json'))).toMatchObject([{ ownerReports }]);
  });

  it('shows what is wrong in the entry of a server whole, with its place, below the table', () => {
    const lastError = {
      code: 'OMNI_CONFIG_INVALID',
      message: `m.json:4:86  mcpServers.t.headers.${'A'.repeat(60)}: \u009b is odd\nm.json:5:1  and more`,
      hint: 'Correct it.',
    };
    const lines = serverList(
      [READY, { ...DOWN, name: 't', state: 'misconfigured', lastError, retryInMs: undefined }],
      'table',
    );

    expect(lines).toMatch(/^t +misconfigured .* its entry is wrong, see below +Correct it\.$/m);
    expect(lines).toContain(
      `2 servers: 1 ready, 1 misconfigured\n\nt is misconfigured:\n  m.json:4:86 mcpServers.t.headers.${'A'.repeat(60)}: \uFFFD is odd\n  m.json:5:1 and more\n`,
    );
  });

  it('is JSON that acts on no terminal and says the same', () => {
    const withheld = [{ kind: 'tools', name: 'n\u009b2J\u202e\u007f', reason: 'r' }];
    const text = serverList([{ ...READY, withheld }], 'json');

    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(JSON.parse(text)).toMatchObject([{ withheld }]);
  });

  it('is JSON with the same keys in every entry', () => {
    const entries = JSON.parse(serverList([READY, DOWN], 'json')) as object[];

    expect(entries.map((entry) => Object.keys(entry).join())).toEqual(
      Array(2).fill(
        'name,state,health_status,circuit_state,level,health,era,tools,resources,prompts,lastError,retryInMs,problems,withheld,ownerReports',
      ),
    );
    expect(entries[1]).toMatchObject({
      era: null,
      lastError: { code: 'OMNI_UPSTREAM_EXITED' },
      retryInMs: 40_101,
    });
  });

  it('is one name a line', () => {
    expect(serverList([READY, DOWN], 'name')).toBe('demo\nbrowser\n');
  });

  it('is [] in JSON and nothing by name when there is no server', () => {
    expect(serverList([], 'json')).toBe('[]\n');
    expect(serverList([], 'name')).toBe('');
    expect(serverList([], 'table')).toBe('No servers are configured.\n');
  });
});
