import type { CorpusCategory, CorpusValue } from './corpus.ts';
import type { PeerFidelity, Tally } from './measure-peer.ts';

/** The page about what passes unchanged, as Markdown. */
export function fidelityPage(
  corpus: readonly CorpusValue[],
  peers: readonly PeerFidelity[],
  absent: readonly string[],
): string {
  const categories = [...new Set(corpus.map(({ category }) => category))];
  return [
    '# Fidelity',
    '',
    '<!-- Written by `npm run fidelity`. -->',
    '',
    `${corpus.length.toLocaleString('en')} JSON values, each sent in a call of its own through each gateway to a server on stdio, which answers with the same value as it was written, however it came. Identical means byte for byte.`,
    '',
    'This page compares. What passes through Omni between clients and servers over HTTP, stdio, WebSocket, Unix socket, TCP and HTTP+SSE, in both eras and both directions, is the subject of `apps/master-server-e2e/src/fidelity.test.ts`: it demands 100 %. With every change each of these transports carries every value on both sides and in each pair of eras that it has; the other combinations carry one value in sixteen. `npm run nightly` sends every value through all 121.',
    '',
    '## In both directions',
    '',
    '| gateway | version | `arguments` identical | changed | refused | `structuredContent` identical | changed | refused | unknown member of the result identical | changed or lost |',
    '| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...peers.map(
      ({ name, version, arguments: args, results, unknownMembers }) =>
        `| ${name} | ${version} | ${share(args)} | ${args.changed} | ${args.refused} | ${share(results)} | ${results.changed} | ${results.refused} | ${share(unknownMembers)} | ${unknownMembers.changed + unknownMembers.refused} |`,
    ),
    '',
    '## `arguments` by kind of value: identical of all',
    '',
    `| gateway | ${categories.map((category) => `${category} (${sizeOf(corpus, category)})`).join(' | ')} |`,
    `| --- | ${categories.map(() => '--:').join(' | ')} |`,
    ...peers.map(
      ({ name, byCategory }) =>
        `| ${name} | ${categories.map((category) => share(byCategory.get(category))).join(' | ')} |`,
    ),
    `| _\`JSON.parse\`, then \`JSON.stringify\`_ | ${categories.map((category) => share(roundTrip(corpus, category))).join(' | ')} |`,
    '',
    'The last row is no gateway: it is what building values and writing them again does by itself. A change of bytes is not always a change of meaning: blanks and needless escapes carry none. Digits that a double does not hold, keys that stand twice and the order of keys do.',
    '',
    'Refused are values whose call never reached the server, or whose answer was an error or did not come. mcp-hub is called by its own REST route, as in the benchmark; sdk-gateway is a gateway of 30 lines on the official SDK.',
    ...(absent.length === 0
      ? []
      : ['', `Not measured, because it could not be installed: ${absent.join(', ')}.`]),
    '',
    'The values: numbers at every edge of a double and beyond; strings with escapes, halves of surrogate pairs and every plane of Unicode; keys twice; keys that look like numbers; nesting down to the limit; parser cases; blanks.',
    '',
  ].join('\n');
}

function share(tally: Tally | undefined): string {
  const all = tally === undefined ? 0 : tally.identical + tally.changed + tally.refused;
  if (tally === undefined || all === 0) return '–';
  // Only all is 100 %.
  const percent = Math.floor((tally.identical / all) * 1_000) / 10;
  return `${tally.identical === all ? '100' : percent.toFixed(1)} %`;
}

function roundTrip(corpus: readonly CorpusValue[], category: CorpusCategory): Tally {
  const texts = corpus.filter((value) => value.category === category).map(({ text }) => text);
  const identical = texts.filter((text) => JSON.stringify(JSON.parse(text)) === text).length;
  return { identical, changed: texts.length - identical, refused: 0 };
}

function sizeOf(corpus: readonly CorpusValue[], category: CorpusCategory): number {
  return corpus.filter((value) => value.category === category).length;
}
