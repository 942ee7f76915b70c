const LF = 0x0a;

/**
 * Calls back with each line that is not blank. Unlike `node:readline` it breaks at line feeds only: U+2028
 * may stand inside JSON.
 *
 * @param {import('node:stream').Readable} input
 * @param {(line: string) => void} onLine
 */
export function readLines(input, onLine) {
  /** @type {Buffer[]} */
  let held = [];
  input.on('data', (/** @type {Buffer} */ chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const line = Buffer.concat([...held, chunk.subarray(start, end)]).toString();
      held = [];
      start = end + 1;
      if (line.trim() !== '') onLine(line);
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
  });
}
