/**
 * The words that this project does not use: the field has a term for each (docs/ARCHITECTURE.md, "Words").
 * They are looked for in names, comments, texts and test titles of sources, and in documents.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @import { SourceFile } from './source-files.mjs' */

/** @typedef {{ pattern: RegExp, instead: string }} Word */

/** @type {readonly Word[]} */
const WORDS = [
  { pattern: /\b[Aa]skers?\b|Asker/, instead: 'caller key; elicitation label' },
  { pattern: /\b[Ss]igned ?[Rr]eading|\bClient(?:Lists|Signatures)\b/, instead: 'variant' },
  { pattern: /\bzero-?touch\b|mayPassBytes|PassedBody|PassedHead/i, instead: 'passthrough' },
  { pattern: /\bon(?:Piece|PassedEnd)\b|\bPieceSink\b/, instead: 'chunk' },
  { pattern: /[Ll]inkSpotter|\bspotter\b/, instead: 'ResourceLinkScanner' },
  { pattern: /\b[Aa]ftertalk\b/, instead: 'unaddressed messages' },
  { pattern: /StallWatch|limitStall|\btakenBytes\b/, instead: 'write timeout, flushed bytes' },
  { pattern: /CatalogueKeeper|(?<!lifecycle-)\bkeeper\b/, instead: 'CatalogueRefresher' },
  { pattern: /RestartLadder|\b(?:restart )?ladder\b/i, instead: 'backoff' },
  { pattern: /\b[Ss]urroundings\b/, instead: 'dependencies' },
  { pattern: /\bCrossings?\b/, instead: 'BridgeContext' },
  { pattern: /\bhurry\b/, instead: 'forceStop' },
  { pattern: /\b[Ll]asting(?:Subscription)?\b/, instead: 'persistent' },
  { pattern: /\bownCall\b|\bownRequest\b/, instead: 'internal call' },
  { pattern: /\bonGarbage\b|ChannelGarbage/, instead: 'invalid message, FramingError' },
  { pattern: /\bHeldBytes\b/, instead: 'ByteReservation' },
  { pattern: /\bSessionOwner\b|\bClientOwner\b/, instead: 'ClientBinding' },
  {
    pattern: /\b(?:Upstream|Open|Lazy|Channel|ModernHttp|LegacyHttp)Links?\b|\blinkFor\b/,
    instead: 'connection',
  },
  { pattern: /\bGatewayRequest\b|\bCallListener\b/, instead: 'CallContext, CallHandler' },
  { pattern: /@omni\/wire|libs\/wire/, instead: '@omni/jsonrpc, @omni/model' },
];

/** Where an old word stands on purpose. */
const ALLOWED = [
  // The old names of settings, which are still read.
  /^libs\/core\/config-manager\/src\/document\/renamed-settings(?:\.test)?\.ts$/,
  // The list itself, and what is planted to try it.
  /^tools\/checks\/(?:vocabulary\.mjs|planted-[a-z]+\.ts)$/,
  // What was decided, measured or demanded at a time is not rewritten.
  /^docs\/requirements\/|^tools\/bench\/results\//,
];

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'libs/**/*.md', 'apps/**/*.md', 'tools/**/*.md'];
const NOT_OURS = new Set(['node_modules', 'dist', 'out-tsc', 'coverage', 'results', '.stryker-tmp']);

/**
 * @param {string} root
 * @returns {{ path: string, text: string }[]} the documents that people write, sorted by path
 */
export function documentsIn(root) {
  return globSync(DOCUMENTS, { cwd: root, exclude: (name) => NOT_OURS.has(name.split(/[\\/]/).at(-1) ?? '') })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/**
 * @param {string} root
 * @param {readonly SourceFile[]} files
 * @returns {{ where: string, what: string }[]}
 */
export function oldWordsIn(root, files) {
  return [...files, ...documentsIn(root)].flatMap(({ path, text }) => {
    if (ALLOWED.some((allowed) => allowed.test(path))) return [];
    return text.split('\n').flatMap((line, index) =>
      WORDS.flatMap(({ pattern, instead }) => {
        const found = pattern.exec(line);
        return found === null
          ? []
          : [{ where: `${path}:${index + 1}`, what: `"${found[0]}"; the word is ${instead}` }];
      }),
    );
  });
}
