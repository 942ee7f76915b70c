import {
  type Clock,
  GatewayError,
  isPrincipal,
  type Logger,
  type Principal,
  type Refusal,
} from '@omni/ports';
import type { Authentication, AuthenticationWait } from '../collaborators.ts';
import type { EndpointRequest } from './endpoint-request.ts';
import { PendingAuthentications } from './pending-authentications.ts';

export interface RequestAuthenticationOptions {
  readonly authentication: Authentication;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An authentication that fails does so for every request: this is how often the log hears of it. */
const LOG_EVERY_MS = 1_000;
/** RFC 9110, section 5.5. A line break in it would begin a header of its own. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Finds out who a request is from, and whatever goes wrong with that, lets nobody in. */
export class RequestAuthentication {
  readonly #authentication: Authentication;
  readonly #pending: PendingAuthentications;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #quietUntilMs = 0;

  constructor({ authentication, clock, logger }: RequestAuthenticationOptions) {
    this.#authentication = authentication;
    this.#pending = new PendingAuthentications(clock);
    this.#clock = clock;
    this.#logger = logger;
  }

  /** How many requests wait to be authenticated. */
  get pending(): number {
    return this.#pending.size;
  }

  /** @returns A promise, which is never rejected, only where the authentication takes time. */
  identify(request: EndpointRequest): Principal | Refusal | Promise<Principal | Refusal> {
    const { refusal } = this.#pending;
    if (refusal !== undefined) return refusal;
    try {
      const { principal } = request;
      const wait = new Wait();
      const answer =
        /* guard: mount/principal */ principal === undefined
          ? this.#authentication.authenticate(request, wait)
          : principal instanceof Promise
            ? principal.then((named) => named ?? this.#authentication.authenticate(request, wait))
            : principal;
      if (!('then' in answer)) return checked(answer);
      const known = Promise.resolve(answer).then(checked).catch(this.#failed);
      return this.#pending.wait(known, request, () => wait.end());
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  /** Whether everybody is let in as one, and the host has named nobody for this request. */
  isOpenTo({ principal }: Pick<EndpointRequest, 'principal'>): boolean {
    return principal === undefined && this.#authentication.isOpen === true;
  }

  /** Refuses what waits, and what would wait from now on. */
  stop(): void {
    this.#pending.close();
  }

  // Whatever it is, the client has done nothing wrong, and is not let in.
  readonly #failed = (cause: unknown): Refusal => {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#quietUntilMs) {
      this.#quietUntilMs = nowMs + LOG_EVERY_MS;
      this.#logger.error({ err: cause }, 'the authentication failed; its requests are refused');
    }
    return /* guard: authentication/failure */ {
      error: new GatewayError('OMNI_INTERNAL', 'Omni failed to find out who sent the request', { cause }),
    };
  };
}

/** Makes a signal for who wants one: nearly every authentication answers at once. */
class Wait implements AuthenticationWait {
  #controller: AbortController | undefined;
  #isOver = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  end(): void {
    this.#isOver = true;
    // guard: authentication/signal
    this.#controller?.abort();
  }
}

/** @throws {TypeError} What is neither a principal nor a refusal that can be sent. */
function checked(answer: Principal | Refusal): Principal | Refusal {
  if ('error' in answer) {
    const { error, challenge = '' } = answer;
    if (error instanceof GatewayError && /* guard: authentication/challenge */ FIELD_VALUE.test(challenge))
      return answer;
  } else if (/* guard: authentication/answer */ isPrincipal(answer)) return answer;
  throw new TypeError('the authentication answered with neither a principal nor a refusal');
}
