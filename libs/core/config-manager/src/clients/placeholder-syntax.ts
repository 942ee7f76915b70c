/** What a placeholder stands for. */
export type PlaceholderMeaning =
  | { readonly variable: string; readonly fallback?: string }
  /** Why there is nothing to put in its place. */
  | { readonly refusal: string };

/** A placeholder of clients, other than `${NAME}`. */
export interface PlaceholderSyntax {
  /** With the flag `g`. */
  readonly pattern: RegExp;
  readonly read: (match: readonly (string | undefined)[]) => PlaceholderMeaning;
}

/** `{env:NAME}` and `{file:path}` of opencode; an unset variable is empty there. */
export const BRACED_SCHEME: PlaceholderSyntax = {
  pattern: /\{(env|file):([^{}\s]+)\}/g,
  read: ([whole = '', scheme, name = '']) =>
    scheme === 'env'
      ? { variable: name }
      : { refusal: `${whole} reads a file, which is not done here; use \${NAME}` },
};

/** `{{NAME}}`: LibreChat and Warp fill it in for each of their users. */
export const DOUBLE_BRACES: PlaceholderSyntax = {
  pattern: /\{\{\s*[A-Za-z_]\w*\s*\}\}/g,
  read: ([whole = '']) => ({
    refusal: `${whole} is filled in by the client for each of its users, and all of them would become one; write \${NAME}`,
  }),
};

/** `${{ secrets.NAME }}` of Continue. */
export const SECRETS: PlaceholderSyntax = {
  pattern: /\$\{\{\s*(\w+)\.([\w.-]+)\s*\}\}/g,
  read: ([whole = '', kind, name = '']) =>
    kind === 'secrets'
      ? { variable: name }
      : { refusal: `${whole} asks a person; set a variable and write \${NAME} instead` },
};

/** `$NAME`, as a shell has it. Lower case and digits stay text: `$2b$10$…` is a password. */
export const DOLLAR_NAME: PlaceholderSyntax = {
  pattern: /(?<![\\$])\$([A-Z_][A-Z0-9_]*)/g,
  read: ([, name = '']) => ({ variable: name }),
};

/** `$(command)` of Crush. */
export const SHELL_COMMAND: PlaceholderSyntax = {
  pattern: /\$\([^()]*\)/g,
  read: () => ({ refusal: 'a "$(…)" is the output of a command, which is not run here; use ${NAME}' }),
};

/** `%NAME%`, as Windows has it. Two hexadecimal digits are a byte of an address: `%E4%BD%A0`. */
export const PERCENT_NAME: PlaceholderSyntax = {
  pattern: /%(?![0-9A-Fa-f]{2}%)([A-Za-z_][A-Za-z0-9_()]*)%/g,
  read: ([, name = '']) => ({ variable: name }),
};

/** `$env:NAME` of mcporter. */
export const DOLLAR_ENV: PlaceholderSyntax = {
  pattern: /\$env:([A-Za-z_]\w*)/g,
  read: ([, name = '']) => ({ variable: name }),
};

/** `os.environ/NAME` of LiteLLM. */
export const OS_ENVIRON: PlaceholderSyntax = {
  pattern: /\bos\.environ\/([A-Za-z_]\w*)/g,
  read: ([, name = '']) => ({ variable: name }),
};

/** `${NAME:default}` of mcp-agent and fast-agent. */
export const COLON_DEFAULT: PlaceholderSyntax = {
  pattern: /\$\{([A-Za-z_]\w*):(?![-?])([^{}]*)\}/g,
  read: ([, name = '', fallback = '']) => ({ variable: name, fallback }),
};

/** `$: command` and `${cmd: …}` of mcphub.nvim. */
export const COMMAND_OUTPUT: PlaceholderSyntax = {
  pattern: /^\$: .*|\$\{cmd:[^{}]*\}/g,
  read: () => ({ refusal: 'the value is the output of a command, which is not run here; use ${NAME}' }),
};
