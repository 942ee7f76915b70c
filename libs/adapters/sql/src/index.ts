export { lockStore } from './sqlite/lock-store.ts';
export { checkDatabaseFile } from './sqlite/private-path.ts';
export { openStore } from './open-store.ts';
export type { OpenStoreOptions, StoreSettings } from './store-settings.ts';
export { backupStore, checkStore, restoreStore } from './sqlite/late-store-files.ts';
export type { StoreCheck, StoreFile } from './sqlite/store-file.ts';
export { sqlitePath } from './sqlite/sqlite-path.ts';
