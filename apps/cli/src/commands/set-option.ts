import { Option } from 'commander';

/** `--set KEY=VALUE`, any number of times. */
export function setOption(): Option {
  return new Option(
    '--set <key=value>',
    'a setting over those of the files, such as server.drain=30s',
  ).argParser((word: string, words: readonly string[] | undefined) => [...(words ?? []), word]);
}
