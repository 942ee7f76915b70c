/**
 * What is read past: the end of a line that was wrapped, with the indentation of the next one, and what has
 * no width.
 */
const GAPS = /\n[ \t]{0,32}|[\u200b-\u200d\u2060\ufeff\u00ad]/g;

/**
 * One character as URLs write it (RFC 3986, 2.1), as forms do (URL, `application/x-www-form-urlencoded`), as
 * JSON, string literals and shells do, as HTML does. One that takes several bytes is one group in a URL; none
 * begins with a byte that continues another. Each kind by itself: what one escapes may look like another.
 */
const URL_ESCAPE = /%[0-7][\dA-Fa-f]|%[C-Fc-f][\dA-Fa-f](?:%[89ABab][\dA-Fa-f]){1,3}/g;
const FORM = new RegExp(`\\+|${URL_ESCAPE.source}`, 'g');
const ESCAPES: readonly RegExp[] = [
  URL_ESCAPE,
  FORM,
  /\\u[\dA-Fa-f]{4}|\\u\{[\dA-Fa-f]{1,6}\}|\\U[\dA-Fa-f]{8}|\\x[\dA-Fa-f]{2}|\\[0-3][0-7]{2}|'\\''|\\["'\\/nrtbf]/g,
  /&#\d{1,6};|&#[xX][\dA-Fa-f]{1,6};|&(?:quot|amp|lt|gt|apos);/g,
];

const SHORT: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' },
  ...{ quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" },
};

/**
 * A text as it reads when something is left out or decoded, and where each of its UTF-16 units stands in the
 * first text.
 */
export interface TextView {
  readonly text: string;
  /**
   * @param from - The first unit.
   *
   * @param to - The one behind the last.
   * @returns The same range of the first text.
   */
  range(from: number, to: number): readonly [from: number, to: number];
}

/** The text itself without gaps. */
export function joinedView(text: string): TextView {
  return joined({ text, range: (from, to) => [from, to] });
}

/** What the escapes of a text say, a view for each kind that it holds; without gaps. */
export function decodedViews(view: TextView): readonly TextView[] {
  // Without a plus a form reads as a URL does.
  return ESCAPES.filter((pattern) => pattern !== FORM || view.text.includes('+'))
    .map((pattern) => replacing(view, pattern, decodedCharacter))
    .filter((decoded) => decoded !== view)
    .map(joined);
}

function joined(view: TextView): TextView {
  return replacing(view, GAPS, () => '');
}

/** @returns The same view when nothing in it matches. */
function replacing(view: TextView, pattern: RegExp, replace: (found: string) => string): TextView {
  const parts: string[] = [];
  /** Places, in the new text and in that of the view, from which on both run alike. */
  const starts: number[] = [0];
  const origins: number[] = [0];
  let length = 0;
  let rest = 0;
  for (const { 0: found, index } of view.text.matchAll(pattern)) {
    const replacement = replace(found);
    parts.push(view.text.slice(rest, index), replacement);
    length += index - rest;
    rest = index + found.length;
    // A character of its own piece, so that what is behind it stands where it stood.
    if (replacement !== '') {
      starts.push(length);
      origins.push(index);
      length += replacement.length;
    }
    starts.push(length);
    origins.push(rest);
  }
  if (rest === 0) return view;
  parts.push(view.text.slice(rest));
  const originOf = (unit: number): number => {
    const piece = lastAtMost(starts, unit);
    return (origins[piece] ?? 0) + (unit - (starts[piece] ?? 0));
  };
  return {
    text: parts.join(''),
    range: (from, to) => {
      const last = lastAtMost(starts, to - 1);
      const isPiece = starts[last + 1] === to && (origins[last + 1] ?? 0) > originOf(to - 1);
      const end = isPiece ? endOf(view.text, pattern, originOf(to - 1)) : originOf(to - 1) + 1;
      return view.range(originOf(from), end);
    },
  };
}

/** Where the match that begins at this place ends; the next place when none does. */
function endOf(text: string, pattern: RegExp, at: number): number {
  const here = new RegExp(pattern.source, 'y');
  here.lastIndex = at;
  return here.test(text) ? here.lastIndex : at + 1;
}

/** Index of the last of ascending numbers that is not above a value. Of equal ones the last. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function decodedCharacter(found: string): string {
  if (found === '+') return ' ';
  if (found.startsWith('%')) return percentDecoded(found);
  if (found === "'\\''") return "'";
  if (/^&#[xX]/.test(found)) return codePoint(Number.parseInt(found.slice(3), 16));
  if (found.startsWith('&#')) return codePoint(Number(found.slice(2, -1)));
  if (found.startsWith('&')) return SHORT[found.slice(1, -1)] ?? found;
  if (/^\\[0-3]\d/.test(found)) return codePoint(Number.parseInt(found.slice(1), 8));
  if (/^\\u[^{]/.test(found)) return String.fromCharCode(Number.parseInt(found.slice(2), 16));
  if (/^\\[uUx]/.test(found)) return codePoint(Number.parseInt(found.replace(/^..\{?/, ''), 16));
  return SHORT[found.slice(1)] ?? found.slice(1);
}

function codePoint(number: number): string {
  return String.fromCodePoint(Math.min(number, 0x10_ffff));
}

function percentDecoded(found: string): string {
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}
