/**
 * Replaces `//` and block comments of JSON by spaces, so that what remains is YAML 1.2 with every character in its place.
 *
 * @returns Same length and same line breaks as the input; strings are untouched; an unclosed comment reaches to the end.
 */
export function blankJsonComments(text: string): string {
  // Strings come first in the alternation: a comment mark inside one is text.
  const token = /"(?:[^"\\\n]|\\[^\n])*"?|'[^'\n]*'?|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/g;
  return text.replace(token, (match) => (match.startsWith('/') ? match.replace(/[^\r\n]/g, ' ') : match));
}
