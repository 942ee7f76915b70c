import type { GatewayErrorFacts } from '@omni/ports';

const NOTE =
  '<!-- Generated from libs/ports/src/errors/gateway-errors.ts by tools/generators/errors.ts. Change the table instead. -->';
/** Exit code of the `omni` command for a row that names none. */
const DEFAULT_EXIT_CODE = 1;

const INTRODUCTION = `\
Every failure that Omni can name. In a JSON-RPC answer the name stands in \`error.data.code\` and what to do in \`error.data.hint\`;
\`error.code\` alone does not tell failures apart, because several share a code of the protocol. Names are stable: programs may
branch on them, never on the message.

The HTTP status is the one that is sent while the headers are not: 200 means that the error comes as an ordinary answer. The exit
code is that of the \`omni\` command when the failure ends it. Retryable means that the same request may succeed if it is sent again
unchanged.`;

/**
 * The pages of `docs/errors`: an overview, and one page per failure.
 *
 * @param table - In the order in which the overview lists it.
 * @returns File name to Markdown, formatted as Prettier would.
 */
export function errorPages(table: Readonly<Record<string, GatewayErrorFacts>>): ReadonlyMap<string, string> {
  const rows = Object.entries(table);
  return new Map([
    ['README.md', overview(rows)],
    ...rows.map(([code, facts]): [string, string] => [`${code}.md`, page(code, facts)]),
  ]);
}

function overview(rows: readonly (readonly [string, GatewayErrorFacts])[]): string {
  const header = ['name', 'what happened', 'JSON-RPC', 'HTTP', 'exit code', 'retryable'];
  const body = rows.map(([code, facts]) => [
    `[${code}](${code}.md)`,
    inline(facts.meaning),
    String(facts.jsonRpcCode),
    String(facts.httpStatus),
    String(facts.exitCode ?? DEFAULT_EXIT_CODE),
    facts.retryable ? 'yes' : 'no',
  ]);
  return `# Errors\n\n${NOTE}\n\n${INTRODUCTION}\n\n${markdownTable(header, body)}`;
}

function page(code: string, facts: GatewayErrorFacts): string {
  const body = [
    ['JSON-RPC code', String(facts.jsonRpcCode)],
    ['HTTP status', String(facts.httpStatus)],
    ['exit code of `omni`', String(facts.exitCode ?? DEFAULT_EXIT_CODE)],
    [
      'retryable',
      facts.retryable
        ? 'yes: the same request may succeed if it is sent again unchanged'
        : 'no: change something first',
    ],
  ];
  const advice = `**What to do:** ${inline(facts.hint)}`;
  return `# ${code}\n\n${NOTE}\n\n${inline(facts.meaning)}\n\n${advice}\n\n${markdownTable(['fact', 'value'], body)}\n[All errors](README.md)\n`;
}

function markdownTable(header: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...body.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill: string): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, fill)).join(' | ')} |\n`;
  return line(header, ' ') + line([], '-') + body.map((row) => line(row, ' ')).join('');
}

/** Plain text as Markdown: what would be markup or a column border loses its meaning. */
function inline(text: string): string {
  return text.replaceAll(/[\\`*<|[\]]/g, String.raw`\$&`);
}
