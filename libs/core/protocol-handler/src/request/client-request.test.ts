import { ALL_SERVERS, NOTHING_RUNS, type Outcome, type RunningCall } from '@omni/model';
import { GatewayError, type LogFields, type Logger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { legacyText, LOCAL, messageOf } from '../front.fixture.ts';
import { Admission } from './admission.ts';
import { ClientRequest, type RequestOwner, type RequestServer } from './client-request.ts';
import { FrontRequests } from './front-requests.ts';
import { RequestsById } from './requests-by-id.ts';
import type { ResponseWriter } from './response-writer.ts';
import { RequestLog } from './request-log.ts';
import { unknownClient } from './unknown-client.ts';

const ANSWER: Outcome = { kind: 'message', payload: '{}', status: 200 };

class RecordingWriter implements ResponseWriter {
  readonly written: Outcome[] = [];
  readonly notified: string[] = [];
  destroyed = 0;
  /** Thrown in place of writing. */
  failure: Error | undefined;
  /** Thrown in place of notifying. */
  notificationFailure: Error | undefined;
  /** Thrown in place of breaking off. */
  destroyFailure: Error | undefined;

  notification(text: string): boolean {
    if (this.notificationFailure !== undefined) throw this.notificationFailure;
    this.notified.push(text);
    return true;
  }

  onDrain(): void {}

  serverRequest(): boolean {
    return false;
  }

  keepWaiting(): void {}

  write(_id: string, outcome: Outcome): void {
    if (this.failure !== undefined) throw this.failure;
    this.written.push(outcome);
  }

  destroy(): void {
    this.destroyed++;
    if (this.destroyFailure !== undefined) throw this.destroyFailure;
  }
}

interface Line {
  readonly level: string;
  readonly fields: LogFields;
}

/** Everything around requests of one session. */
class Scene {
  readonly admission = new Admission({ maxInFlight: 2 }, new VirtualClock());
  readonly lines: Line[] = [];
  readonly writer = new RecordingWriter();
  readonly calls = new RequestsById({ where: 'in this session', maxSessionInFlight: 2 });
  readonly front: FrontRequests;
  readonly #owner: RequestOwner = { calls: this.calls };

  constructor() {
    const to =
      (level: string) =>
      (fields: LogFields): void =>
        void this.lines.push({ level, fields });
    const logger: Logger = {
      debugging: true,
      debug: to('debug'),
      info: to('info'),
      warn: to('warn'),
      error: to('error'),
    };
    this.front = new FrontRequests(this.admission, new RequestLog({ logger, clock: new VirtualClock() }));
  }

  request(id = '1', method = 'tools/call'): ClientRequest {
    return new ClientRequest(this.front, {
      message: messageOf(legacyText(method, { id })),
      client: unknownClient(LOCAL, ALL_SERVERS, 'legacy'),
      writer: this.writer,
      owner: this.#owner,
    });
  }

  get outcomes(): readonly unknown[] {
    return this.lines.filter(({ level }) => level === 'debug').map(({ fields }) => fields['outcome']);
  }

  /** Places and table entries that are taken, and requests that have not ended. */
  get open(): readonly number[] {
    return [this.admission.inFlight, this.calls.size, this.front.begun - this.front.settled];
  }
}

/** Keeps what it is asked to cancel. */
class Upstream implements RequestServer {
  readonly cancels: (string | undefined)[] = [];
  readonly #before: (request: ClientRequest) => void;

  /** @param before - Happens while the request is being routed. */
  constructor(before: (request: ClientRequest) => void = () => {}) {
    this.#before = before;
  }

  serve(request: ClientRequest): RunningCall {
    this.#before(request);
    return { cancel: (reason) => this.cancels.push(reason) };
  }
}

describe('ClientRequest', () => {
  it('holds a place and its id from its start to its one outcome', () => {
    const scene = new Scene();
    const request = scene.request();
    expect(scene.open).toEqual([0, 0, 1]);
    request.start(new Upstream());
    expect(scene.open).toEqual([1, 1, 1]);
    request.settle(ANSWER);
    expect(scene.open).toEqual([0, 0, 0]);
    expect(scene.writer.written).toEqual([ANSWER]);
    expect(scene.outcomes).toEqual(['ok']);
  });

  // guard: reply/one-answer
  it('ends once, whatever comes behind', () => {
    const scene = new Scene();
    const upstream = new Upstream();
    const request = scene.request();
    request.start(upstream);
    request.settle(ANSWER);
    request.settle({ kind: 'error', error: new GatewayError('OMNI_CANCELLED', 'late') });
    request.onResponseEnd();
    request.cancel('late');
    request.notification({ method: 'notifications/progress', text: '{}', params: undefined });
    expect(scene.writer.written).toEqual([ANSWER]);
    expect(scene.writer.notified).toEqual([]);
    expect(upstream.cancels).toEqual([]);
    expect(scene.outcomes).toEqual(['ok']);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  // guard: request/tell-failure
  it('tells everybody of a failure what a stage makes of it, and of answers nothing else', () => {
    const error = new GatewayError('OMNI_OUTCOME_UNKNOWN', 'The call may have run');
    for (const outcome of [
      ANSWER,
      { kind: 'error', error: new GatewayError('OMNI_SHUTTING_DOWN', 'x') },
    ] as const) {
      const scene = new Scene();
      const request = scene.request();
      request.tellFailure = (failure) => ({ ...failure, error });
      request.start(new Upstream());
      request.cancel('over', outcome);
      expect(scene.writer.written).toEqual([outcome.kind === 'error' ? { kind: 'error', error } : ANSWER]);
      expect(scene.outcomes).toEqual([outcome.kind === 'error' ? 'OMNI_OUTCOME_UNKNOWN' : 'ok']);
    }
  });

  it('is logged and counted when it is refused after it was read', () => {
    const scene = new Scene();
    scene.request().refuse(new GatewayError('OMNI_SESSION_UNKNOWN', 'There is no such session'));
    expect(scene.outcomes).toEqual(['OMNI_SESSION_UNKNOWN']);
    expect(scene.open).toEqual([0, 0, 0]);
    expect(scene.front.settled).toBe(1);
  });

  it('takes no place from others when there is none, and none twice', () => {
    const scene = new Scene();
    const running = [scene.request('1'), scene.request('2')];
    for (const request of running) request.start(new Upstream());
    scene.request('3').start(new Upstream());
    expect(scene.outcomes).toEqual(['OMNI_OVERLOADED']);
    expect(scene.writer.written).toMatchObject([{ kind: 'refused' }]);
    expect(scene.open).toEqual([2, 2, 2]);
    for (const request of running) request.settle(ANSWER);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  it('leaves the one alone that has its id', () => {
    const scene = new Scene();
    const first = scene.request('1');
    first.start(new Upstream());
    scene.request('1').start(new Upstream());
    expect(scene.outcomes).toEqual(['OMNI_REQUEST_ID_IN_USE']);
    expect(scene.calls.of('1')).toEqual([first]);
    expect(scene.open).toEqual([1, 1, 1]);
  });

  it.each([
    ['without an answer', undefined, 'cancelled'],
    [
      'with an answer',
      { kind: 'error' as const, error: new GatewayError('OMNI_SHUTTING_DOWN', 'x') },
      'OMNI_SHUTTING_DOWN',
    ],
  ])('cancels what runs and ends %s', (_how, outcome, word) => {
    const scene = new Scene();
    const upstream = new Upstream();
    const request = scene.request();
    request.start(upstream);
    request.cancel('why', outcome);
    request.cancel('again');
    expect(upstream.cancels).toEqual(['why']);
    expect(scene.outcomes).toEqual([word]);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  // guard: request/cancelled-meanwhile
  it('cancels what was cancelled while it was being routed', () => {
    const scene = new Scene();
    const upstream = new Upstream((request) => request.cancel('the connection was closed'));
    scene.request().start(upstream);
    expect(upstream.cancels).toEqual(['the connection was closed']);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  it('does not cancel what was answered while it was being routed', () => {
    const upstream = new Upstream((request) => request.settle(ANSWER));
    new Scene().request().start(upstream);
    expect(upstream.cancels).toEqual([]);
  });

  it('answers when it fails while it is being routed', () => {
    const scene = new Scene();
    const upstream = new Upstream(() => {
      throw new RangeError('a bug');
    });
    scene.request().start(upstream);
    expect(scene.writer.written).toMatchObject([{ kind: 'error', error: { code: 'OMNI_INTERNAL' } }]);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  // guard: request/failed-write
  it.each([undefined, new TypeError('broken too')])(
    'ends as a failure of Omni when its answer cannot be written (breaking off fails with %s)',
    (destroyFailure) => {
      const scene = new Scene();
      const failure = new RangeError('no such header');
      scene.writer.failure = failure;
      scene.writer.destroyFailure = destroyFailure;
      const request = scene.request();
      request.start({ serve: () => NOTHING_RUNS });
      expect(() => request.settle(ANSWER)).not.toThrow();
      expect(scene.writer.destroyed).toBe(1);
      expect(scene.lines).toMatchObject([
        { level: 'error', fields: { err: failure, method: 'tools/call' } },
        { level: 'debug', fields: { outcome: 'OMNI_INTERNAL' } },
      ]);
      expect(scene.open).toEqual([0, 0, 0]);
    },
  );

  it('is followed to its end by who wants to, with other metadata, and watched', () => {
    const told: unknown[] = [];
    const other = messageOf(legacyText('ping', { id: '1' }));
    const logger: Logger = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
    const clock = new VirtualClock();
    const front = new FrontRequests(
      new Admission({ maxInFlight: 1 }, clock),
      new RequestLog({ logger, clock }),
      {
        begin: () => ({ message: other, end: (outcome) => void told.push(outcome) }),
        onSettled: ({ message, arrivedMs }, outcome) => void told.push([message.method, arrivedMs, outcome]),
      },
    );
    const request = new ClientRequest(front, {
      message: messageOf(legacyText('tools/call', { id: '1' })),
      client: unknownClient(LOCAL, ALL_SERVERS, 'legacy'),
      writer: new RecordingWriter(),
    });
    expect(request.message).toBe(other);
    request.settle(ANSWER);
    request.settle(ANSWER);
    expect(told).toEqual([ANSWER, ['ping', 0, ANSWER]]);
  });

  it('goes on as it came, and gives its place back, where whoever watches fails', () => {
    const fail = (): never => {
      throw new RangeError('no memory');
    };
    const logger: Logger = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
    const clock = new VirtualClock();
    const admission = new Admission({ maxInFlight: 1 }, clock);
    const front = new FrontRequests(admission, new RequestLog({ logger, clock }), {
      begin: fail,
      onSettled: fail,
    });
    const message = messageOf(legacyText('ping'));
    const request = new ClientRequest(front, {
      message,
      client: unknownClient(LOCAL, ALL_SERVERS, 'legacy'),
      writer: new RecordingWriter(),
    });
    request.start({ serve: () => NOTHING_RUNS });
    expect(request.message).toBe(message);
    expect(() => request.settle(ANSWER)).not.toThrow();
    expect(admission.inFlight).toBe(0);
    expect(front.settled).toBe(1);
  });

  // guard: admission/memory
  it('is refused while memory is short, whatever it came by', () => {
    const short = new GatewayError('OMNI_OVERLOADED', 'The memory is nearly full');
    const memory = { refusal: () => short };
    const logger: Logger = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
    const clock = new VirtualClock();
    const front = new FrontRequests(
      new Admission({ maxInFlight: 1 }, clock, memory),
      new RequestLog({ logger, clock }),
    );
    const writer = new RecordingWriter();
    new ClientRequest(front, {
      message: messageOf(legacyText('ping')),
      client: unknownClient(LOCAL, ALL_SERVERS, 'legacy'),
      writer,
    }).start({ serve: () => NOTHING_RUNS });
    expect(writer.written).toEqual([{ kind: 'refused', error: short }]);
  });

  it('gives its place back even if the log fails', () => {
    const admission = new Admission({ maxInFlight: 1 }, new VirtualClock());
    const debug = (): never => {
      throw new RangeError('disk full');
    };
    const logger: Logger = { debugging: true, debug, info() {}, warn() {}, error() {} };
    const front = new FrontRequests(admission, new RequestLog({ logger, clock: new VirtualClock() }));
    const request = new ClientRequest(front, {
      message: messageOf(legacyText('ping')),
      client: unknownClient(LOCAL, ALL_SERVERS, 'legacy'),
      writer: new RecordingWriter(),
    });
    request.start({ serve: () => NOTHING_RUNS });
    expect(() => request.settle(ANSWER)).not.toThrow();
    expect(admission.inFlight).toBe(0);
    expect(front.settled).toBe(1);
  });

  it('ends, as a failure, when what runs cannot be cancelled', () => {
    const scene = new Scene();
    const request = scene.request();
    request.start({
      serve: (): RunningCall => ({
        cancel() {
          throw new TypeError('a stage is broken');
        },
      }),
    });
    expect(() => request.cancel('by the client')).not.toThrow();
    expect(scene.writer.written).toMatchObject([{ kind: 'error', error: { code: 'OMNI_INTERNAL' } }]);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  it('fails alone when what it waited for fails, and does nothing once it has ended', () => {
    const scene = new Scene();
    const goOn = (): never => {
      throw new RangeError('no view');
    };
    const request = scene.request();
    request.start({ serve: () => NOTHING_RUNS });
    const later = request.later(goOn);
    expect(later).not.toThrow();
    later();
    expect(scene.writer.written).toMatchObject([{ kind: 'error', error: { cause: { message: 'no view' } } }]);
    expect(scene.open).toEqual([0, 0, 0]);
  });

  it('ends when a notification cannot be written, and tells its server nothing', () => {
    const scene = new Scene();
    const cancels: unknown[] = [];
    const request = scene.request();
    request.start({ serve: () => ({ cancel: (reason) => void cancels.push(reason) }) });
    scene.writer.notificationFailure = new RangeError('EPIPE');
    const notification = { method: 'notifications/progress', text: '{}', params: undefined };
    expect(() => request.notification(notification)).not.toThrow();
    expect(scene.writer.destroyed).toBe(1);
    expect(cancels).toHaveLength(1);
    expect(scene.open).toEqual([0, 0, 0]);
  });
});
