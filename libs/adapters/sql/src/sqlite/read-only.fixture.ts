import { spawnSync } from 'node:child_process';

/** Arguments of Node for a program in the text that follows. */
export const PROGRAM = [
  '--conditions=@omni/source',
  '--disable-warning=ExperimentalWarning',
  ...['--input-type=module', '-e'],
];

/** Linux, where users may have mounts of their own. */
export const CAN_MOUNT = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** Runs a program for which nothing in the folder can be written. @returns What it says. */
export function runReadOnly(folder: string, program: string): string {
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      ...['-rm', 'sh', '-c', 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'],
      ...[folder, process.execPath, ...PROGRAM, program],
    ],
    { encoding: 'utf8' },
  );
  return stdout.trim() + stderr;
}
