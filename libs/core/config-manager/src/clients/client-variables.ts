/** Folders that clients have names for. */
export interface ClientFolders {
  /** The one in which the client would run its servers; absolute where that is known. */
  readonly project: string | undefined;
}

type Meaning = 'project' | 'project-name' | 'home' | 'separator' | 'unknown';

interface ClientVariable {
  readonly client: string;
  readonly meaning: Meaning;
}

/**
 * `${…}` that clients define themselves: VS Code "Variables reference", Cursor, Claude Code "Plugins", Gemini
 * CLI "Extensions", MCPB.
 */
const VARIABLES: ReadonlyMap<string, ClientVariable> = new Map<string, ClientVariable>([
  ['workspaceFolder', { client: 'VS Code and Cursor', meaning: 'project' }],
  ['workspaceRoot', { client: 'VS Code', meaning: 'project' }],
  ['workspaceFolderBasename', { client: 'VS Code and Cursor', meaning: 'project-name' }],
  ['localWorkspaceFolder', { client: 'dev containers', meaning: 'project' }],
  ['localWorkspaceFolderBasename', { client: 'dev containers', meaning: 'project-name' }],
  ['containerWorkspaceFolder', { client: 'dev containers', meaning: 'unknown' }],
  ['containerWorkspaceFolderBasename', { client: 'dev containers', meaning: 'project-name' }],
  ['cwd', { client: 'VS Code', meaning: 'project' }],
  ['userHome', { client: 'VS Code and Cursor', meaning: 'home' }],
  ['pathSeparator', { client: 'VS Code and Cursor', meaning: 'separator' }],
  ['/', { client: 'VS Code and Cursor', meaning: 'separator' }],
  ['CLAUDE_PLUGIN_ROOT', { client: 'Claude Code', meaning: 'project' }],
  ['CLAUDE_PROJECT_DIR', { client: 'Claude Code', meaning: 'project' }],
  ['CLAUDE_PLUGIN_DATA', { client: 'Claude Code', meaning: 'unknown' }],
  ['extensionPath', { client: 'Gemini CLI', meaning: 'project' }],
  ['workspacePath', { client: 'Gemini CLI', meaning: 'project' }],
  ['__dirname', { client: 'bundles (.mcpb)', meaning: 'unknown' }],
  ['HOME', { client: 'bundles (.mcpb)', meaning: 'home' }],
  ['DESKTOP', { client: 'bundles (.mcpb)', meaning: 'unknown' }],
  ['DOCUMENTS', { client: 'bundles (.mcpb)', meaning: 'unknown' }],
  ['DOWNLOADS', { client: 'bundles (.mcpb)', meaning: 'unknown' }],
  ...['file', 'fileBasename', 'fileDirname', 'relativeFile', 'lineNumber', 'selectedText', 'execPath'].map(
    (name): readonly [string, ClientVariable] => [name, { client: 'VS Code', meaning: 'unknown' }],
  ),
]);

/** What stands before the first `:` or `.`, and whose it is. */
const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['workspaceFolder', 'VS Code'],
  ['config', 'VS Code'],
  ['command', 'VS Code'],
  ['localEnv', 'dev containers'],
  ['containerEnv', 'dev containers'],
  ['user_config', 'bundles (.mcpb)'],
  ['file', 'Windsurf'],
  ['cmd', 'mcphub.nvim'],
  ['prompt', 'a client'],
  ['inputs', 'Continue'],
  ['secrets', 'Continue'],
]);

/**
 * What a `${…}` means that clients define and the environment does not.
 *
 * @param folders - Absent in Omni's own files, where no client's variable means anything.
 * @returns `undefined` when it is no client's.
 */
export function clientReference(
  reference: string,
  folders: ClientFolders | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { readonly text: string } | { readonly failure: string } | undefined {
  const found = VARIABLES.get(reference);
  if (found === undefined) {
    const scheme = SCHEMES.get(/^(\w+)[:.]/.exec(reference)?.[1] ?? '');
    return scheme === undefined || /^\w+:[-?]/.test(reference) ? undefined : unknownOf(scheme);
  }
  const text = folders === undefined ? undefined : valueOf(found.meaning, folders, env);
  return text === undefined ? unknownOf(found.client) : { text };
}

function valueOf(
  meaning: Meaning,
  { project }: ClientFolders,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  switch (meaning) {
    case 'project':
      return project;
    case 'project-name':
      return project?.slice(project.lastIndexOf('/') + 1);
    case 'home':
      return homeOf(env);
    case 'separator':
      return project?.includes('\\') === true ? '\\' : '/';
    case 'unknown':
      return undefined;
  }
}

/** The home folder of who runs Omni. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['HOME'] || env['USERPROFILE'] || undefined;
}

function unknownOf(client: string): { readonly failure: string } {
  return { failure: `is a variable of ${client}, whose value is not known here; write the value itself` };
}
