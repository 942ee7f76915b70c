import { createRequire } from 'node:module';

// The forwarder uses the very undici that Omni's Node adapter uses, which is not the one at the root of the
// workspace.
const requireAsAdapter = createRequire(new URL('../../../libs/adapters/node/package.json', import.meta.url));

/** The part of undici that the forwarder uses. */
export interface UndiciPool {
  dispatch(
    options: { path: string; method: string; headers: readonly string[]; body: Uint8Array },
    handler: {
      onRequestStart(): void;
      onResponseStart(
        controller: { readonly rawHeaders?: unknown },
        status: number,
        headers: Readonly<Record<string, string | string[] | undefined>>,
      ): void;
      onResponseData(controller: unknown, chunk: Buffer): void;
      onResponseEnd(): void;
      onResponseError(): void;
    },
  ): boolean;
}

/** Opens a connection pool to one origin. */
export function createPool(origin: string, connections: number): UndiciPool {
  // Holds: this is the documented shape of undici 8's Pool.
  const { Pool } = requireAsAdapter('undici') as {
    Pool: new (origin: string, options: { connections: number }) => UndiciPool;
  };
  return new Pool(origin, { connections });
}

/** Version of the undici in use. */
export function undiciVersion(): string {
  // Holds: every package.json has a version.
  return (requireAsAdapter('undici/package.json') as { version: string }).version;
}
