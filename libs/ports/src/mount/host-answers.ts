import { GatewayError } from '../errors/gateway-error.ts';
import { isThenable } from '../foreign-code.ts';
import { isPrincipal, OWNER_ID, type Principal } from '../principal.ts';

/** What `principalOf` of a handler has answered, for the exchange of the request. */
export type HostNamed = Principal | Promise<Principal | undefined>;

/**
 * Ids that Omni gives itself, and the kind of whom a host may name so: a user who happens to be called
 * `owner` must not become the owner of Omni.
 */
const KIND_OF_RESERVED: ReadonlyMap<string, Principal['kind']> = new Map([
  [OWNER_ID, 'local'],
  ['local', 'local'],
  ['anonymous', 'anonymous'],
]);

/**
 * Looks at whom a host has named.
 *
 * @param named - What `principalOf` has answered.
 * @returns `undefined` where the host does not know; a promise, also one that is rejected, where it answers
 *   later.
 * @throws {@link GatewayError} `OMNI_INTERNAL` for what is no principal, and for an id of Omni's own
 * (`owner`, `local`, `anonymous`) without the kind that belongs to it: `local`, `local` and `anonymous`.
 */
export function hostPrincipal(named: unknown): HostNamed | undefined {
  if (!isThenable(named)) return checked(named);
  const later = Promise.resolve(named).then(checked);
  // A request that is refused for something else asks no more who sends it.
  later.catch(() => {});
  return later;
}

/**
 * Looks at the body that a host has handed over.
 *
 * @param body - What `bodyOf` has answered.
 * @returns `undefined` where the host has none.
 * @throws {@link GatewayError} `OMNI_INTERNAL` for anything but bytes.
 */
export function hostBody(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof Uint8Array) return body;
  if (isThenable(body)) body.then(undefined, () => {});
  const what = isThenable(body) ? 'a promise' : `a value of type ${typeof body}`;
  throw new GatewayError('OMNI_INTERNAL', `bodyOf of the mounted handler has answered with ${what}`, {
    hint: 'Return the bytes of the body as they were received (Uint8Array), or undefined.',
  });
}

function checked(named: unknown): Principal | undefined {
  if (named === undefined || named === null) return undefined;
  // guard: mount/named
  if (!isPrincipal(named))
    throw wrong(
      'what is no principal: it needs an id that is not empty, and a kind of the four that there are',
    );
  const kind = KIND_OF_RESERVED.get(named.id);
  // guard: mount/reserved-id
  if (kind !== undefined && kind !== named.kind)
    throw wrong(`a user "${named.id}" of kind ${named.kind}; this id belongs to Omni, with kind ${kind}`);
  return named;
}

function wrong(what: string): GatewayError {
  return new GatewayError('OMNI_INTERNAL', `principalOf of the mounted handler has named ${what}`, {
    hint: 'Give each user of the host an id of its own, e.g. { id: `user:${name}`, kind: "token" }.',
  });
}
