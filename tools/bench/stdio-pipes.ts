import { Buffer } from 'node:buffer';
import { faultOfBody, isRefusal } from './answer-check.ts';
import { echoArguments, tokenOf } from './echo-tool.ts';
import type { Lane, OnCallEnd } from './lane.ts';
import type { StdioProgram } from './load-job.ts';
import { PinnedProcess } from './pinned-process.ts';
import { FIRST_CALL_ID, INITIALIZE_PARAMS } from './request-text.ts';
import { UPSTREAM_NAME, type StdioTarget } from './target.ts';

const LF = 0x0a;
const ANSWER_ID = /"id": ?(\d{10})/;
/** Calls have ids behind this one. */
const GREETING_ID = FIRST_CALL_ID;
const GREETING_TIMEOUT_MS = 20_000;

/** Programs on whose standard streams calls are made, by name. */
export class StdioPipes {
  readonly #pipes = new Map<string, StdioPipe>();

  /** Starts a program, greets it as a legacy client and gives its pid. */
  async spawn(program: StdioProgram): Promise<number> {
    const pipe = new StdioPipe(program);
    this.#pipes.set(program.name, pipe);
    await pipe.greet();
    return pipe.process.pid;
  }

  async end(name: string): Promise<void> {
    await this.#pipes.get(name)?.process.stop();
    this.#pipes.delete(name);
  }

  /** A lane on a program that was spawned. */
  lane(target: StdioTarget, bytes: number, onCallEnd: OnCallEnd): Lane {
    const pipe = this.#pipes.get(target.pipe);
    if (pipe === undefined) throw new Error(`${target.pipe} does not run`);
    return new StdioLane(pipe, target, bytes, onCallEnd);
  }
}

/** One program: answers find their lanes by id, and what lanes send at the same time leaves in one write. */
class StdioPipe {
  readonly process: PinnedProcess;
  readonly #waiting = new Map<number, (line: Buffer) => void>();
  #rest: Buffer | undefined;
  #out = '';

  constructor(program: StdioProgram) {
    this.process = new PinnedProcess({ ...program, pipes: true });
    const { stdin, stdout } = this.process.child;
    stdin?.on('error', () => undefined);
    stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  async greet(): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => reject(new Error(`${what}: ${this.process.logTail()}`));
      const timer = setTimeout(() => fail('no answer to initialize'), GREETING_TIMEOUT_MS);
      this.process.child.once('exit', () => fail('it ended before it answered'));
      this.send(
        GREETING_ID,
        message({ id: GREETING_ID, method: 'initialize', params: INITIALIZE_PARAMS }),
        () => {
          clearTimeout(timer);
          resolve();
        },
      );
    });
    await answered;
    this.process.child.removeAllListeners('exit');
    this.#write(message({ method: 'notifications/initialized' }));
  }

  send(id: number, line: string, onAnswer: (line: Buffer) => void): void {
    this.#waiting.set(id, onAnswer);
    this.#write(line);
  }

  forget(id: number): void {
    this.#waiting.delete(id);
  }

  #write(line: string): void {
    if (this.#out === '') queueMicrotask(() => this.#flush());
    this.#out += line;
  }

  #flush(): void {
    const out = this.#out;
    this.#out = '';
    this.process.child.stdin?.write(out);
  }

  #read(chunk: Buffer): void {
    const data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, start)) {
      this.#deliver(data.subarray(start, end));
      start = end + 1;
    }
    this.#rest = start === data.length ? undefined : data.subarray(start);
  }

  #deliver(line: Buffer): void {
    const id = Number(ANSWER_ID.exec(line.toString('latin1'))?.[1]);
    const onAnswer = this.#waiting.get(id);
    this.#waiting.delete(id);
    onAnswer?.(line);
  }
}

/** A place for one call at a time on a pipe. */
class StdioLane implements Lane {
  readonly #pipe: StdioPipe;
  readonly #bytes: number;
  readonly #onCallEnd: OnCallEnd;
  readonly #lineOf: (id: number) => string;
  #callId = 0;
  dueAt = 0;

  constructor(pipe: StdioPipe, target: StdioTarget, bytes: number, onCallEnd: OnCallEnd) {
    this.#pipe = pipe;
    this.#bytes = bytes;
    this.#onCallEnd = onCallEnd;
    this.#lineOf = lineWriter(target, bytes);
  }

  get isBusy(): boolean {
    return this.#callId !== 0;
  }

  send(id: number, dueAt: number): void {
    this.#callId = id;
    this.dueAt = dueAt;
    this.#pipe.send(id, this.#lineOf(id), (line) => {
      this.#callId = 0;
      const fault = faultOfBody([line], { dialect: 'legacy', id, bytes: this.#bytes });
      this.#onCallEnd(this, fault !== undefined && isRefusal([line]) ? 'refusal' : fault);
    });
  }

  close(): void {
    this.#pipe.forget(this.#callId);
  }
}

function message(content: object): string {
  return `${JSON.stringify({ jsonrpc: '2.0', ...content })}\n`;
}

/** The line that calls the echo tool, cut where id and token stand, because this runs once per call. */
export function lineWriter({ toolName, metaTool }: StdioTarget, bytes: number): (id: number) => string {
  const token = tokenOf(FIRST_CALL_ID);
  const toolArguments = echoArguments(token, bytes);
  const params =
    metaTool === undefined
      ? { name: toolName, arguments: toolArguments }
      : {
          name: metaTool,
          arguments: { mcp_name: UPSTREAM_NAME, tool_name: toolName, parameters: toolArguments },
        };
  const line = message({ id: FIRST_CALL_ID, method: 'tools/call', params });
  const [beforeToken = '', afterToken = ''] = line.split(token);
  const [beforeId = '', betweenIdAndToken = ''] = beforeToken.split(String(FIRST_CALL_ID));
  return (id) => beforeId + String(id) + betweenIdAndToken + tokenOf(id) + afterToken;
}
