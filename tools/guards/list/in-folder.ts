import type { Guard } from '../guard.ts';

/** A guard with paths from one folder; a test that begins with `apps/` or `libs/` stands somewhere else. */
export interface LocalGuard extends Omit<Guard, 'test'> {
  readonly test: readonly [file: string, title: string];
}

/** @param folder - Path from the root of the workspace. */
export function inFolder(folder: string, guards: readonly LocalGuard[]): readonly Guard[] {
  const whole = (file: string): string => (/^(?:apps|libs)\//.test(file) ? file : `${folder}/${file}`);
  return guards.map(({ test: [file, title], ...guard }) => ({ ...guard, file: whole(guard.file), test: { file: whole(file), title } }));
}
