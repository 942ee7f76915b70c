import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, type ClientContext, endpointOf } from '@omni/model';
import { ElicitationLabels } from './elicitation-labels.ts';
import { RequestRouter } from '../request-router.ts';
import { RecordingReply, ScriptedViews, ScriptedConnection, ScriptedUpstreams } from '../router.fixture.ts';

const LIMITS = { maxDepth: 64, maxElements: 1_000 };
const CLIENT: ClientContext = {
  principal: { id: 'ada', kind: 'token' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{"elicitation":{"form":{}}}',
  clientInfo: '{}',
};
const names = new ElicitationLabels(() => true);

function message(text: string): RpcMessage {
  const parsed = parseMessage(text, LIMITS);
  if (parsed.kind === 'batch' || parsed.kind === 'rejected') throw new TypeError('a test message is not one');
  return parsed;
}

/** An elicitation with these members of `params`. */
function elicitation(params: string): RpcMessage {
  return message(`{"jsonrpc":"2.0", "id":7,"method":"elicitation/create","params":{${params}}}`);
}

function answer(requests: string): RpcMessage {
  return message(
    `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required", "inputRequests":${requests},"requestState":"s"}}`,
  );
}

describe('ElicitationLabels', () => {
  it.each([
    [
      '"message":"Who?","requestedSchema":{ "type":"object"}',
      '"message":"[files] Who?","requestedSchema":{ "type":"object"}',
    ],
    [
      '"mode":"url","url":"https://e.example", "message" : "\\u00e9 \\"q\\""',
      '"mode":"url","url":"https://e.example", "message" : "[files] \\u00e9 \\"q\\""',
    ],
    ['"message":"","x":1.0', '"message":"[files] ","x":1.0'],
    // Nothing to read for anybody.
    ['"mode":"form"', '"mode":"form"'],
    ['"message":7', '"message":7'],
  ])(
    'puts the name of the server before the message of an elicitation with %s, and leaves the rest',
    (given, expected) => {
      expect(names.inRequest(elicitation(given), 'files', CLIENT).text).toBe(elicitation(expected).text);
      const entry = (params: string): string => `{"q1":{"method":"elicitation/create","params":{${params}}}}`;
      expect(names.inAnswer(answer(entry(given)), 'files', CLIENT).text).toBe(answer(entry(expected)).text);
    },
  );

  it('names the server in what a task waits for, and in nothing else of the notification', () => {
    const notification = (text: string): RpcMessage =>
      message(
        `{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","n":1.0,"inputRequests":{"a":{"method":"elicitation/create","params":{"message":"${text}"}},"b":{"method":"roots/list"}}}}`,
      );
    expect(names.inTaskNotice(notification('Who?'), 'files', CLIENT).text).toBe(
      notification('[files] Who?').text,
    );
    expect(
      names.inTaskNotice(notification('Who?'), 'files', { ...CLIENT, endpoint: endpointOf('files') }).text,
    ).toBe(notification('Who?').text);
  });

  it('leaves other questions as they are', () => {
    const sampling = message(
      '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"message":"x","messages":[]}}',
    );
    const roots = message('{"jsonrpc":"2.0","id":7,"method":"roots/list"}');
    expect(names.inRequest(sampling, 'files', CLIENT)).toEqual(sampling);
    expect(names.inRequest(roots, 'files', CLIENT)).toEqual(roots);
  });

  it('names the server in each elicitation among the questions of a modern one, and in nothing else', () => {
    const requests = (prefix: string): string =>
      `{ "a":{"method":"elicitation/create","params":{"message":"${prefix}One","n":1e400}}, "b":{"method":"sampling/createMessage","params":{"message":"Two"}},"c":{"method":"roots/list"},"d":{"params":{"message":"${prefix}Four"},"method":"elicitation/create"}}`;
    expect(names.inAnswer(answer(requests('')), 'files', CLIENT).text).toBe(
      answer(requests('[files] ')).text,
    );
  });

  it.each([
    '{}',
    '[]',
    '7',
    '{"a":7}',
    '{"a":{"method":"elicitation/create"}}',
    '{"a":{"method":7,"params":{"message":"x"}}}',
  ])('leaves questions alone that are none: %s', (requests) => {
    const given = answer(requests);
    expect(names.inAnswer(given, 'files', CLIENT)).toBe(given);
  });

  it('leaves everything as it is on the endpoint of one server, and when it is off', () => {
    const serverRequest = elicitation('"message":"Who?"');
    const asking = answer('{"a":{"method":"elicitation/create","params":{"message":"Who?"}}}');
    const scoped = { ...CLIENT, endpoint: endpointOf('files') };
    const off = new ElicitationLabels(() => false);
    expect(names.inRequest(serverRequest, 'files', scoped)).toEqual(serverRequest);
    expect(off.inRequest(serverRequest, 'files', CLIENT)).toEqual(serverRequest);
    expect(names.inAnswer(asking, 'files', scoped)).toEqual(asking);
    expect(off.inAnswer(asking, 'files', CLIENT)).toEqual(asking);
    // The comparison can fail.
    expect(names.inRequest(serverRequest, 'files', CLIENT)).not.toEqual(serverRequest);
  });

  it('wants to read only answers that may ask somebody who can be asked', () => {
    const request = (method: string, client: ClientContext): boolean =>
      names.mayAsk({
        message: message(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`),
        client,
        paramHeaders: undefined,
      });
    expect(request('tools/call', CLIENT)).toBe(true);
    expect(request('completion/complete', CLIENT)).toBe(false);
    expect(request('tools/call', { ...CLIENT, capabilities: '{}' })).toBe(false);
    expect(request('tools/call', { ...CLIENT, endpoint: endpointOf('files') })).toBe(false);
  });
});

describe('RequestRouter', () => {
  const upstreams = new ScriptedUpstreams();

  function router(names: readonly string[], labelsElicitations?: boolean): RequestRouter {
    return new RequestRouter({
      clock: new VirtualClock(),
      views: new ScriptedViews(),
      upstreams: Object.assign(upstreams, { names }),
      ...(labelsElicitations === undefined ? {} : { labelsElicitations }),
    });
  }

  it('names who asks outside of any call, where there are several servers and it is wanted', () => {
    const told = (names: readonly string[], labelsElicitations?: boolean): string => {
      let heard = '';
      router(names, labelsElicitations).toClient(
        'files',
        elicitation('"message":"Who?"'),
        CLIENT,
        ({ text }) => (heard = text),
      );
      return heard;
    };
    const [named, plain] = [
      elicitation('"message":"[files] Who?"').text,
      elicitation('"message":"Who?"').text,
    ];
    expect(told(['files', 'mail'], true)).toBe(named);
    expect(told(['files'], true)).toBe(plain);
    expect(told(['files', 'mail'])).toBe(plain);
  });

  it('lets no answer go on unread that may ask, and names the server in it', () => {
    const connection = new ScriptedConnection('files', 'modern');
    upstreams.connections.set('files', connection);
    const call = message('{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"files__read"}}');
    const route = (client: ClientContext): RecordingReply => {
      const reply = new RecordingReply();
      router(['files', 'mail'], true).dispatch({ message: call, client, paramHeaders: [] }, reply);
      return reply;
    };
    const reply = route(CLIENT);
    const asked = connection.last;
    route({ ...CLIENT, capabilities: '{}' });
    expect(asked.call.allowPassthrough).toBe(false);
    expect(connection.last.call.allowPassthrough).toBe(true);
    const requests = '{"a":{"method":"elicitation/create","params":{"message":"Who?"}}}';
    asked.answer(`"result":{"resultType":"input_required","inputRequests":${requests}}`);
    expect(reply.text).toContain('"params":{"message":"[files] Who?"}');
  });
});
