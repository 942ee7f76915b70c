/** Rules about one file that neither the compiler nor the linter has. */
import ts from 'typescript';
import { commentsOf, lineAt, walk } from './source-files.mjs';

/** @import { RuleText } from './findings.mjs' */
/** @import { SourceFile } from './source-files.mjs' */

/**
 * @typedef {{ line: number, what: string }} Hit
 * @typedef {RuleText & { appliesTo: (file: SourceFile) => boolean, check: (file: SourceFile) => Hit[] }}
 * SourceRule
 */

/** @param {SourceFile} file */
const isLibrarySource = ({ path, isTest }) => path.startsWith('libs/') && !isTest;
/** @param {SourceFile} file */
const isProductSource = ({ path, isTest }) => /^(libs|apps)\//.test(path) && !isTest;
/** @param {SourceFile} file */
const isNeutralSource = ({ path, isTest }) =>
  /^libs\/(ports|jsonrpc|model|core)\//.test(path) && !isTest && path.includes('/src/');

/** Names that only Node has, or that mean something else elsewhere. */
const NODE_GLOBALS = new Set([
  'process',
  'Buffer',
  'global',
  'require',
  '__dirname',
  '__filename',
  'setImmediate',
  'clearImmediate',
]);
/** Time and chance of the runtime. */
const AMBIENT_INPUTS = new Set(['Date.now', 'Math.random', 'performance.now']);
/** The ports through which they come in. */
const AMBIENT_PORTS = new Set(['libs/ports/src/clock.ts', 'libs/ports/src/random.ts']);
const EMPTY_NAMES = /^(utils?|helpers?|common|shared|misc)$/;
const EMPTY_SUFFIX = /(Manager|Service|Helpers?|Utils?|Impl)$|^I[A-Z][a-z]/;
/** Public names that are prescribed (S003-IF-01). */
const PRESCRIBED_NAMES = new Set(['ConfigurationManager']);

/**
 * @param {SourceFile} file
 * @param {(node: ts.Node) => string | undefined} judge - What is wrong with the node, if anything.
 * @returns {Hit[]}
 */
function hitsIn({ tree }, judge) {
  /** @type {Hit[]} */
  const hits = [];
  walk(tree, (node) => {
    const what = judge(node);
    if (what !== undefined) hits.push({ line: lineAt(tree, node.getStart(tree)), what });
  });
  return hits;
}

/**
 * @param {SourceFile} file
 * @param {(comment: string) => string | undefined} judge
 * @returns {Hit[]}
 */
function hitsInComments({ tree }, judge) {
  return commentsOf(tree).flatMap(({ text, start }) => {
    const what = judge(text);
    return what === undefined ? [] : [{ line: lineAt(tree, start), what }];
  });
}

/**
 * @param {ts.Node} node
 * @returns {boolean} whether an identifier is used as a value of the surrounding scope, not as a property or
 * a name of something
 */
function isFreeIdentifier(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return true;
  return ts.isTypeOfExpression(parent) || ts.isElementAccessExpression(parent);
}

/** @param {ts.Node} node */
function judgeStandardStream(node) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const text = `${node.expression.text}.${node.name.text}`;
    if (text === 'process.stdout' || text === 'process.stderr') return `uses ${text}`;
    if (node.expression.text === 'console') return `calls ${text}`;
  }
  if (ts.isImportSpecifier(node) && /^std(out|err)$/.test((node.propertyName ?? node.name).text))
    return `imports ${node.getText()}`;
  if (!ts.isCallExpression(node)) return undefined;
  const [first] = node.arguments;
  const callee = node.expression.getText();
  const isDescriptor = first !== undefined && ts.isNumericLiteral(first) && /^[12]$/.test(first.text);
  if (isDescriptor && /(^|\.)(write|writeSync|writev|writevSync|destination)$/.test(callee))
    return `writes to descriptor ${first.text}`;
  // Without a second argument pino writes to stdout.
  if (callee === 'pino' && node.arguments.length < 2)
    return 'creates a pino logger without saying where it writes';
  return undefined;
}

