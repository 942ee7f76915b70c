import { checkDatabaseFile, lockStore, sqlitePath, type StoreSettings } from '@omni/sql';
import { GatewayError, type Logger } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';

/** Where the state of a gateway lies. */
export interface StatePlace {
  readonly folder: string;
  /** What becomes of a gateway that cannot have it: it fails, or remembers nothing. */
  readonly otherwise: 'fail' | 'forget';
}

/** The store of this gateway, and nobody else's. */
export interface HeldStore {
  /** `undefined`: nothing is remembered. */
  readonly settings: StoreSettings | undefined;
  /** Lets another Omni have it. */
  release(): void;
}

/**
 * Takes the state folder for this process.
 *
 * @throws {@link GatewayError} `OMNI_STORE_LOCKED`, `OMNI_STORE_DENIED`.
 */
export async function holdStore(
  { url, schema }: Pick<GatewayConfiguration['storage'], 'url' | 'schema'>,
  place: StatePlace | undefined,
  logger: Pick<Logger, 'warn'>,
): Promise<HeldStore> {
  if (place === undefined) return { settings: undefined, release() {} };
  const forgetful = { settings: { url: 'memory:', schema, stateFolder: place.folder }, release() {} };
  if (url === 'memory:') return forgetful;
  try {
    const settings = { url, schema, stateFolder: place.folder };
    const path = sqlitePath(settings);
    const release = await lockStore(place.folder, path);
    // Who looks at it later cannot end Omni any more.
    if (path !== undefined) await checkDatabaseFile(path).catch(releasing(release));
    return { settings, release };
  } catch (error) {
    if (place.otherwise === 'fail' || !(error instanceof GatewayError)) throw error;
    logger.warn({ code: error.code }, `nothing is remembered over restarts: ${error.message}`);
    return forgetful;
  }
}

/** A failure after it was taken lets it go. */
function releasing(release: () => void): (error: unknown) => never {
  return (error) => {
    release();
    throw error;
  };
}
