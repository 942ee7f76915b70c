import { join, resolve } from 'node:path';
import type { StoreSettings } from '../store-settings.ts';

/** Where SQLite keeps the state; `undefined` for other databases. */
export function sqlitePath({ url, stateFolder }: Omit<StoreSettings, 'schema'>): string | undefined {
  if (!url.startsWith('sqlite:')) return undefined;
  const path = url.slice('sqlite:'.length);
  return path === '' ? join(stateFolder, 'omni.db') : resolve(path);
}
