import { parseConfiguration } from '@omni/config';
import { LineSplitter } from '@omni/node';
import { GatewayError, type Exchange } from '@omni/ports';
import { StateSeal } from '@omni/router';
import { SseParser } from '@omni/upstreams';
import { UriTemplate } from '@omni/capabilities';
import * as jsonrpc from '@omni/jsonrpc';
import * as model from '@omni/model';
import type { FuzzTarget } from './fuzz-target.ts';
import { channelFront } from './targets/channel-front.ts';
import { configuration } from './targets/configuration.ts';
import { openFront } from './targets/front.ts';
import { headerValue } from './targets/header-value.ts';
import { httpAnswer } from './targets/http-answer.ts';
import { httpFront } from './targets/http-front.ts';
import { jsonScan } from './targets/json-scan.ts';
import { lineSplitter } from './targets/line-splitter.ts';
import { rpcMessage } from './targets/rpc-message.ts';
import { sseParser } from './targets/sse-parser.ts';
import { stateSeal } from './targets/state-seal.ts';
import { textEdit } from './targets/text-edit.ts';
import { uriTemplate } from './targets/uri-template.ts';
import { openServer, webSocket } from './targets/web-socket.ts';

/** A target whose code under test is wrong in one way: a search that does not find it finds nothing. */
export interface Control {
  readonly mistake: string;
  readonly target: () => FuzzTarget;
}

const SECRET = '${SECRET}';

/** One mistake for each target, named as the target. */
export const CONTROLS: Readonly<Record<string, Control>> = {
  'channel-front': {
    mistake: 'says twice that it cannot read a line',
    target: () =>
      channelFront(async (limits) => {
        const front = await openFront(limits);
        const bind = front.bind;
        front.bind = (open) =>
          bind((listener) => {
            const channel = open(listener);
            const send = (text: string): boolean =>
              channel.send(text) && (!text.includes('"id":null') || channel.send(text));
            return { send, close: () => channel.close() };
          });
        return front;
      }),
  },
  configuration: {
    mistake: 'quotes the source, with variables replaced, when it refuses it',
    target: () =>
      configuration((path, text) => {
        try {
          return parseConfiguration([{ path, text, role: 'base' }], { env: { SECRET: 'canary-7f3a9' } });
        } catch (error) {
          if (!(error instanceof GatewayError) || !text.includes(SECRET)) throw error;
          throw new GatewayError(error.code, `${error.message}\n${text.replaceAll(SECRET, 'canary-7f3a9')}`);
        }
      }),
  },
  'header-value': {
    mistake: 'takes Base64 whose padding is missing',
    target: () =>
      headerValue({
        encodeHeaderValue: model.encodeHeaderValue,
        decodeHeaderValue: (header) => {
          const base64 = /^=\?base64\?([A-Za-z0-9+/]+)\?=$/.exec(header)?.[1];
          return base64 === undefined
            ? model.decodeHeaderValue(header)
            : Buffer.from(base64, 'base64').toString('utf8');
        },
      }),
  },
  'http-answer': {
    mistake: 'passes on whatever holds the id somewhere',
    target: () => {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      return httpAnswer((body, id) => {
        const text = decoder.decode(body);
        return text.includes(`"id":${id}`) ? { kind: 'bytes', text } : { kind: 'failure', text: '' };
      });
    },
  },
  'http-front': {
    mistake: 'takes any version in the header for the one in the body',
    target: () =>
      httpFront(async (limits) => {
        const front = await openFront(limits);
        const handle = front.handle;
        front.handle = (exchange) => handle(withVersion(exchange));
        return front;
      }),
  },
  'json-scan': {
    mistake: 'takes numbers with a leading zero',
    target: () =>
      jsonScan((text, limits, plan) => {
        const found = jsonrpc.scanJson(text, limits, plan);
        return found.kind === 'problem' && found.problem === 'syntax' && /[[,:]-?0[0-9]/.test(text)
          ? { kind: 'scalar' }
          : found;
      }),
  },
  'line-splitter': {
    mistake: 'drops white space at the end of a line',
    target: () =>
      lineSplitter(
        (sink, max) =>
          new LineSplitter({ ...sink, onMessage: (text) => sink.onMessage(text.trimEnd()) }, max),
      ),
  },
  'rpc-message': {
    mistake: 'does not look at the version of JSON-RPC',
    target: () =>
      rpcMessage((text, limits) =>
        jsonrpc.parseMessage(text.replace(/"jsonrpc":[^,}]*/, '"jsonrpc":"2.0"'), limits),
      ),
  },
  'sse-parser': {
    mistake: 'loses events of two characters',
    target: () =>
      sseParser(
        (sink, max) =>
          new SseParser(
            {
              onEvent(event) {
                if (event.data.length !== 2) sink.onEvent(event);
              },
            },
            max,
          ),
      ),
  },
  'state-seal': {
    mistake: 'takes one character too many behind a state',
    target: () =>
      stateSeal((keys) => {
        const seal = new StateSeal(keys);
        return {
          seal: (text) => seal.seal(text),
          open: async (state) => (await seal.open(state)) ?? seal.open(state.slice(0, -1)),
        };
      }),
  },
  'text-edit': {
    mistake: 'sets members one by one, so that the comma between two in an empty object is missing',
    target: () =>
      textEdit({
        ...jsonrpc,
        setMembers: (object, values) => values.map(([key, json]) => jsonrpc.setMember(object, key, json)),
      }),
  },
  'uri-template': {
    mistake: 'lets a simple variable reach over a slash',
    target: () => uriTemplate((text) => UriTemplate.compile(text.replaceAll(/\{([a-z]+)\}/g, '{+$1}'))),
  },
  'web-socket': {
    mistake: 'closes with another code when text is no UTF-8',
    target: () =>
      webSocket(async () => {
        const server = await openServer();
        return {
          close: () => server.close(),
          converse: async (bytes) => {
            const conversation = await server.converse(bytes);
            return conversation.closeCode === 1007 ? { ...conversation, closeCode: 1002 } : conversation;
          },
        };
      }),
  },
};

/** The request as if its header named the version of the modern era, whatever it names. */
function withVersion(exchange: Exchange): Exchange {
  return {
    method: exchange.method,
    path: exchange.path,
    query: exchange.query,
    headers: exchange.headers,
    listener: exchange.listener,
    connection: exchange.connection,
    peerAddress: exchange.peerAddress,
    peerCertificate: exchange.peerCertificate,
    header(name) {
      const value = exchange.header(name);
      return name === 'mcp-protocol-version' && value?.startsWith('2025') === false ? '2026-07-28' : value;
    },
    readBody: (maxBytes) => exchange.readBody(maxBytes),
    belongsTo: (principal) => exchange.belongsTo(principal),
    onGone: (listener) => exchange.onGone(listener),
    respond: (status, headers, body) => exchange.respond(status, headers, body),
    stream: (status, headers) => exchange.stream(status, headers),
  };
}
