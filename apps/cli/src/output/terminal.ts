import { GatewayError, terminalText } from '@omni/ports';

/** What a command needs of the process that it runs in. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a person reads stdout, stderr. */
  readonly isInteractive: { readonly out: boolean; readonly err: boolean };
  /**
   * Results and nothing else, for people or as JSON: what would act on a terminal is replaced, wherever it
   * goes.
   */
  writeOut(text: string): void;
  /** What a tool says: to a terminal as {@link writeOut}, to a pipe or a file as it is. */
  writeContent(text: string): void;
  /** As {@link writeOut}. */
  writeErr(text: string): void;
  /** The whole of stdin. @throws {@link GatewayError} `OMNI_USAGE` when it is too long or not UTF-8. */
  readInput(): Promise<string>;
  /**
   * A line that a person types, which is not shown. Absent where stdin is no terminal.
   *
   * @param question - Written to stderr before.
   * @throws {@link GatewayError} `OMNI_CANCELLED`
   */
  readHidden?(question: string): Promise<string>;
}

/** Longest input, in bytes: what the gateway takes by default. */
const MAX_INPUT_BYTES = 4_194_304;

interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The one place that writes to the standard streams: everything passes its encoder. */
export function encodedOutput({
  stdout,
  stderr,
}: {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}): Pick<Terminal, 'isInteractive' | 'writeOut' | 'writeContent' | 'writeErr'> {
  const isInteractive = { out: stdout.isTTY === true, err: stderr.isTTY === true };
  return {
    isInteractive,
    writeOut: (text) => void stdout.write(/* guard: terminal/out */ terminalText(text)),
    writeContent: (text) =>
      void stdout.write(/* guard: terminal/content */ isInteractive.out ? terminalText(text) : text),
    writeErr: (text) => void stderr.write(/* guard: terminal/err */ terminalText(text)),
  };
}

/** The process itself. */
export const processTerminal: Terminal = {
  environment: process.env,
  ...encodedOutput(process),
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
  ...(process.stdin.isTTY && {
    readHidden: (question: string) =>
      hiddenLine(process.stdin, (text) => void process.stderr.write(text), question),
  }),
};

/** What is used of the stream of a terminal. */
interface TypedStream {
  setRawMode(isRaw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Reads a line without echo. */
export function hiddenLine(
  stdin: TypedStream,
  write: (text: string) => void,
  question: string,
): Promise<string> {
  write(question);
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let typed = '';
    const end = (): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      write('\n');
    };
    const onData = (chunk: Uint8Array): void => {
      for (const character of decoder.decode(chunk, { stream: true })) {
        if (character === '\r' || character === '\n') {
          end();
          return resolve(typed);
        }
        if (character === '\u0003' || character === '\u0004') {
          end();
          return reject(new GatewayError('OMNI_CANCELLED', 'Nothing was typed'));
        }
        if (character === '\u007f' || character === '\b') typed = typed.replace(/.$/u, '');
        else typed += character;
      }
    };
    stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
  });
}

/** @throws {@link GatewayError} `OMNI_USAGE` */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError('OMNI_USAGE', `${what} is not UTF-8 text`, { cause });
  }
}
