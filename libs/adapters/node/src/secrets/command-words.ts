/**
 * Takes a command line apart: words between spaces; quotes, single or double, keep spaces together. Nothing
 * else means anything: there is no shell.
 *
 * @returns `undefined` when a quote is not closed, or there is no word.
 */
export function commandWords(line: string): readonly [string, ...string[]] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"']|"[^"]*"|'[^']*')+)/gy;
  let end = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    words.push((match[1] ?? '').replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
    end = pattern.lastIndex;
  }
  if (line.slice(end).trim() !== '') return undefined;
  const [program, ...rest] = words;
  return program === undefined || program === '' ? undefined : [program, ...rest];
}
