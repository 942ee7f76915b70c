import type { CallContext } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { clientOf, requestOf } from '../router.fixture.ts';
import { callDigest } from './call-digest.ts';
import { PARK_MS, ParkedCalls, type Parked, type Ticket } from './parked-calls.ts';
import { StateSeal } from '../seal/state-seal.ts';

class Waiting implements Parked {
  isExpired = false;

  onExpired(): void {
    this.isExpired = true;
  }
}

const PARAMS = '"name":"files__read","arguments":{"path":"/a"}';

interface Changes {
  readonly method?: string;
  readonly params?: string;
  readonly state?: string;
  readonly principal?: string;
  readonly endpoint?: string;
}

function requestWith({
  method = 'tools/call',
  params = PARAMS,
  state,
  principal = 'owner',
  endpoint,
}: Changes = {}): CallContext {
  const more =
    state === undefined ? '' : `,"requestState":${JSON.stringify(state)},"inputResponses":{"q1":{}}`;
  const client = { ...clientOf('modern', endpoint), principal: { id: principal, kind: 'token' as const } };
  return { message: requestOf(method, `{${params}${more}}`), client, paramHeaders: [] };
}

function open(
  seal?: StateSeal,
  definitions: ReadonlyMap<string, string> = new Map([['up', 'first']]),
): {
  readonly clock: VirtualClock;
  readonly parks: ParkedCalls<Waiting>;
} {
  const clock = new VirtualClock();
  return {
    clock,
    parks: new ParkedCalls<Waiting>({
      clock,
      definitionOf: (name) => definitions.get(name),
      ...(seal === undefined ? {} : { seal }),
    }),
  };
}

function enter(
  parks: ParkedCalls<Waiting>,
  principal = 'owner',
): { readonly call: Waiting; readonly ticket: Ticket<Waiting> } {
  const call = new Waiting();
  const ticket = parks.enter(call, { id: principal, kind: 'token' });
  if (ticket instanceof GatewayError) throw ticket;
  return { call, ticket };
}

async function codeOf(parks: ParkedCalls<Waiting>, request: CallContext): Promise<string> {
  const opened = await parks.open(request);
  return opened instanceof GatewayError ? opened.code : opened.kind;
}