/** Where apps write to the standard streams, through the encoder of terminals. */
const TERMINAL_WRITERS = /^apps\/(?:cli\/src\/output\/terminal|master-server\/src\/program-host)\.ts$/;

/** @param {ts.Node} node */
function judgeTerminalWrite(node) {
  if (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'console'
  )
    return `calls ${node.getText()}`;
  if (ts.isPropertyAccessExpression(node) && /^process\.std(?:out|err)$/.test(node.expression.getText()))
    return node.name.text === 'write' || node.name.text === 'end' ? `uses ${node.getText()}` : undefined;
  const isDescriptor =
    ts.isCallExpression(node) &&
    /(^|\.)write(v|v?Sync)?$/.test(node.expression.getText()) &&
    /^[12]$/.test(node.arguments[0]?.getText() ?? '');
  return isDescriptor ? `uses ${node.getText()}` : undefined;
}

/** @param {ts.Node} node */
function judgeNodeGlobal(node) {
  if (ts.isIdentifier(node) && NODE_GLOBALS.has(node.text) && isFreeIdentifier(node))
    return `uses ${node.text}`;
  if (
    ts.isPropertyAccessExpression(node) &&
    node.expression.getText() === 'globalThis' &&
    NODE_GLOBALS.has(node.name.text)
  ) {
    return `uses globalThis.${node.name.text}`;
  }
  return undefined;
}

/**
 * What asks the runtime for the time or for chance. `new Date(x)` is a function of x and asks nobody.
 *
 * @param {ts.Node} node
 */
function judgeAmbientInput(node) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const text = `${node.expression.text}.${node.name.text}`;
    return AMBIENT_INPUTS.has(text) ? `uses ${text}` : undefined;
  }
  const isDate =
    (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'Date';
  const asks = isDate && (ts.isCallExpression(node) || (node.arguments ?? []).length === 0);
  return asks ? `uses ${node.getText()}` : undefined;
}

/** @param {ts.Node} node */
function judgeBareError(node) {
  if (!ts.isThrowStatement(node)) return undefined;
  const thrown = node.expression;
  const made = ts.isNewExpression(thrown) || ts.isCallExpression(thrown) ? thrown.expression.getText() : '';
  return made === 'Error' ? 'throws a bare Error' : undefined;
}

/** @param {ts.Node} node */
function judgeStarExport(node) {
  if (!ts.isExportDeclaration(node)) return undefined;
  return node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)
    ? node.getText()
    : undefined;
}

/** @param {ts.Node} node */
function judgeTypeName(node) {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node))
    return undefined;
  const name = node.name?.text ?? '';
  return EMPTY_SUFFIX.test(name) && !PRESCRIBED_NAMES.has(name) ? `is called ${name}` : undefined;
}

/**
 * @param {SourceFile} file
 * @returns {Hit[]} assertions without a comment on their line, or on or right above the first line of their
 * statement
 */
function findUnexplainedAssertions(file) {
  const { tree } = file;
  const commented = new Set(
    commentsOf(tree).flatMap(({ start, end }) => {
      const [first, last] = [lineAt(tree, start), lineAt(tree, end)];
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    }),
  );
  return hitsIn(file, (node) => {
    if (!ts.isAsExpression(node) && !ts.isTypeAssertionExpression(node)) return undefined;
    if (ts.isConstTypeReference(node.type)) return undefined;
    const statement = ts.findAncestor(node, (one) => ts.isStatement(one) || ts.isClassElement(one)) ?? node;
    const from = lineAt(tree, statement.getStart(tree)) - 1;
    const to = lineAt(tree, node.getEnd());
    for (let line = from; line <= to; line += 1) if (commented.has(line)) return undefined;
    return `asserts "as ${node.type.getText()}" without a reason`;
  });
}

