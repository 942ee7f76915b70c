import type { StdioRow } from '../stdio-row.ts';
import { modernRequest } from '../request-bytes.ts';
import { send } from '../raw-http.ts';

function pages(kind: string, tools: number): StdioRow['cases'][number] {
  return {
    name: kind,
    run: async ({ details }) => {
      const report = await details(`pages-${kind}`);
      return report.state === 'ready' && report.tools === tools
        ? []
        : [`expected ${tools} tools, got ${JSON.stringify({ ...report, withheld: report.withheld.length })}`];
    },
  };
}

/** Tools that are listed, in order, and what is said of those that are not. */
const LISTED = [
  'good-first',
  'doubling',
  'cycle',
  'self',
  'remote',
  'dynamic',
  'slow-pattern',
  'bad-pattern',
  'dialect',
  'remote-dialect',
  'prototype',
  'output-null',
  'good-last',
];
const WITHHELD: Readonly<Record<string, string>> = {
  deep: 'deeper than 64',
  'very-deep': 'deeper than 64',
  wide: '',
  'huge-enum': 'larger than 1 MiB',
  'many-enums': '100,000 values',
  null: 'inputSchema',
  true: 'inputSchema',
  array: 'inputSchema',
  string: 'inputSchema',
  absent: 'inputSchema',
  'not-an-object': 'inputSchema',
  twice: 'twice',
  'header-bomb': 'x-mcp-header',
  'output-deep': 'deeper than 64',
  'output-number': 'outputSchema',
};

/** What a server may list. */
export const LISTING_ROWS: readonly StdioRow[] = [
  {
    id: 'S15',
    title: 'pages without end',
    cases: [
      pages('loop', 3),
      pages('endless', 1_000),
      pages('endless-many', 20_000),
      pages('empty', 1),
      pages('blank-cursor', 2),
      pages('long-cursor', 1),
      pages('odd-cursor', 1),
    ],
    note: 'That a list stops early is known inside (Catalogue.describe) and not on the health page yet.',
  },
  {
    id: 'S16',
    title: 'schemas that hurt',
    cases: [
      {
        name: 'bad ones are withheld with a reason, the others listed',
        run: async ({ details, omni }) => {
          const { answers, tookMs } = await send({
            port: omni.port,
            bytes: Buffer.from(
              modernRequest('tools/list').toString('latin1').replace('POST /mcp ', 'POST /mcp/schemas '),
              'latin1',
            ),
            withinMs: 5_000,
          });
          // The list of one server has no more than these members for each tool.
          const { result } = JSON.parse(answers[0]?.body.toString() ?? '{}') as {
            result?: { tools?: readonly { name: string }[] };
          };
          const names = result?.tools?.map(({ name }) => name).join();
          const { withheld } = await details('schemas');
          const missing = Object.entries(WITHHELD).filter(
            ([name, reason]) => withheld.find((item) => item.name === name)?.reason.includes(reason) !== true,
          );
          return [
            ...(names === LISTED.join() ? [] : [`listed: ${names}`]),
            ...missing.map(
              ([name]) => `${name}: ${JSON.stringify(withheld.find((item) => item.name === name))}`,
            ),
            ...(tookMs < 1_000 ? [] : [`the list took ${Math.round(tookMs)} ms`]),
          ];
        },
      },
      {
        name: 'deeper than a message may be: its server lists nothing, and stays',
        run: async ({ details, call }) => {
          const { state, tools } = await details('bottomless');
          const { code, problem } = await call('bottomless', 'good');
          return state === 'ready' && tools === 0 && code === 'OMNI_NAME_UNKNOWN' && problem === undefined
            ? []
            : [`${state}, ${tools} tools, ${code}`];
        },
      },
    ],
    note: 'Schemas are looked at, never compiled or followed, so neither a pattern nor a reference is ever tried. Beyond 512 levels the whole answer of a server is refused, not one tool of it.',
  },
];