describe('ParkedCalls', () => {
  // guard: parked/once
  it('lead back to the call, once', async () => {
    const { parks, clock } = open();
    const { call, ticket } = enter(parks);
    const state = await parks.stateFor(requestWith(), 'up', ticket);
    // Two requests bring the state at the same time.
    const [first, second] = await Promise.all([
      parks.open(requestWith({ state })),
      parks.open(requestWith({ state })),
    ]);
    expect(first).toEqual({ kind: 'parked', ticket });
    expect(second).toEqual({ kind: 'parked', ticket });
    expect(parks.take(ticket)).toBe(call);
    expect(parks.take(ticket)).toMatchObject({ code: 'OMNI_STATE_INVALID' });
    expect(await codeOf(parks, requestWith({ state }))).toBe('OMNI_STATE_INVALID');
    expect(parks.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: parked/principal, parked/digest, parked/scope
  it.each<[string, Changes]>([
    ['another user', { principal: 'other' }],
    ['another tool', { params: '"name":"files__write","arguments":{"path":"/a"}' }],
    ['other arguments', { params: '"name":"files__read","arguments":{"path":"/b"}' }],
    ['more parameters', { params: `${PARAMS},"x":1` }],
    ['fewer parameters', { params: '"name":"files__read"' }],
    ['another method', { method: 'prompts/get' }],
    ['another endpoint', { endpoint: 'files' }],
  ])('lead nowhere for %s, and stay good for the right request', async (_who, changes) => {
    const { parks } = open();
    const { ticket } = enter(parks);
    const state = await parks.stateFor(requestWith(), 'up', ticket);
    expect(await codeOf(parks, requestWith({ ...changes, state }))).toBe('OMNI_STATE_INVALID');
    expect(await codeOf(parks, requestWith({ state }))).toBe('parked');
  });

  it('do not care for what changes from round to round', async () => {
    const { parks } = open();
    const { ticket } = enter(parks);
    const state = await parks.stateFor(requestWith({ params: `"_meta":{"a":1},${PARAMS}` }), 'up', ticket);
    const moved = '"arguments":{"path":"/a"},"_meta":{"progressToken":2},"name":"files__read"';
    expect(await codeOf(parks, requestWith({ state, params: moved }))).toBe('parked');
  });

  it('lead nowhere with a state that is no state of theirs', async () => {
    const { parks } = open();
    const { ticket } = enter(parks);
    const state = await parks.stateFor(requestWith(), 'up', ticket);
    const message = requestOf('tools/call', `{${PARAMS},"requestState":7}`);
    const foreign = await open().parks.stateFor(requestWith(), 'up', ticket);
    const outcomes = [
      await codeOf(parks, requestWith({ state: `${state}A` })),
      await codeOf(parks, requestWith({ state: state.slice(0, -1) })),
      await codeOf(parks, requestWith({ state: '' })),
      await codeOf(parks, requestWith({ state: foreign })),
      await codeOf(parks, { ...requestWith(), message }),
      await codeOf(parks, requestWith()),
    ];
    expect(outcomes).toEqual(outcomes.map(() => 'OMNI_STATE_INVALID'));
    expect(await codeOf(parks, requestWith({ state }))).toBe('parked');
  });

  // guard: parked/abandoned
  it('end a call whose client does not come back within ten minutes', async () => {
    const { parks, clock } = open();
    const { call, ticket } = enter(parks);
    const state = await parks.stateFor(requestWith(), 'up', ticket);
    clock.advance(PARK_MS - 1);
    expect(call.isExpired).toBe(false);
    clock.advance(1);
    expect(call.isExpired).toBe(true);
    expect(parks.size).toBe(0);
    expect(await codeOf(parks, requestWith({ state }))).toBe('OMNI_STATE_INVALID');
  });

  // guard: parked/definition
  it('make no call again at a server that has taken the name of the one that asked', async () => {
    const definitions = new Map([['up', 'first']]);
    const { parks } = open(undefined, definitions);
    const state = await parks.stateFor(requestWith(), 'up');
    const { ticket } = enter(parks);
    const waiting = await parks.stateFor(requestWith(), 'up', ticket);
    definitions.set('up', 'second');
    expect(await codeOf(parks, requestWith({ state }))).toBe('OMNI_STATE_INVALID');
    // The call that waits is still on its own server.
    expect(await codeOf(parks, requestWith({ state: waiting }))).toBe('parked');
    definitions.set('up', 'first');
    expect(await codeOf(parks, requestWith({ state }))).toBe('again');
  });

  // guard: parked/expiry
  it('take no state whose time is over, whatever it leads to', async () => {
    const { parks, clock } = open();
    const state = await parks.stateFor(requestWith(), 'up');
    expect(await codeOf(parks, requestWith({ state }))).toBe('again');
    clock.setWallClock(clock.now() + PARK_MS);
    expect(await codeOf(parks, requestWith({ state }))).toBe('OMNI_STATE_INVALID');
  });

  // guard: parked/node
  it('of several nodes with one key open each other\u2019s states, but have their own calls only', async () => {
    const key = { id: 'k', bytes: new Uint8Array(32).fill(7) };
    const [here, there] = [open(new StateSeal([key])).parks, open(new StateSeal([key])).parks];
    const { ticket } = enter(here);
    const [parked, again] = [
      await here.stateFor(requestWith(), 'up', ticket),
      await here.stateFor(requestWith(), 'up'),
    ];
    expect(await there.open(requestWith({ state: parked }))).toMatchObject({
      code: 'OMNI_STATE_INVALID',
      message: expect.stringContaining('another Omni'),
    });
    expect(await codeOf(there, requestWith({ state: again }))).toBe('again');
    expect(await codeOf(here, requestWith({ state: parked }))).toBe('parked');
  });

  // guard: parked/count
  it('have room for others when one user has as many as fit', () => {
    const { parks, clock } = open();
    const tickets = Array.from({ length: 1_000 }, () => enter(parks, 'ada').ticket);
    expect(parks.enter(new Waiting(), { id: 'ada', kind: 'token' })).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message: expect.stringContaining('"ada" has 1000 of 1000 calls waiting'),
    });
    enter(parks, 'bob');
    enter(parks, 'owner');
    for (const ticket of tickets.slice(0, 3)) parks.leave(ticket);
    enter(parks, 'ada');
    expect(parks.size).toBe(1_000);
    expect(clock.pendingTimers).toBe(1_000);
  });
});

describe('callDigest', () => {
  it('tells apart values that only look alike', async () => {
    const digests = await Promise.all(
      ['"a":"b"', '"a":"b","c":1', '"a":"b\\",\\"c\\":1"', '"a":1', '"a":1.0', ''].map((params) =>
        callDigest(requestWith({ params })),
      ),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });
});