const MAX_COMMENT_WIDTH = 110;
/** What loses its sense when it is broken: addresses, markers of guards, directives of tools. */
const UNBREAKABLE = /https?:\/\/|\/[/*] guard: |@ts-|(?:eslint|oxlint)-disable|prettier-ignore/;

/**
 * @param {SourceFile} file
 * @returns {Hit[]} lines of comments that the formatter leaves wider than code
 */
function findWideComments({ text, tree }) {
  const lines = new Set();
  for (const { start, end } of commentsOf(tree)) {
    let lineStart = text.lastIndexOf('\n', start - 1) + 1;
    while (lineStart < end) {
      const lineEnd = text.indexOf('\n', lineStart);
      const line = text.slice(lineStart, Math.min(end, lineEnd < 0 ? end : lineEnd)).trimEnd();
      if (line.length > MAX_COMMENT_WIDTH && !UNBREAKABLE.test(line)) lines.add(lineAt(tree, lineStart));
      if (lineEnd < 0) break;
      lineStart = lineEnd + 1;
    }
  }
  return [...lines].map((line) => ({ line, what: `has a comment beyond column ${MAX_COMMENT_WIDTH}` }));
}

const FRONT = 'libs/core/protocol-handler/src/';
/**
 * Where the front writes to clients: transports, and the one place each for requests, refusals and everything
 * else.
 */
const FRONT_WRITERS =
  /^(?:streams\/[\w-]+|request\/(?:client-request|deliver|refuse)|channel\/channel-writer|legacy\/batch-collector|http\/(?:http-batch-target|http-writer|page-exchange|plain-answers|sse-connection))\.ts$/;
/** Methods of exchanges, their streams, channels, outlets and response writers that something leaves by. */
const WAYS_OUT = new Set(['respond', 'send', 'sendNow', 'write', 'pass', 'destroy', 'writeEvent']);

/** @param {ts.Node} node */
function judgeWayOut(node) {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && WAYS_OUT.has(node.expression.text))
    return `calls ${node.expression.text}`;
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = (node.propertyName ?? node.name).getText();
    return WAYS_OUT.has(name) ? `takes ${name} out` : undefined;
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression))
    return isWayOut(node.argumentExpression.text, node) ? `uses ${node.getText()}` : undefined;
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  return isWayOut(node.name.text, node) ? `uses ${node.getText()}` : undefined;
}

/**
 * @param {string} name
 * @param {ts.Node} access - A property of this name may also be a stream; what is called, or belongs to an
 * exchange, opens one.
 */
