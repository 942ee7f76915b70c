import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import type { CallPhase } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall } from '@omni/testing';
import { oneAtATime } from './connection/connection-context.fixture.ts';
import { callOf } from './connection/upstream-call.fixture.ts';
import { open as openLegacy } from './http/legacy-http-connection.fixture.ts';
import { openModern } from './http/modern-http-connection.fixture.ts';
import {
  callOf as clientCall,
  clientOf,
  FORMS,
  legacyScript,
  UpstreamScene,
} from './upstream-scene.fixture.ts';

const CALL = callOf('tools/call', '{}');
const CRASH = new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed');
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}';
const QUESTION = '{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{}}';
const CALL_TIMEOUT_MS = 61_000;

type Row<Scene> = readonly [
  how: string,
  phase: CallPhase,
  code: string,
  fail: (scene: Scene) => unknown,
  before?: (scene: Scene) => unknown,
];

describe('a failed call on a channel', () => {
  const opened = async () => {
    const scene = await new UpstreamScene({ instances: 'shared' }).start();
    const connection = await scene.openConnection(clientOf('{}'));
    const [far] = scene.server.instances;
    if (far === undefined) throw new TypeError('no instance');
    return { scene, connection, far };
  };
  type Scene = Awaited<ReturnType<typeof opened>>;
  const full: Row<Scene>[4] = ({ far }) => (far.takes = false);

  it.each<Row<Scene>>([
    [
      'the server had gone before',
      'not-sent',
      'OMNI_UPSTREAM_EXITED',
      () => {},
      ({ far }) => far.exit(CRASH),
    ],
    ['its backlog is full', 'not-sent', 'OMNI_OVERLOADED', () => {}, full],
    ['it exits', 'sent', 'OMNI_UPSTREAM_EXITED', ({ far }) => far.exit(CRASH)],
    ['Omni stops it', 'sent', 'OMNI_UPSTREAM_DOWN', ({ scene }) => scene.upstream.stop()],
    ['it is silent', 'sent', 'OMNI_UPSTREAM_TIMEOUT', ({ scene }) => scene.clock.advance(CALL_TIMEOUT_MS)],
    [
      'it exits after a notification',
      'head-received',
      'OMNI_UPSTREAM_EXITED',
      ({ far }) => {
        far.emit(NOTE);
        far.exit(CRASH);
      },
    ],
    [
      'it exits after a question',
      'head-received',
      'OMNI_UPSTREAM_EXITED',
      ({ far }) => {
        far.emit(QUESTION);
        far.exit(CRASH);
      },
    ],
    [
      'it is silent after a notification',
      'head-received',
      'OMNI_UPSTREAM_TIMEOUT',
      ({ far, scene }) => {
        far.emit(NOTE);
        scene.clock.advance(CALL_TIMEOUT_MS);
      },
    ],
    [
      'its answer is not valid',
      'head-received',
      'OMNI_UPSTREAM_PROTOCOL',
      ({ far }) =>
        far.emit(`{"jsonrpc":"2.0","id":${String(far.last('tools/call')?.id)},"result":1,"error":2}`),
    ],
  ])('when %s, is %s', async (_how, phase, code, fail, before = () => {}) => {
    const scene = await opened();
    before(scene);
    const call = new RecordingCall<RpcMessage>();
    scene.connection.send(CALL, call);
    fail(scene);
    await scene.scene.settle();
    expect(call.failure?.code).toBe(code);
    expect(call.phase).toBe(phase);
  });
});

describe('a failed call over modern HTTP', () => {
  type Scene = ReturnType<typeof openModern>;
  const JSON_HEAD = ['content-type', 'application/json'];

  it.each<Row<Scene>>([
    ['the connection was closed', 'not-sent', 'OMNI_UPSTREAM_DOWN', () => {}, (up) => up.connection.close()],
    [
      'it cannot be connected',
      'not-sent',
      'OMNI_UPSTREAM_UNREACHABLE',
      ({ http }) => http.last.fail('connect'),
    ],
    ['the request breaks', 'sent', 'OMNI_UPSTREAM_UNREACHABLE', ({ http }) => http.last.fail('request')],
    ['Omni stops', 'sent', 'OMNI_UPSTREAM_DOWN', ({ connection }) => connection.close()],
    ['it is silent', 'sent', 'OMNI_UPSTREAM_TIMEOUT', ({ clock }) => clock.advance(CALL_TIMEOUT_MS)],
    [
      'the answer breaks',
      'head-received',
      'OMNI_UPSTREAM_UNREACHABLE',
      ({ http }) => {
        http.last.head(200, JSON_HEAD);
        http.last.fail('body');
      },
    ],
    [
      'it is silent behind the head',
      'head-received',
      'OMNI_UPSTREAM_TIMEOUT',
      ({ http, clock }) => {
        http.last.head(200, JSON_HEAD);
        clock.advance(CALL_TIMEOUT_MS);
      },
    ],
    [
      'Omni stops behind the head',
      'head-received',
      'OMNI_UPSTREAM_DOWN',
      ({ http, connection }) => {
        http.last.head(200, JSON_HEAD);
        void connection.close();
      },
    ],
    [
      'it is refused',
      'head-received',
      'OMNI_UPSTREAM_HTTP_STATUS',
      ({ http }) => http.last.respond(503, '', ''),
    ],
    [
      'the stream ends before its answer',
      'head-received',
      'OMNI_UPSTREAM_UNREACHABLE',
      ({ http }) => {
        http.last.stream();
        http.last.end();
      },
    ],
  ])('when %s, is %s', async (_how, phase, code, fail, before = () => {}) => {
    const scene = openModern();
    before(scene);
    const call = new RecordingCall<RpcMessage>();
    scene.connection.send(CALL, call);
    fail(scene);
    await scene.clock.advanceAsync(0);
    expect(call.failure?.code).toBe(code);
    expect(call.phase).toBe(phase);
  });

  it('when a stage refuses it, is not-sent', async () => {
    const { connection } = openModern({}, undefined, oneAtATime());
    connection.send(CALL, new RecordingCall<RpcMessage>());
    const call = new RecordingCall<RpcMessage>();
    connection.send(CALL, call);
    await Promise.resolve();
    expect(call.phase).toBe('not-sent');
  });
});

