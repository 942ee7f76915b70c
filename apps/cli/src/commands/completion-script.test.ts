import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { completionScript, SHELLS, type CompletedCommand } from './completion-script.ts';

const COMMANDS: readonly CompletedCommand[] = [
  {
    name: 'ls',
    summary: "list the user's servers",
    options: [
      { long: '--url', summary: 'where', takesValue: true },
      { long: '--debug', summary: 'more', takesValue: false },
    ],
  },
  { name: 'version', summary: 'print the version', options: [] },
  {
    name: 'store',
    summary: 'look after it',
    commands: ['check', 'backup'],
    options: [{ long: '--output', summary: 'format', takesValue: true }],
  },
];
const hasBash = spawnSync('bash', ['--version']).status === 0;
const itWithBash = hasBash ? it : it.skip;

/** What bash offers after these words; the last one is being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=(omni ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _omni; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trimEnd().split('\n');
}

describe('completionScript', () => {
  itWithBash('completes commands in bash', () => {
    expect(offered('')).toEqual(['ls', 'version', 'store', 'help']);
    expect(offered('ver')).toEqual(['version']);
  });

  itWithBash('completes options of the command in bash', () => {
    expect(offered('ls', '--')).toEqual(['--url', '--debug']);
    expect(offered('version', '--')).toEqual(['']);
  });

  itWithBash('completes commands of a command in bash', () => {
    expect(offered('store', '')).toEqual(['check', 'backup', '--output']);
    expect(offered('store', 'b')).toEqual(['backup']);
  });

  it('tells zsh and fish the commands of a command', () => {
    expect(completionScript('zsh', COMMANDS)).toContain('store) compadd -- check backup --output ;;');
    expect(completionScript('fish', COMMANDS)).toContain("'__fish_seen_subcommand_from store' -a backup\n");
  });

  it('tells zsh every command with its summary', () => {
    expect(completionScript('zsh', COMMANDS)).toContain(String.raw`'ls:list the user'\''s servers'`);
    expect(completionScript('zsh', COMMANDS)).toContain('ls) compadd -- --url --debug ;;');
  });

  it('tells fish which options take a value', () => {
    expect(completionScript('fish', COMMANDS)).toContain(
      "'__fish_seen_subcommand_from ls' -l url -r -d 'where'\n",
    );
    expect(completionScript('fish', COMMANDS)).toContain(
      "'__fish_seen_subcommand_from ls' -l debug -d 'more'\n",
    );
  });

  it.each(SHELLS)('says in the script for %s how to use it', (shell) => {
    expect(completionScript(shell, COMMANDS)).toContain(`omni completion ${shell}`);
  });
});
