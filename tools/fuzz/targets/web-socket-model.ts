import { isUtf8 } from 'node:buffer';

/** What a server has to do with the bytes of a client, by RFC 6455. */
export interface Conversation {
  readonly messages: readonly string[];
  /** Payloads of the pings that are answered. */
  readonly pongs: readonly string[];
  /** Code of the close frame that the server sends; 1005: one without a code; `undefined`: none. */
  readonly closeCode: number | undefined;
  /** The same code where the client has broken a rule, and not closed itself. */
  readonly breach: number | undefined;
}

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10] as const;
const DATA: ReadonlySet<number> = new Set([CONTINUATION, TEXT, BINARY]);
const CONTROL: ReadonlySet<number> = new Set([CLOSE, PING, PONG]);
const SENDABLE_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
]);

/** Reads bytes as a server does that takes text of at most `maxBytes`; empty messages are nothing. */
export function modelConversation(bytes: Buffer, maxBytes: number): Conversation {
  const messages: string[] = [];
  const pongs: string[] = [];
  const end = (closeCode: number | undefined, isBreach: boolean): Conversation => ({
    messages,
    pongs,
    closeCode,
    breach: isBreach ? closeCode : undefined,
  });
  let at = 0;
  let message: { readonly opcode: number; readonly chunks: Buffer[] } | undefined;
  let messageBytes = 0;
  for (;;) {
    if (bytes.length - at < 2) return end(undefined, false);
    const [first = 0, second = 0] = bytes.subarray(at, at + 2);
    at += 2;
    const [isFinal, opcode, isMasked] = [(first & 0x80) !== 0, first & 0x0f, (second & 0x80) !== 0];
    let length = second & 0x7f;
    const isControl = CONTROL.has(opcode);
    if ((first & 0x70) !== 0 || !isMasked || (!isControl && !DATA.has(opcode))) return end(1002, true);
    if (isControl && (!isFinal || length > 125)) return end(1002, true);
    if (!isControl && (opcode === CONTINUATION) !== (message !== undefined)) return end(1002, true);
    if (opcode === CLOSE && length === 1) return end(1002, true);
    const longer = length === 126 ? 2 : length === 127 ? 8 : 0;
    if (bytes.length - at < longer) return end(undefined, false);
    if (longer === 2) length = bytes.readUInt16BE(at);
    if (longer === 8) length = Number(bytes.readBigUInt64BE(at));
    at += longer;
    if (!isControl) {
      messageBytes += length;
      if (messageBytes > maxBytes) return end(1009, true);
    }
    if (bytes.length - at < 4 + length) return end(undefined, false);
    const mask = bytes.subarray(at, at + 4);
    const payload = Buffer.from(
      bytes.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
    );
    at += 4 + length;
    if (opcode === CLOSE) return end(...answerToClose(payload));
    if (opcode === PING) pongs.push(payload.toString('latin1'));
    if (isControl) continue;
    message ??= { opcode, chunks: [] };
    message.chunks.push(payload);
    if (!isFinal) continue;
    const whole = Buffer.concat(message.chunks);
    if (message.opcode === BINARY) return end(1008, true);
    if (!isUtf8(whole)) return end(1007, true);
    if (whole.length > 0) messages.push(whole.toString('utf8'));
    message = undefined;
    messageBytes = 0;
  }
}

function answerToClose(payload: Buffer): readonly [closeCode: number, isBreach: boolean] {
  if (payload.length === 0) return [1005, false];
  const code = payload.readUInt16BE(0);
  if (!SENDABLE_CODES.has(code) && !(code >= 3000 && code <= 4999)) return [1002, true];
  return isUtf8(payload.subarray(2)) ? [code, false] : [1007, true];
}

/** What a server has sent: its frames are short and not masked. */
export function readServerFrames(bytes: Buffer): {
  readonly pongs: readonly string[];
  readonly closeCode: number | undefined;
} {
  const pongs: string[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const opcode = (bytes[at] ?? 0) & 0x0f;
    const length = bytes[at + 1] ?? 0;
    const payload = bytes.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    if (opcode === PONG) pongs.push(payload.toString('latin1'));
    if (opcode === CLOSE) return { pongs, closeCode: payload.length >= 2 ? payload.readUInt16BE(0) : 1005 };
  }
  return { pongs, closeCode: undefined };
}
