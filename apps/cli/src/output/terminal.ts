import { GatewayError } from '@omni/ports';

/** What a command needs of the process that it runs in. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a person reads stdout, stderr. */
  readonly isInteractive: { readonly out: boolean; readonly err: boolean };
  /** Results and nothing else. */
  writeOut(text: string): void;
  writeErr(text: string): void;
  /** The whole of stdin. @throws {@link GatewayError} `OMNI_USAGE` when it is too long or not UTF-8. */
  readInput(): Promise<string>;
}

/** Longest input, in bytes: what the gateway takes by default. */
const MAX_INPUT_BYTES = 4_194_304;

/** The process itself. */
export const processTerminal: Terminal = {
  environment: process.env,
  isInteractive: { out: process.stdout.isTTY === true, err: process.stderr.isTTY === true },
  writeOut: (text) => void process.stdout.write(text),
  writeErr: (text) => void process.stderr.write(text),
  async readInput() {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of process.stdin) {
      // Without an encoding stdin gives bytes.
      const bytes = chunk as Uint8Array;
      length += bytes.length;
      if (length > MAX_INPUT_BYTES) throw new GatewayError('OMNI_USAGE', 'The input is longer than 4 MiB');
      chunks.push(bytes);
    }
    return decodeUtf8(Buffer.concat(chunks), 'The input');
  },
};

/** @throws {@link GatewayError} `OMNI_USAGE` */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError('OMNI_USAGE', `${what} is not UTF-8 text`, { cause });
  }
}
