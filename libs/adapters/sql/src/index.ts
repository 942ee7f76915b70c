export { lockStore } from './sqlite/lock-store.ts';
export { checkDatabaseFile } from './sqlite/private-path.ts';
export { openStore, type OpenStoreOptions, sqlitePath, type StoreSettings } from './open-store.ts';
export { backupStore, checkStore, restoreStore, type StoreCheck } from './sqlite/store-files.ts';
