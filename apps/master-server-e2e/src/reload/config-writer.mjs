/*
 * Writes a configuration again and again, never whole at once: config-writer.mjs FILE COUNT URL. Every way of
 * writing leaves half a file, an empty one or none for a moment. Now and then it rests, so that what it has
 * written is taken.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';

const [file, count, url] = process.argv.slice(2);
const REST_EACH = 25;
const REST_MS = 700;
const PAUSE_MS = 2;

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Another one for each number; one server is another one each time. */
function textOf(number) {
  const entry = (name, more = '') => `  ${name}: { type: http, url: "${url}"${more} }\n`;
  return [
    'auth: { mode: open }\nreload: { debounce: 150ms }\nmcpServers:\n',
    ...['a', 'b', 'c'].map((name) => entry(name)),
    entry('turns', `, headers: { X-Number: "${number}" }`),
    entry('n', `, disabled: true, headers: { X-Number: "${number}" }`),
    entry(`v${number}`, ', disabled: true'),
  ].join('');
}

function inPieces(handle, text, number) {
  const cut = (number * 7919) % text.length;
  writeSync(handle, text.slice(0, cut));
  pause(PAUSE_MS);
  writeSync(handle, text.slice(cut));
  fsyncSync(handle);
  closeSync(handle);
}

for (let number = 1; number <= Number(count); number++) {
  const text = textOf(number);
  const way = number % 4;
  if (way === 0) inPieces(openSync(file, 'w'), text, number);
  else if (way === 1) {
    const handle = openSync(file, 'r+');
    inPieces(handle, text, number);
    const whole = openSync(file, 'r+');
    ftruncateSync(whole, Buffer.byteLength(text));
    closeSync(whole);
  } else if (way === 2) {
    unlinkSync(file);
    pause(PAUSE_MS);
    inPieces(openSync(file, 'w'), text, number);
  } else {
    inPieces(openSync(`${file}.aside`, 'w'), text, number);
    renameSync(`${file}.aside`, file);
  }
  if (number % REST_EACH === 0) pause(REST_MS);
}
