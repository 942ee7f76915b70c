export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as completion sees it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Those that follow it. */
  readonly commands?: readonly string[];
  readonly options: readonly {
    readonly long: string;
    readonly summary: string;
    readonly takesValue: boolean;
  }[];
}

/** A script that makes a shell complete `omni`; file names complete wherever nothing else fits. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}

/** What may stand behind a command. */
function wordsAfter({ commands = [], options }: CompletedCommand): string {
  return [...commands, ...options.map(({ long }) => long)].join(' ');
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return `# omni completion for bash; in ~/.bashrc: eval "$(omni completion bash)"
_omni() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} help"
  else
    case "\${COMP_WORDS[1]}" in
${commands.map((command) => `      ${command.name}) words="${wordsAfter(command)}" ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _omni omni
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef omni
# omni completion for zsh; in ~/.zshrc, after compinit: eval "$(omni completion zsh)"
_omni() {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  case "$words[2]" in
${commands.map((command) => `    ${command.name}) compadd -- ${wordsAfter(command)} ;;`).join('\n')}
  esac
  _files
}
compdef _omni omni
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, commands: inner = [], options }) => [
    `complete -c omni -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...inner.map((word) => `complete -c omni -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
    ...options.map(
      ({ long, summary: text, takesValue }) =>
        `complete -c omni -n '__fish_seen_subcommand_from ${name}' -l ${long.replace(/^--/, '')}${takesValue ? ' -r' : ''} -d ${quoted(text)}`,
    ),
  ]);
  return `# omni completion for fish; omni completion fish > ~/.config/fish/completions/omni.fish\n${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
