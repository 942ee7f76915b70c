import { UriTemplate as SdkTemplate } from '@modelcontextprotocol/client';
import { canonicalUri, UriTemplate } from '@omni/capabilities';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { textOf } from './input-text.ts';

interface Template {
  matches(uri: string, budget: { left: number }): boolean;
}

type Compile = (template: string) => Template | undefined;

const BUDGET = 1_000_000;
/** Steps for each pair of a character of the template and one of the URI. */
const STEPS = 4;
/** Regular expressions backtrack: what they are asked stays small. */
const MAX_COMPARED = 48;
const MAX_EXPRESSIONS = 4;
const VALUES = ['', 'a', 'a b', 'é/?#', '1,2'];

/**
 * Templates and URIs, in one spelling: what is expanded is matched, what the SDK matches is matched, and the
 * time is bounded.
 */
export function uriTemplate(compile: Compile = (template) => UriTemplate.compile(template)): FuzzTarget {
  return {
    name: 'uri-template',
    promise:
      'of equal spellings of a URI one is chosen, once and for all; a template matches it when a plain reading as a regular expression does, the SDK does, or the SDK expands to it, in steps of at most the product of the lengths',
    covers: /capability-aggregator\/src\/names\/(?:canonical-uri|uri-template)\.ts$/,
    // A template and a URI.
    seeds: [
      'file:///{+path}\nfile:///a/b',
      'db://{table}/{id}\ndb://users/7',
      'x:a{?p,q*}{&r}\nx:a?p=1&q=2',
      'x:{a}b{c}b\nx:1b2b',
      'x:a{.e}{/s:3}{;m}\nx:a.t/b;m=1',
      'x:{#f}\nx:#f',
    ],
    dictionary: [
      '{a}',
      '{+a}',
      '{#a}',
      '{.a}',
      '{/a*}',
      '{;a}',
      '{?a,b}',
      '{&a}',
      '{a:3}',
      '{',
      '}',
      '\n',
      '/',
      '?',
      '#',
      '%20',
      ',',
      'a',
      'aaaa',
      '*',
    ],
    isJson: false,
    maxBytes: 600,
    check(input) {
      const [text = '', written = ''] = textOf(input).split('\n');
      const uri = canonicalUri(written);
      promise(canonicalUri(uri) === uri, 'what is chosen is chosen again', () => `${written}\n${uri}`);
      const template = compile(text);
      if (template === undefined) {
        promise(expressionOf(text) === undefined, 'a template by the rules is one', () => text);
        return 'no template';
      }
      const budget = { left: BUDGET };
      const isMatch = template.matches(uri, budget);
      const allowed = STEPS * (canonicalUri(text).length + 2) * (uri.length + 2);
      promise(
        BUDGET - budget.left <= allowed,
        'matching takes at most the product of the lengths',
        () => `${BUDGET - budget.left} of ${allowed}`,
      );
      promise(!isMatch || template.matches(uri, { left: BUDGET }), 'matching twice says the same');

      const expressions = text.split('{').length - 1;
      if (text.length > MAX_COMPARED || uri.length > MAX_COMPARED || expressions > MAX_EXPRESSIONS)
        return `long ${isMatch}`;
      const expected = expressionOf(text);
      promise(expected !== undefined, 'what is no template by the rules is none', () => text);
      promise(expected?.test(uri) === isMatch, 'a URI matches as the rules say', () => `${text}\n${uri}`);
      const sdk = sdkTemplate(text);
      if (sdk === undefined) return `not for the SDK ${isMatch}`;
      promise(
        isMatch || !sdkMatches(sdk, uri) || isGreedy(text, uri) || cutsEscape(text),
        'what the SDK matches is matched',
        () => `${text}\n${uri}`,
      );
      for (const value of VALUES) {
        const values = Object.fromEntries(sdk.variableNames.map((name) => [name, value]));
        const expansion = canonicalUri(sdk.expand(values));
        promise(
          isUnencoded(text, value) || cutsEscape(text) || template.matches(expansion, { left: BUDGET }),
          'an expansion is matched',
          () => `${text}\n${expansion}`,
        );
      }
      return `both ${isMatch}`;
    },
  };
}

const EXPRESSION =
  /^\{(?:([+#./;?&])|(?![+#./;?&]))[\p{L}\p{N}\p{M}_.%-]+(?:\*|:[1-9][0-9]{0,3})?(?:,[\p{L}\p{N}\p{M}_.%-]+(?:\*|:[1-9][0-9]{0,3})?)*\}$/u;
const FIRST: Readonly<Record<string, string>> = {
  '#': '#',
  '.': '\\.',
  '/': '/',
  ';': ';',
  '?': '\\?',
  '&': '&',
};
const REST: Readonly<Record<string, string>> = {
  '+': '[^]',
  '#': '[^]',
  '/': '[^?#]',
  '?': '[^#]',
  '&': '[^#]',
};

/** The rules as a regular expression; `undefined` for what is no template. */
function expressionOf(text: string): RegExp | undefined {
  if (text.length > 2_048) return undefined;
  let source = '';
  for (const [part] of text.matchAll(/\{[^}]*\}|[^{]+|\{/g)) {
    const expression = EXPRESSION.exec(part);
    if (expression !== null) {
      const operator = expression[1] ?? '';
      const rest = REST[operator] ?? '[^/?#]';
      const first = FIRST[operator];
      source += first === undefined ? `${rest}*` : `(?:${first}${rest}*)?`;
    } else if (/[{}]/.test(part)) return undefined;
    else source += canonicalUri(part).replaceAll(/[\\^$.*+?()[\]|/]/g, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

function sdkTemplate(text: string): SdkTemplate | undefined {
  // It knows neither these two, and takes the colon for part of a name.
  if (/\{;|:[0-9]+[,}]/.test(text)) return undefined;
  try {
    return new SdkTemplate(text);
  } catch {
    return undefined;
  }
}

function sdkMatches(sdk: SdkTemplate, uri: string): boolean {
  try {
    return sdk.match(uri) !== null;
  } catch {
    return false;
  }
}

/**
 * The SDK lets question marks and hashes into a path, where RFC 6570 never writes them, and takes a fragment
 * without its hash.
 */
function isGreedy(text: string, uri: string): boolean {
  return /[?#]/.test(uri) || text.includes('{#');
}

/** The SDK leaves a percent sign in front of an expression as it is; its expansion completes the escape. */
function cutsEscape(text: string): boolean {
  return /%[0-9A-Fa-f]?\{/.test(text);
}

/**
 * Several variables at once are neither encoded nor led in by the SDK; a second query gets another sign from
 * it.
 */
function isUnencoded(text: string, value: string): boolean {
  return (
    /\{[+#./][^}]*,/.test(text) ||
    (/\{[^?&}][^}]*,/.test(text) && /[^a1,]/.test(value)) ||
    text.split(/\{[?&]/).length > 2
  );
}
