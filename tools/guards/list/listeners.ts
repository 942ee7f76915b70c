import type { Guard } from '../guard.ts';

/** What the listeners take from clients. */
export const LISTENER_GUARDS: readonly Guard[] = [
  {
    name: 'listener/answers-being-read',
    against: 'A stop cuts clients that are still reading their answer.',
    without: 'server.close();',
  },
  {
    name: 'response/given-back-when-sent',
    against: 'Bytes are given back that the network has not taken yet.',
    without: 'const isFree = this.#take(chunk);\n    releaseBytes(chunk);\n    return isFree;',
  },
  {
    name: 'http/connections',
    against: 'Any number of connections are open, and nobody is told that there are too many.',
  },
  {
    name: 'http/paced',
    against:
      'All requests that hundreds of connections send at once begin at once, and everybody waits for all of them.',
  },
  {
    name: 'http/pipelined',
    against: 'One connection has tens of thousands of requests answered before anybody else has one.',
  },
  {
    name: 'http/idle-only',
    against: 'A request under way is cut to make room for a new connection.',
    without: 'other !== connection',
  },
  {
    name: 'http/declared-length',
    against: 'A declared gigabyte is read before it is refused.',
    rule: 'GHSA-f897-62hf-6gxq',
    without: 'false',
  },
  {
    name: 'http/chunked-length',
    against: 'A body without a declared end fills the memory.',
    rule: 'GHSA-f897-62hf-6gxq',
  },
  {
    name: 'http/header-bytes',
    against: 'Headers of any size fill the memory.',
    without: '1_048_576',
  },
  {
    name: 'http/header-count',
    against: 'A request with thousands of headers is served.',
  },
  {
    name: 'http/header-count-of-upgrade',
    against: 'A request for an upgrade with thousands of headers is served.',
  },
  {
    name: 'http/body-timeout',
    against: 'Connections that send one byte a minute stay open.',
    without: 'requestTimeout: 0',
  },
  {
    name: 'http/stall',
    against: 'A client that reads nothing of its answer holds it in memory.',
  },
  {
    name: 'http/slow-tls',
    against: 'A client that reads a long answer slowly over TLS is cut.',
    without: '{\n      socket.destroy();\n      return;\n    }',
  },
  {
    name: 'stall/slow-tls',
    against: 'A client that reads a long message slowly over TLS is cut.',
  },
  {
    name: 'http/room',
    against: 'Bodies that arrive slowly on many connections fill the memory.',
  },
  {
    name: 'http/second-answer',
    against: 'Two answers run into each other.',
  },
  {
    name: 'http/error-into-answer',
    against: 'An error is written into an answer that has begun.',
    without: 'exchange !== undefined',
  },
  {
    name: 'http/connect',
    against: 'A client makes a proxy of Omni.',
  },
  {
    name: 'http/unread-body',
    against: 'The rest of a refused body is taken for the next request.',
    without: 'return false;',
  },
  {
    name: 'http/doubled-headers',
    against: 'A header that stands twice is read differently by who stands between.',
    without: 'true',
  },
  {
    name: 'tls/bad-certificate',
    against: 'A renewed certificate that is no good ends TLS.',
  },
  {
    name: 'tls/quoted-key',
    against: 'An error quotes the private key.',
    without:
      "`Cannot use ${file} for TLS (${errorCode(error) ?? 'it is no PEM file of this kind'}): ${await readFile(key, 'utf8')}`",
  },
  {
    name: 'tls/unverified-certificate',
    against: 'A certificate that its owner has signed himself counts as if an authority had.',
    without: 'if (!(socket instanceof TLSSocket)) return undefined;',
  },
  {
    name: 'upgrade/decision',
    against: 'A WebSocket is opened without a look at Host, Origin and token.',
    rule: 'CVE-2025-66414',
    without: 'this.#server.handleUpgrade(request, socket, head, () => {})',
  },
  {
    name: 'upgrade/undecided',
    against: 'A stop waits without end for a client of which nobody knows yet whether it may connect.',
  },
  {
    name: 'upgrade/sub-protocol',
    against: 'A client that speaks something else is served.',
  },
  {
    name: 'upgrade/count',
    against: 'Any number of WebSockets are open.',
  },
  {
    name: 'unread/budget',
    against: 'Clients that do not read fill the memory, on as many connections as they like.',
  },
  {
    name: 'unread/fair',
    against: 'Whoever does not read has the answers of others cut.',
    without: 'this.#holders.keys().next().value?.sharer',
  },
  {
    name: 'upgrade/message-size',
    against: 'A message of any size fills the memory.',
    without: '0',
  },
  {
    name: 'upgrade/pipelined',
    against: 'Frames run into the answers that pipelined requests wait for.',
  },
  {
    name: 'upgrade/binary',
    against: 'A binary frame is taken for text.',
  },
  {
    name: 'upgrade/slow-reader',
    against: 'Messages for a client that does not read pile up.',
  },
  {
    name: 'upgrade/dead',
    against: 'A connection whose other side is gone stays open.',
  },
  {
    name: 'upgrade/stall',
    against: 'A client that sends and never reads holds what waits for it in memory.',
  },
  {
    name: 'upgrade/control-flood',
    against: 'Control frames between the parts of a message take the room of other clients.',
  },
  {
    name: 'upgrade/room',
    against: 'Messages in chunks on many WebSockets fill the memory.',
    without: 'true',
  },
  {
    name: 'stall/sender',
    against: 'A client that sends now and then is taken for one that reads.',
    without: 'now === taken && this.#socket.bytesRead === 0',
  },
  {
    name: 'stall/slow',
    against: 'A client that reads slowly is cut.',
    without: 'true',
  },
  {
    name: 'socket/stall',
    against: 'A client of a socket that reads nothing keeps its connection, and what runs for it.',
  },
  {
    name: 'socket/web-page',
    against: 'A web page sends its POST to the raw TCP port, and its body is obeyed.',
  },
  {
    name: 'socket/mode',
    against: 'Every user of the machine connects to the socket.',
    without: '0o000',
  },
  {
    name: 'socket/shared-folder',
    against: 'Another user puts a socket in the place of Omni’s own and is shown what clients send.',
  },
  {
    name: 'cli/owner-proof',
    against: 'Any program that listens on the port is shown the token of the owner.',
    without: 'true',
  },
  {
    name: 'socket/count',
    against: 'Any number of socket connections are open.',
  },
  {
    name: 'socket/silent',
    against: 'Connections that say nothing stay for ever.',
  },
  {
    name: 'socket/path-length',
    against: 'The system cuts a long path, and the socket is somewhere else.',
  },
  {
    name: 'socket/in-use',
    against: 'The socket of a running Omni is taken away.',
  },
  {
    name: 'socket/no-socket',
    against: 'A file is removed that is no socket.',
  },
  {
    name: 'mount/authentication',
    against:
      'A handler in a server of somebody else serves everybody, since nothing says who sends a request.',
    rule: 'decision 0048',
  },
  {
    name: 'mount/nobody-known',
    against: 'Open mode, meant for listeners on loopback, lets in whom the host does not know.',
    rule: 'decision 0048',
    without: 'parts.authentication',
  },
  {
    name: 'mount/principal',
    against: 'Users that the host has let in are asked for a token of Omni.',
    without: 'true',
  },
  {
    name: 'mount/named',
    against: 'Whatever a host without types answers with is let in as a user.',
    rule: 'decision 0048',
  },
  {
    name: 'mount/reserved-id',
    against: 'A user of the host who is called owner becomes the owner of Omni.',
    rule: 'decision 0048',
  },
  {
    name: 'mount/beside-base-path',
    against: 'A path beside the one of the handler is served where a framework has taken another one off.',
  },
  {
    name: 'mount/base-path',
    against: 'A path beside the one of the handler is served as if it were below it.',
  },
  {
    name: 'mount/taken-body',
    against:
      'A request whose body the host has parsed counts as one without a body, the fault of its client.',
    rule: 'decision 0049',
  },
  {
    name: 'mount/kept-body-limit',
    against: 'A body of any length is taken where the host has read it.',
  },
  {
    name: 'mount/answered-by-host',
    against: 'A late answer throws where the host has answered already, and ends the process.',
    without: 'return false;',
  },
  {
    name: 'fetch/declared-length',
    against: 'A body beyond the limit is read although its length was declared.',
  },
  {
    name: 'fetch/body-limit',
    against: 'A body without a declared length fills the memory.',
  },
  {
    name: 'fetch/room',
    against: 'Bodies that arrive slowly in many requests fill the memory.',
  },
  {
    name: 'fetch/taken-body',
    against: 'A body that the host has read fails without a word on what to do.',
    rule: 'decision 0049',
  },
  {
    name: 'fetch/backpressure',
    against: 'A slow reader makes a server that answers at length fill the memory.',
    without: 'false',
  },
  {
    name: 'fetch/stall',
    against: 'A client that never reads holds its answers for ever.',
  },
  {
    name: 'fetch/second-answer',
    against: 'Two answers are given to one request.',
  },
  {
    name: 'line/size',
    against: 'A line of any length fills the memory.',
  },
  {
    name: 'line/room',
    against: 'Unfinished lines on many connections fill the memory.',
  },
  {
    name: 'line/size-of-whole',
    against: 'A long line that comes in one chunk is read.',
  },
  {
    name: 'line/utf8',
    against: 'Bytes that are no text are replaced, and the other side gets what nobody sent.',
  },
  {
    name: 'line/breaks',
    against: 'A line break inside a message makes the other side read one that nobody sent.',
    without: 'const line = text;',
  },
  {
    name: 'line/backlog',
    against: 'Lines for a process that does not read pile up.',
  },
];