describe('a failed call over legacy HTTP', () => {
  type Scene = Awaited<ReturnType<typeof openLegacy>>;
  /** The call was turned away for the lost session, and waits for one that does not come. */
  const loseForGood = async ({ http, clock, refuseInitialize }: Scene): Promise<void> => {
    refuseInitialize();
    http.last.respond(404, '', '');
    await clock.advanceAsync(1_000);
  };

  it.each<Row<Scene>>([
    [
      'the connection was closed',
      'not-sent',
      'OMNI_UPSTREAM_DOWN',
      () => {},
      (up) => void up.connection.close(),
    ],
    [
      'it cannot be connected',
      'not-sent',
      'OMNI_UPSTREAM_UNREACHABLE',
      ({ http }) => http.last.fail('connect'),
    ],
    ['its session is lost for good', 'not-sent', 'OMNI_UPSTREAM_HTTP_STATUS', loseForGood],
    ['the request breaks', 'sent', 'OMNI_UPSTREAM_UNREACHABLE', ({ http }) => http.last.fail('request')],
    ['Omni stops', 'sent', 'OMNI_UPSTREAM_DOWN', ({ connection }) => void connection.close()],
    ['it is silent', 'sent', 'OMNI_UPSTREAM_TIMEOUT', ({ clock }) => clock.advance(CALL_TIMEOUT_MS)],
    [
      'the answer breaks',
      'head-received',
      'OMNI_UPSTREAM_UNREACHABLE',
      ({ http }) => {
        http.last.head(200, ['content-type', 'application/json']);
        http.last.fail('body');
      },
    ],
    [
      'its broken stream cannot be continued, since nobody can be connected',
      'head-received',
      'OMNI_UPSTREAM_UNREACHABLE',
      async ({ http, clock }) => {
        http.last.stream();
        http.last.event(NOTE, 'e1');
        http.last.end();
        for (let attempt = 0; attempt < 5; attempt++) {
          await clock.advanceAsync(1_000);
          http.last.fail('connect');
        }
      },
    ],
    [
      'it is refused',
      'head-received',
      'OMNI_UPSTREAM_HTTP_STATUS',
      ({ http }) => http.last.respond(503, '', ''),
    ],
  ])('when %s, is %s', async (_how, phase, code, fail, before = () => {}) => {
    const scene = await openLegacy();
    await before(scene);
    const call = new RecordingCall<RpcMessage>();
    scene.connection.send(CALL, call);
    await fail(scene);
    await scene.clock.advanceAsync(0);
    expect(call.failure?.code).toBe(code);
    expect(call.phase).toBe(phase);
  });
});

describe('a failed call on an instance of its own', () => {
  const client = clientOf(FORMS);

  it.each<readonly [how: string, phase: CallPhase, end: 'start' | 'call' | 'note']>([
    ['the instance does not start', 'not-sent', 'start'],
    ['the instance exits', 'sent', 'call'],
    ['the instance exits after a notification', 'head-received', 'note'],
  ])('when %s, is %s', async (_how, phase, end) => {
    const scene = new UpstreamScene({ instances: 'per-request' }, {}, (message, instance) => {
      const isOwn = scene.server.instances.length > 1;
      if (message.method === 'tools/call' && end === 'note') instance.emit(NOTE);
      if (isOwn && message.method === (end === 'start' ? 'initialize' : 'tools/call')) instance.exit(CRASH);
      else legacyScript(message, instance);
    });
    await scene.start();
    const connection = await scene.openConnection(client);
    const call = new RecordingCall<RpcMessage>();
    connection.send(clientCall(client), call);
    await scene.settle();
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_EXITED');
    expect(call.phase).toBe(phase);
  });
});
