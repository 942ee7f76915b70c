import { memberOf, stringAt } from '@omni/jsonrpc';
import type { CallContext } from '@omni/model';
import {
  type ByteReservation,
  type CancelTimer,
  type Clock,
  CountedByteBudget,
  FairPlaces,
  GatewayError,
  type Principal,
  type Share,
} from '@omni/ports';
import { callDigest } from './call-digest.ts';
import { STATE_PREFIX, StateSeal } from '../seal/state-seal.ts';
import { randomId } from './random-id.ts';

/** A call that waits for its client to come back. */
export interface Parked {
  /** The client has not come back in time. */
  onExpired(): void;
}

/** A place in the park; a state leads back to it once. */
export interface Ticket<Call extends Parked> {
  readonly id: string;
  readonly call: Call;
  readonly share: Share;
  readonly cancelTimer: CancelTimer;
  /** What the server has said meanwhile. */
  readonly held: ByteReservation;
}

/** Where a state leads: to a parked call, or to a fresh start of the same call. */
export type OpenedState<Call extends Parked> =
  { readonly kind: 'parked'; readonly ticket: Ticket<Call> } | { readonly kind: 'again' };

export interface ParkedCallsOptions {
  readonly clock: Clock;
  /** Default: a seal with a random key. */
  readonly seal?: StateSeal;
  /** Which server a name stands for at present. */
  readonly definitionOf: (upstream: string) => string | undefined;
}

/** People answer serverRequests: they get time. */
export const PARK_MS = 10 * 60_000;
const MAX_PARKED = 1_000;
/** A server may answer before its question is; all such answers together have this room. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** What is sealed. */
interface StatePayload {
  /** The process that parked the call. */
  readonly node: string;
  /** Ticket of the parked call; absent when the call is to be made again. */
  readonly ticket?: string | undefined;
  readonly upstream: string;
  /** The server that the name stood for. */
  readonly definition: string | undefined;
  readonly principal: string;
  readonly expiresAt: number;
  readonly digest: string;
}

/**
 * Calls of modern clients to legacy servers that wait for answers of their clients, and the states that lead
 * back to them.
 *
 * @see PROTO-R14; decision 0010.
 */
export class ParkedCalls<Call extends Parked> {
  readonly #clock: Clock;
  readonly #seal: StateSeal;
  readonly #definitionOf: (upstream: string) => string | undefined;
  readonly #node = randomId();
  readonly #tickets = new Map<string, Ticket<Call>>();
  readonly #places: FairPlaces;
  readonly #budget = new CountedByteBudget(MAX_HELD_BYTES);

  constructor({ clock, seal = new StateSeal(), definitionOf }: ParkedCallsOptions) {
    this.#clock = clock;
    this.#seal = seal;
    this.#definitionOf = definitionOf;
    this.#places = new FairPlaces({
      capacity: MAX_PARKED,
      what: 'calls waiting for answers of their clients',
      clock,
    });
  }

  get size(): number {
    return this.#tickets.size;
  }

  /**
   * Takes a call in. It leaves by {@link leave}, by {@link take} when its client comes back, or by its
   * expiry.
   */
  enter(call: Call, principal: Principal): Ticket<Call> | GatewayError {
    const share = this.#places.take(principal);
    // guard: parked/count
    if (share instanceof GatewayError) return share;
    const id = randomId();
    const cancelTimer = this.#clock.after(PARK_MS, () => {
      this.leave(ticket);
      // guard: parked/abandoned
      call.onExpired();
    });
    const held = this.#budget.of(share.sharer).share();
    const ticket: Ticket<Call> = { id, call, share, cancelTimer, held };
    this.#tickets.set(id, ticket);
    return ticket;
  }

  leave(ticket: Ticket<Call>): void {
    ticket.cancelTimer();
    ticket.held.release();
    if (this.#tickets.delete(ticket.id)) this.#places.leave(ticket.share);
  }

  /** Lets the call of a state go on, once. */
  take(ticket: Ticket<Call>): Call | GatewayError {
    if (this.#tickets.get(ticket.id) !== ticket) return usedUp();
    // guard: parked/once
    this.leave(ticket);
    return ticket.call;
  }

  /**
   * @param upstream - That the call is for.
   * @param ticket - Absent for a state that asks for the call to be made again.
   */
  async stateFor(request: CallContext, upstream: string, ticket?: Ticket<Call>): Promise<string> {
    const payload: StatePayload = {
      node: this.#node,
      ticket: ticket?.id,
      upstream,
      definition: this.#definitionOf(upstream),
      principal: request.client.principal.id,
      expiresAt: this.#clock.now() + PARK_MS,
      digest: await callDigest(request),
    };
    return await this.#seal.seal(JSON.stringify(payload));
  }

  /**
   * Opens the `requestState` of a request. The parked call that it may lead to stays where it is until it is
   * taken.
   */
  async open(request: CallContext): Promise<OpenedState<Call> | GatewayError> {
    const member = memberOf(request.message.params, 'requestState');
    const state = member === undefined ? undefined : stringAt(request.message.text, member);
    if (state?.startsWith(STATE_PREFIX) !== true) return notOfThisCall();
    const [text, digest] = await Promise.all([this.#seal.open(state), callDigest(request)]);
    // What the seal opens is what it was given.
    const payload = text === undefined ? undefined : (JSON.parse(text) as StatePayload);
    if (
      payload === undefined ||
      /* guard: parked/principal */ payload.principal !== request.client.principal.id ||
      /* guard: parked/digest */ payload.digest !== digest
    ) {
      return notOfThisCall();
    }
    // guard: parked/expiry
    if (payload.expiresAt <= this.#clock.now())
      return new GatewayError('OMNI_STATE_INVALID', 'The requestState has expired');
    if (payload.ticket === undefined) {
      // The user was asked for another server. A call that waits still goes on with its own.
      // guard: parked/definition
      if (payload.definition !== this.#definitionOf(payload.upstream))
        return new GatewayError(
          'OMNI_STATE_INVALID',
          'The server that the requestState is for has been replaced or removed',
        );
      return { kind: 'again' };
    }
    // guard: parked/node
    if (payload.node !== this.#node)
      return new GatewayError(
        'OMNI_STATE_INVALID',
        'The call waits in another Omni, or in one that has ended',
      );
    const ticket = this.#tickets.get(payload.ticket);
    return ticket === undefined ? usedUp() : { kind: 'parked', ticket };
  }
}

function usedUp(): GatewayError {
  return new GatewayError('OMNI_STATE_INVALID', 'The requestState was used already, or its call is over');
}

function notOfThisCall(): GatewayError {
  return new GatewayError('OMNI_STATE_INVALID', 'The requestState does not belong to this call');
}
