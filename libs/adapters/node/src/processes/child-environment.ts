/**
 * Variables that a child gets from Omni's own environment. Everything else (tokens, `npm_*`, `NODE_OPTIONS`)
 * stays behind.
 */
const PASSED = new Set(
  (
    'PATH HOME USER LOGNAME SHELL TERM LANG LANGUAGE TZ TMPDIR TEMP TMP ' +
    'HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE ' +
    'SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES'
  ).split(' '),
);
const PASSED_PREFIXES = ['LC_', 'XDG_'];
/** Written in lower case by custom: curl and others read only that. */
const PASSED_LOWER = new Set(['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']);

/** Whose child a process is; read back by the sweep for orphans. */
export const OWNER_VARIABLE = 'OMNI_OWNER';

/** What a child's environment is made of. */
export interface ChildEnvironmentOptions {
  /** Omni's own environment. */
  readonly own: Readonly<Record<string, string | undefined>>;
  /** From the configuration of the upstream; wins over Omni's own. */
  readonly added: Readonly<Record<string, string>>;
  readonly owner: string;
  /** Whether names of variables ignore case, as on Windows. */
  readonly ignoresCase: boolean;
}

/**
 * Makes the environment of a child: a few variables of Omni's, what the configuration adds, and the mark of
 * its owner.
 */
export function childEnvironment(options: ChildEnvironmentOptions): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.own)) {
    if (
      value !== undefined &&
      /* guard: child/environment */ isPassed(options.ignoresCase ? name.toUpperCase() : name)
    )
      environment[name] = value;
  }
  for (const [name, value] of Object.entries(options.added)) {
    if (options.ignoresCase)
      for (const other of Object.keys(environment))
        if (other.toUpperCase() === name.toUpperCase()) delete environment[other];
    environment[name] = value;
  }
  // guard: child/owner-mark
  environment[OWNER_VARIABLE] = options.owner;
  return environment;
}

function isPassed(name: string): boolean {
  return (
    PASSED.has(name) || PASSED_LOWER.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
