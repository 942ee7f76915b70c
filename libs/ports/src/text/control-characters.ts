/**
 * Sequences that a terminal obeys, with their parameters (ECMA-48, 5.4 and 5.6; 7 and 8 bits): CSI, strings
 * such as titles and links up to their end, and the short ones. Linear: what a string may hold is bounded and
 * excludes its beginning.
 */
const SEQUENCES =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|(?:\u001b[PX\]^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\r\n]{0,2048}(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]{0,8}[0-~]/g;

/**
 * What acts on a terminal or a reader and is not seen: C0, DEL, C1, separators of lines, marks that turn the
 * direction of text.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** The same without tab and line feed. */
const BEYOND_LAYOUT = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Text as a person would read it on a terminal: without sequences and control characters. Lines end in a line
 * feed.
 */
export function plainText(text: string): string {
  return text
    .replace(SEQUENCES, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(BEYOND_LAYOUT, '');
}

/**
 * The encoder of text that people read on a terminal: each control character but tab and line feed becomes
 * U+FFFD, so that what was there can be seen.
 */
export function terminalText(text: string): string {
  return /* guard: terminal/controls */ text.replace(BEYOND_LAYOUT, '\uFFFD');
}

/**
 * The encoder of JSON, for terminals, logs and error bodies alike: control characters inside strings become
 * `\uXXXX`, which is the same value.
 *
 * @param json - Valid JSON; white space between its tokens stays.
 */
export function printableJson(json: string): string {
  return json.replace(BEYOND_LAYOUT, escaped);
}

/**
 * JSON for terminals, logs and error bodies; what a number cannot hold is kept as `JSON.stringify` keeps it.
 */
export function jsonText(value: unknown, indent?: number): string {
  return printableJson(JSON.stringify(value, undefined, indent));
}

/** The encoder of text inside one line of a message: control characters, line breaks too, become `\uXXXX`. */
export function oneLineText(text: string): string {
  return text.replace(CONTROLS, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
