import type { StateStore } from '@omni/ports';
import type { OpenStoreOptions, StoreSettings } from './store-settings.ts';

/**
 * Opens the store and becomes its writer. Its libraries are loaded here: who only locks it goes without.
 *
 * A database that is missing is made; one that is damaged, newer or somebody else's is refused and left as it
 * is.
 *
 * @throws {@link GatewayError} `OMNI_STORE_*`
 */
export async function openStore(settings: StoreSettings, options: OpenStoreOptions): Promise<StateStore> {
  const { openedStore } = await import('./opened-store.ts');
  return await openedStore(settings, options);
}
