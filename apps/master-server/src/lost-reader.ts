/** Where a process writes for whoever reads it; fits `process.stderr`. */
export interface ReadStream {
  on(name: 'error', listener: () => void): unknown;
}

/**
 * Lets a process outlive whatever becomes of its output: a log collector that ended, a closed terminal, a
 * full disk. What is written then is lost, and nothing else.
 */
export function outliveReader(stream: ReadStream): void {
  // guard: output/lost-reader
  stream.on('error', () => {});
}
