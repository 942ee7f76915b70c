export { lockStore } from './sqlite/lock-store.ts';
export { checkDatabaseFile } from './sqlite/private-path.ts';
export { openStore, type OpenStoreOptions, type StoreSettings } from './open-store.ts';
export {
  backupStore,
  checkStore,
  restoreStore,
  type StoreCheck,
  type StoreFile,
} from './sqlite/late-store-files.ts';
export { sqlitePath } from './sqlite/sqlite-path.ts';
