import { applyEdits, memberOf, objectIn, parseMessage, rawOf, TRUSTED_LIMITS } from '@omni/jsonrpc';
import {
  type CallHandler,
  callParams,
  type Dialect,
  ForwardingHandler,
  type SendCall,
  type UpstreamAnswer,
  type UpstreamCall,
} from '@omni/model';

const META_VERSION = 'io.modelcontextprotocol/protocolVersion';

/** Sends calls in the terms of the upstream's dialect, and tells their answers in the common ones. */
export function sendInDialect(dialect: Dialect, send: SendCall): SendCall {
  return (call, handler) => send(inDialect(dialect, call), new DialectAnswer(dialect, call.method, handler));
}

function inDialect(dialect: Dialect, call: UpstreamCall): UpstreamCall {
  const { text, paramsStart, paramsEnd, edits, method } = call;
  const meta = memberOf(objectIn(text.slice(paramsStart, paramsEnd), { _meta: {} }), '_meta')?.object;
  const version = memberOf(meta, META_VERSION);
  const renamed =
    version === undefined
      ? []
      : [
          {
            start: paramsStart + version.start,
            end: paramsStart + version.end,
            text: JSON.stringify(dialect.version),
          },
        ];
  return {
    ...call,
    edits: [...edits, ...renamed],
    paramHeaders: [...call.paramHeaders, ...dialect.headersOf(method, callParams(call))],
    allowPassthrough: false,
  };
}

class DialectAnswer extends ForwardingHandler {
  readonly #dialect: Dialect;
  readonly #method: string;

  constructor(dialect: Dialect, method: string, next: CallHandler) {
    super(next);
    this.#dialect = dialect;
    this.#method = method;
  }

  override onAnswer(answer: UpstreamAnswer): void {
    const { message } = answer.kind === 'message' ? answer : { message: undefined };
    const result = message === undefined ? undefined : rawOf(message, message.result);
    if (answer.kind === 'bytes' || message?.result === undefined || result === undefined)
      return super.onAnswer(answer);
    const { start, end } = message.result;
    const text = this.#dialect.toCommon(this.#method, result);
    const common = parseMessage(applyEdits(message.text, [{ start, end, text }]), TRUSTED_LIMITS);
    super.onAnswer(common.kind === 'response' ? { ...answer, message: common } : answer);
  }

  /** An answer has to be whole to be translated. */
  override get chunks(): undefined {
    return undefined;
  }
}
