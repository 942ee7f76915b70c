import { type ChildProcess, spawn } from 'node:child_process';
import { GatewayError, redactorOf, SecretBuffer, type SecretProvider } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';
import { commandWords } from './command-words.ts';

export interface ProgramSecretsOptions {
  /** What programs get: they are the operator's, and have credentials of their own in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Longest value, in bytes. */
const MAX_BYTES = 65_536;
const MAX_WORDS_BYTES = 4_096;

/**
 * Secrets that programs print, such as `op read op://vault/item/field` or `sops -d --extract …`. The name is
 * the command line, whose words are given to the program as they are: there is no shell.
 */
export class ProgramSecrets implements SecretProvider {
  readonly #environment: ProgramSecretsOptions['environment'];

  constructor({ environment }: ProgramSecretsOptions) {
    this.#environment = environment;
  }

  getName(): string {
    return 'program';
  }

  isAvailable(): Promise<boolean> {
    return Promise.resolve(true);
  }

  resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
    const words = commandWords(name);
    if (words === undefined)
      return Promise.reject(failure('A command of ${EXEC:…} has no program, or a quote that is not closed'));
    return new Promise((resolve, reject) => {
      const [program, ...given] = words;
      // A group of its own, so that nothing that it has started outlives it.
      const child = spawn(program, given, {
        env: this.#environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
      const output = new BoundedOutput(MAX_BYTES);
      const complaints = new BoundedOutput(MAX_WORDS_BYTES);
      const end = (): void => killGroup(child);
      signal.addEventListener('abort', end, { once: true });
      child.stdout.on('data', (chunk: Buffer) => {
        output.add(chunk);
        // guard: secrets/program-output
        if (output.isOverflown) end();
      });
      child.stderr.on('data', (chunk: Buffer) => complaints.add(chunk));
      child.on('error', (cause) => {
        signal.removeEventListener('abort', end);
        output.zero();
        reject(failure(`${program} cannot be started (${errorCode(cause) ?? 'unknown'})`, cause));
      });
      child.on('close', (code, killedBy) => {
        signal.removeEventListener('abort', end);
        const bytes = output.take();
        try {
          if (signal.aborted) throw failure(`${program} did not end in time`);
          if (output.isOverflown) throw failure(`${program} printed more than 64 KiB`);
          if (code === 0) {
            resolve(bytes.length === 0 ? undefined : new SecretBuffer(Uint8Array.from(bytes)));
            return;
          }
          const ended = code === null ? `was ended by ${killedBy}` : `ended with ${code}`;
          // What a program says may be shown to whoever reads the log, and not to clients.
          throw failure(`${program} ${ended}`, complaint(complaints.take(), bytes));
        } catch (error) {
          reject(error);
        } finally {
          bytes.fill(0);
        }
      });
    });
  }

  store(): Promise<void> {
    return Promise.reject(readOnly());
  }

  delete(): Promise<boolean> {
    return Promise.reject(readOnly());
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }
}

/** The first bytes of what a program prints. */
class BoundedOutput {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #isOverflown = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isOverflown(): boolean {
    return this.#isOverflown;
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) this.#isOverflown = true;
    else this.#chunks.push(chunk);
  }

  /** Without one line end at the end; what it was put together of is zeroed. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.zero();
    let end = bytes.length;
    if (bytes[end - 1] === 0x0a) end--;
    if (end < bytes.length && bytes[end - 1] === 0x0d) end--;
    return bytes.subarray(0, end);
  }

  zero(): void {
    for (const chunk of this.#chunks) chunk.fill(0);
    this.#chunks.length = 0;
  }
}

/** What it complained about, without what it has printed as a value. */
function complaint(words: Buffer, value: Buffer): Error | undefined {
  const redact = /* guard: secrets/program-words */ redactorOf([value.toString('utf8')]);
  const text = redact(words.toString('utf8'));
  const [line = ''] = text.trim().split('\n');
  return line === '' ? undefined : new Error(line.slice(0, 200));
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid === undefined) return;
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function failure(message: string, cause?: unknown): GatewayError {
  return new GatewayError('OMNI_SECRET_UNAVAILABLE', message, { ...(cause !== undefined && { cause }) });
}

function readOnly(): GatewayError {
  return new GatewayError('OMNI_SECRET_READ_ONLY', 'A program that prints a secret takes none');
}
