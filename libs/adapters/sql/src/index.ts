export { lockStore } from './sqlite/lock-store.ts';
export { openStore, type OpenStoreOptions, type StoreSettings } from './open-store.ts';
