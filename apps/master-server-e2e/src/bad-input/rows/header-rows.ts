import { headed, pingText } from '../case-builders.ts';
import { callText, legacyPost, MODERN, modernPost, requestText, type Header } from '../request-bytes.ts';
import { anyOf, refused, served, type ByteCase, type Expectation, type Row } from '../row.ts';

const MISMATCH = refused('OMNI_HEADER_MISMATCH');
const PARAMS = refused('OMNI_PARAMS_INVALID');
const VERSION: Expectation = {
  kind: 'refused',
  codes: ['OMNI_VERSION_UNSUPPORTED'],
  data: ['supported', 'requested'],
};
const VALID = callText();

function mirrored(name: string, args: string, headers: readonly Header[], expect: Expectation): ByteCase {
  const tool = 'echo__mirrored';
  return {
    name,
    bytes: modernPost(callText({ name: `"${tool}"`, args }), [['Mcp-Name', tool], ...headers]),
    expect,
  };
}

/** Headers that say something else than the body. */
export const HEADER_ROWS: readonly Row[] = [
  {
    id: 'H25',
    title: 'MCP-Protocol-Version',
    cases: [
      headed('absent', [['MCP-Protocol-Version', undefined]], MISMATCH),
      headed('differs from the body', [['MCP-Protocol-Version', '2025-11-25']], MISMATCH),
      headed('not known and differs', [['MCP-Protocol-Version', '9999-99-99']], MISMATCH),
      headed(
        'twice',
        [
          ['MCP-Protocol-Version', MODERN],
          ['MCP-Protocol-Version', MODERN],
        ],
        MISMATCH,
      ),
      headed('empty', [['MCP-Protocol-Version', '']], MISMATCH),
      headed(
        'not known in both',
        [['MCP-Protocol-Version', '9999-99-99']],
        VERSION,
        VALID.replace(MODERN, '9999-99-99'),
      ),
      headed(
        'a draft in both',
        [['MCP-Protocol-Version', 'DRAFT-2026-v1']],
        VERSION,
        VALID.replace(MODERN, 'DRAFT-2026-v1'),
      ),
      headed(
        'a legacy one in both',
        [['MCP-Protocol-Version', '2025-11-25']],
        anyOf(VERSION, refused('OMNI_SESSION_REQUIRED')),
        VALID.replace(MODERN, '2025-11-25'),
      ),
      headed('as a number in the body', [], PARAMS, VALID.replace(`"${MODERN}"`, '20260728')),
      headed(
        'of 1,000 characters in both',
        [['MCP-Protocol-Version', 'v'.repeat(1_000)]],
        VERSION,
        VALID.replace(MODERN, 'v'.repeat(1_000)),
      ),
      headed('modern, and no envelope', [], PARAMS, pingText(1)),
      headed(
        'no capabilities',
        [],
        PARAMS,
        VALID.replace(',"io.modelcontextprotocol/clientCapabilities":{}', ''),
      ),
      headed(
        'capabilities as an array',
        [],
        PARAMS,
        VALID.replace('clientCapabilities":{}', 'clientCapabilities":[]'),
      ),
      ...['9999-99-99', '', '2026-07-28, 2025-11-25', '2025-11-25, 2025-11-25', '2025-11-2', 'null', '1'].map(
        (version) => ({
          name: `${JSON.stringify(version)} without an envelope`,
          bytes: legacyPost(pingText(1), [['MCP-Protocol-Version', version]]),
          expect: VERSION,
        }),
      ),
      {
        name: 'none, no envelope, no session',
        bytes: legacyPost(pingText(1)),
        expect: refused('OMNI_SESSION_REQUIRED'),
      },
      {
        name: 'another known one than the session has',
        run: async ({ open }) => {
          const session = await open();
          const { answers } = await session.post(pingText(1), [['MCP-Protocol-Version', '2025-06-18']]);
          const { answers: absent } = await session.post(pingText(1), [['MCP-Protocol-Version', undefined]]);
          const isFine = [answers[0], absent[0]].every(
            (answer) => answer?.status === 200 || answer?.status === 400,
          );
          return isFine ? [] : [`${answers[0]?.status}, ${absent[0]?.status}`];
        },
      },
    ],
    note: 'A header that differs is a mismatch before it is asked whether the version is served: −32020.',
  },
  {
    id: 'H26',
    title: 'Mcp-Method and Mcp-Name',
    cases: [
      headed('another name', [['Mcp-Name', 'echo__hold']], MISMATCH),
      headed('another method', [['Mcp-Method', 'tools/list']], MISMATCH),
      headed('no name', [['Mcp-Name', undefined]], MISMATCH),
      headed('no method', [['Mcp-Method', undefined]], MISMATCH),
      headed('empty name', [['Mcp-Name', '']], MISMATCH),
      headed('name in other letters', [['Mcp-Name', 'ECHO__ECHO']], MISMATCH),
      headed('method in other letters', [['Mcp-Method', 'Tools/Call']], MISMATCH),
      headed(
        'name twice',
        [
          ['Mcp-Name', 'echo__echo'],
          ['Mcp-Name', 'echo__echo'],
        ],
        MISMATCH,
      ),
      headed(
        'method twice',
        [
          ['Mcp-Method', 'tools/call'],
          ['Mcp-Method', 'tools/call'],
        ],
        MISMATCH,
      ),
      headed(
        'space around',
        [
          ['Mcp-Name', '  echo__echo \t'],
          ['Mcp-Method', ' tools/call '],
        ],
        served(),
      ),
      headed(
        'in Base64',
        [['Mcp-Name', `=?base64?${Buffer.from('echo__echo').toString('base64')}?=`]],
        served(),
      ),
      headed(
        'in Base64 of another',
        [['Mcp-Name', `=?base64?${Buffer.from('echo__hold').toString('base64')}?=`]],
        MISMATCH,
      ),
      headed(
        'in Base64 twice',
        [
          [
            'Mcp-Name',
            `=?base64?${Buffer.from(`=?base64?${Buffer.from('echo__echo').toString('base64')}?=`).toString('base64')}?=`,
          ],
        ],
        MISMATCH,
      ),
      ...[
        '=?base64?!!!!?=',
        '=?base64??=',
        '=?base64?ZWNobw',
        '=?BASE64?ZWNob19fZWNobw==?=',
        '=?base64?ZWNob19fZWNobw?=',
        '=?base64?gICA?=',
      ].map((name) => headed(name, [['Mcp-Name', name]], MISMATCH)),
      headed('beyond ASCII', [['Mcp-Name', 'echo__ech\xf6']], MISMATCH),
      headed(
        'on a method without a name',
        [
          ['Mcp-Method', 'tools/list'],
          ['Mcp-Name', 'x'],
        ],
        served(),
        requestText('tools/list'),
      ),
    ],
    note: 'Space around a value belongs to HTTP and is stripped, as the official clients and servers do.',
  },
  {
    id: 'H27',
    title: 'Mcp-Param-*',
    cases: [
      mirrored(
        'all fit',
        '{"region":"eu","count":42,"dry":true}',
        [
          ['Mcp-Param-Region', 'eu'],
          ['Mcp-Param-Count', '42'],
          ['Mcp-Param-Dry', 'true'],
        ],
        served(),
      ),
      mirrored('another value', '{"region":"eu"}', [['Mcp-Param-Region', 'us']], MISMATCH),
      mirrored('missing', '{"region":"eu"}', [], MISMATCH),
      mirrored('without an argument', '{}', [['Mcp-Param-Region', 'eu']], MISMATCH),
      mirrored('without arguments at all', '{}', [], served()),
      mirrored('42.0 for 42', '{"count":42}', [['Mcp-Param-Count', '42.0']], served()),
      mirrored('42 for 42.0', '{"count":42.0}', [['Mcp-Param-Count', '42']], served()),
      mirrored('43 for 42', '{"count":42}', [['Mcp-Param-Count', '43']], MISMATCH),
      mirrored('4.2e1 for 42', '{"count":42}', [['Mcp-Param-Count', '4.2e1']], MISMATCH),
      mirrored('0x2a for 42', '{"count":42}', [['Mcp-Param-Count', '0x2a']], MISMATCH),
      mirrored('2^53+1', '{"count":9007199254740993}', [['Mcp-Param-Count', '9007199254740993']], MISMATCH),
      mirrored('True for true', '{"dry":true}', [['Mcp-Param-Dry', 'True']], MISMATCH),
      mirrored('null', '{"region":null}', [], served()),
      mirrored(
        'a line break in Base64',
        '{"region":"a\\nb"}',
        [['Mcp-Param-Region', `=?base64?${Buffer.from('a\nb').toString('base64')}?=`]],
        served(),
      ),
      mirrored(
        'twice',
        '{"region":"eu"}',
        [
          ['Mcp-Param-Region', 'eu'],
          ['Mcp-Param-Region', 'eu'],
        ],
        MISMATCH,
      ),
      mirrored('the argument twice', '{"region":"eu","region":"us"}', [['Mcp-Param-Region', 'eu']], MISMATCH),
      mirrored(
        'one that no schema names',
        '{}',
        [
          ['Mcp-Param-Other', 'x'],
          ['Mcp-Param-__proto__', 'x'],
        ],
        served(),
      ),
    ],
    note: 'An integer beyond 2^53 has no safe text, so a header for it is one too many.',
  },
];
