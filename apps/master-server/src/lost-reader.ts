/** Where a process writes for whoever reads it; fits `process.stderr`. */
export interface ReadStream {
  on(name: 'error', listener: (error: Error & { readonly code?: string }) => void): unknown;
}

/** A log collector that ended, a terminal that was closed. */
const GONE = ['EPIPE', 'EIO'];

/** Lets a process outlive the reader of its output. What is written then is lost, and nothing else. */
export function outliveReader(stream: ReadStream): void {
  stream.on('error', (error) => {
    if (!GONE.includes(error.code ?? '')) throw error;
  });
}
