import type { GatewayError } from '@omni/ports';

/** Failures in a row after which nobody is there; one or two happen under load. */
const TOO_MANY = 3;

/** Counts calls that could not even be connected, to tell a server that is gone from one that fails. */
export class ConnectFailures {
  #inARow = 0;

  /** Records how a call ended. @returns Whether the server is to be taken as gone. */
  isTooMuch(failure: GatewayError | undefined): boolean {
    if (
      failure === undefined ||
      failure.code !== 'OMNI_UPSTREAM_UNREACHABLE' ||
      failure.data?.['phase'] !== 'connect'
    ) {
      this.#inARow = 0;
      return false;
    }
    return ++this.#inARow >= TOO_MANY;
  }
}