function isWayOut(name, access) {
  if (name !== 'stream') return WAYS_OUT.has(name);
  return (
    (ts.isCallExpression(access.parent) && access.parent.expression === access) ||
    /exchange(?:\.stream|\[)/i.test(access.getText())
  );
}

/** @param {ts.Node} node */
function judgeLocator(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  const isLocator = ts.isIdentifier(expression) && /^(?:container|scope|root)$/.test(expression.text);
  return isLocator && name.text === 'get' ? `calls ${expression.text}.get` : undefined;
}

/** @type {readonly SourceRule[]} */
export const SOURCE_RULES = [
  {
    id: 'no-standard-streams',
    why: 'On stdio transports stdout is the protocol, and who embeds a library decides where its words go.',
    fix: 'Log through the Logger port; take a stream as an argument when bytes must leave.',
    appliesTo: isLibrarySource,
    check: (file) => hitsIn(file, judgeStandardStream),
  },
  {
    id: 'encoded-terminals',
    why: 'What servers, files and users say would act on the terminal of who reads it.',
    fix: 'Write through the Terminal of the command or the ProgramHost, which encode what they write.',
    appliesTo: ({ path, isTest }) =>
      /^apps\/(?:cli|master-server)\/src\//.test(path) && !isTest && !TERMINAL_WRITERS.test(path),
    check: (file) => hitsIn(file, judgeTerminalWrite),
  },
  {
    id: 'no-node-globals',
    why: 'ports, jsonrpc, model and core run in any runtime.',
    fix: 'Use what every runtime has (TextEncoder, Uint8Array, URL), or a port with an adapter.',
    appliesTo: isNeutralSource,
    check: (file) => hitsIn(file, judgeNodeGlobal),
  },
  {
    id: 'time-and-chance-by-input',
    why: 'Who owns time and chance can repeat a run: tests, simulations and restored records depend on it.',
    fix: 'Take them from the Clock port (now, monotonicMs) and a Random that is handed in.',
    appliesTo: (file) => isNeutralSource(file) && !AMBIENT_PORTS.has(file.path),
    check: (file) => hitsIn(file, judgeAmbientInput),
  },
  {
    id: 'no-bare-errors',
    why: 'Callers branch on codes; an Error without one reaches a client as an internal failure.',
    fix: 'Throw GatewayError with a row of libs/ports/src/errors/gateway-errors.ts.',
    // The demo server is a program of its own that knows the SDK and nothing of Omni.
    appliesTo: (file) => isProductSource(file) && !file.path.startsWith('apps/demo-server/'),
    check: (file) => hitsIn(file, judgeBareError),
  },
  {
    id: 'one-way-out',
    why: 'A request that is answered past its settle is neither logged nor counted, and keeps its place.',
    fix: 'Settle the request; use refuse before there is one, and deliver for what belongs to none.',
    appliesTo: (file) =>
      isNeutralSource(file) &&
      file.path.startsWith(FRONT) &&
      !FRONT_WRITERS.test(file.path.slice(FRONT.length)),
    check: (file) => hitsIn(file, judgeWayOut),
  },
  {
    id: 'no-star-exports',
    why: 'A star makes public whatever a file happens to export.',
    fix: 'List the names.',
    appliesTo: () => true,
    check: (file) => hitsIn(file, judgeStarExport),
  },
  {
    id: 'no-decorators',
    why: 'Node runs the sources by stripping types, and a decorator is not a type.',
    fix: 'Register a resolved value in the composition library.',
    appliesTo: () => true,
    check: (file) => hitsIn(file, (node) => (ts.isDecorator(node) ? `uses ${node.getText()}` : undefined)),
  },
  {
    id: 'locator-in-bootstrap',
    why: 'A part that asks a container for others hides what it needs (S003-AR-04).',
    fix: 'Name it among the needs of the part; only the bootstrap and the scopes themselves ask.',
    appliesTo: (file) =>
      isProductSource(file) &&
      file.path.startsWith('libs/composition/') &&
      !/\/(?:create-master-server|scope\/[a-z-]+)\.ts$/.test(file.path),
    check: (file) => hitsIn(file, judgeLocator),
  },
  {
    id: 'explained-assertions',
    why: 'An assertion switches the compiler off; the next reader must know why it holds.',
    fix: 'Narrow the type, or write a comment above that says why it holds.',
    appliesTo: isProductSource,
    check: findUnexplainedAssertions,
  },
  {
    id: 'no-open-ends',
    why: 'What is left to do belongs where it is planned, not where it is forgotten.',
    fix: 'Do it, or take the comment out.',
    appliesTo: () => true,
    check: (file) => hitsInComments(file, (text) => /\b(?:TO-?DO|FIX-?ME|XXX)\b/.exec(text)?.[0]),
  },
  {
    id: 'comment-width',
    why: 'Lines have one width; the formatter keeps it for code and leaves comments as they are.',
    fix: 'Break the comment, or say it in fewer words.',
    appliesTo: () => true,
    check: findWideComments,
  },
  {
    id: 'explained-suppressions',
    why: 'A rule that is switched off without a reason is a rule that nobody dares to switch on again.',
    fix: 'Remove the suppression, or end it with " -- " and the reason.',
    appliesTo: () => true,
    check: (file) =>
      hitsInComments(file, (text) =>
        /(oxlint|eslint)-disable/.test(text) && !/ -- \S/.test(text) ? 'disables a rule' : undefined,
      ),
  },
  {
    id: 'telling-names',
    why: 'utils, helpers, Manager and the like say nothing, so everything ends up there.',
    fix: 'Name the subject of the file, or the act of the class.',
    appliesTo: () => true,
    check: (file) => {
      const empty = file.path.split('/').find((part) => EMPTY_NAMES.test(part.replace(/\..*$/, '')));
      return [
        ...(empty === undefined ? [] : [{ line: 1, what: `lies in ${empty}` }]),
        ...hitsIn(file, judgeTypeName),
      ];
    },
  },
];
