/** What came of one client and one server: the feature, and whether it works. */
export interface MatrixRow {
  readonly client: string;
  readonly server: string;
  /** By feature: `true`, or why not. */
  readonly cells: ReadonlyMap<string, true | string>;
}

/** The matrix as Markdown, with the reasons as numbered notes. */
export function compatibilityPage(rows: readonly MatrixRow[]): string {
  const reasons = [
    ...new Set(rows.flatMap(({ cells }) => [...cells.values()]).filter((cell) => cell !== true)),
  ];
  const features = [...(rows[0]?.cells.keys() ?? [])];
  const clients = [...new Set(rows.map(({ client }) => client))];
  const cellText = (cell: true | string | undefined): string =>
    cell === true ? 'yes' : `– (${reasons.indexOf(cell ?? '') + 1})`;
  const working = rows.flatMap(({ cells }) => [...cells.values()]).filter((cell) => cell === true).length;
  return [
    '# Compatibility',
    '',
    '<!-- Written by OMNI_WRITE_DOCS=1 and apps/master-server-e2e/src/matrix.test.ts, which fails when it is not what it found. -->',
    '',
    `What works between a client and a server through Omni, tried with real programs (on the official SDKs, and one client that is nothing but text): ${working} of ${rows.length * features.length} cells. Every other cell has a reason below.`,
    '',
    ...clients.flatMap((client) => [
      `## Client: ${client}`,
      '',
      `| server | ${features.join(' | ')} |`,
      `| --- | ${features.map(() => '---').join(' | ')} |`,
      ...rows
        .filter((row) => row.client === client)
        .map(
          ({ server, cells }) =>
            `| ${server} | ${features.map((feature) => cellText(cells.get(feature))).join(' | ')} |`,
        ),
      '',
    ]),
    '## Reasons',
    '',
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
    '',
  ].join('\n');
}
