import type { Era } from './tool-call.ts';

export type Transport = 'http' | 'stdio' | 'ws' | 'unix' | 'tcp' | 'sse';

/** One side of Omni: how it is connected and what it speaks. */
export interface Side {
  readonly transport: Transport;
  readonly era: Era;
}

/** A client, Omni and a server. */
export interface Leg {
  readonly client: Side;
  readonly server: Side;
}

/** Everything that a client or a server can be connected by. HTTP+SSE has one era. */
export const SIDES: readonly Side[] = (['http', 'stdio', 'ws', 'unix', 'tcp', 'sse'] as const).flatMap(
  (transport) =>
    (transport === 'sse' ? (['legacy'] as const) : (['legacy', 'modern'] as const)).map((era) => ({
      transport,
      era,
    })),
);

/** Of how many parts a leg takes one, when it does not take all. */
const PARTS = 16;
const BASIC: ReadonlySet<Transport> = new Set(['http', 'stdio']);

/**
 * Whether every value goes through: between HTTP and stdio in every combination, and for each further
 * transport in every pair of eras that it has, at both sides. With `OMNI_FIDELITY=all` there is no other leg.
 */
export function isWhole({ client, server }: Leg): boolean {
  if (process.env['OMNI_FIDELITY'] === 'all') return true;
  if (BASIC.has(client.transport) && BASIC.has(server.transport)) return true;
  if (client.transport === server.transport) return true;
  // HTTP+SSE has no modern side of its own to go with.
  return (
    [client, server].some(({ transport }) => transport === 'sse') &&
    [client, server].some((side) => isModernHttp(side))
  );
}

function isModernHttp({ transport, era }: Side): boolean {
  return transport === 'http' && era === 'modern';
}

/**
 * The part of the values that a leg takes when it does not take all; legs that follow each other take others.
 */
export function partOf<T>(values: readonly T[], legNumber: number): readonly T[] {
  return values.filter((_value, index) => index % PARTS === legNumber % PARTS);
}

export function nameOf({ transport, era }: Side): string {
  return `${transport}-${era}`;
}
