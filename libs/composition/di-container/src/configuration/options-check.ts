import { GatewayError, isThenable } from '@omni/ports';
import type { MasterServerOptions } from '../master-server-options.ts';
import { SECTIONS } from './settings-check.ts';

/** What each option is, as `typeof` says it. */
const OPTIONS = {
  configuration: 'object',
  identity: 'object',
  instructions: 'string',
  startGraceMs: 'number',
  configure: 'function',
  onSession: 'function',
  pages: 'function',
  authentication: 'object',
  listening: 'object',
  startPhases: 'object',
  launcher: 'object',
  http: 'object',
  dialer: 'object',
  coordinator: 'object',
  store: 'object',
  readStoredDefinitions: 'function',
  credentials: 'object',
  clock: 'object',
  random: 'function',
  logger: 'object',
  audit: 'object',
  metrics: 'object',
  measureRuntime: 'function',
  heap: 'object',
  tracer: 'object',
  sha256: 'function',
} as const satisfies Readonly<Record<keyof MasterServerOptions, string>>;

/**
 * Refuses options that nobody can have meant; what stands in them is for other checks. Code without types may
 * give anything.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`: one line for each problem.
 */
export function checkOptions(options: unknown): void {
  const problems =
    typeof options === 'object' && options !== null
      ? Object.entries(options).flatMap(([name, value]) => problemsOf(name, value))
      : ['The options of a gateway must be an object'];
  if (problems.length === 0) return;
  throw new GatewayError('OMNI_CONFIG_INVALID', problems.join('\n'), {
    data: { problems },
    hint: 'Correct what the program gives to createMasterServer; what it leaves out has a default.',
  });
}

/**
 * Refuses a `configure` that goes on later: the parts are made when it has returned.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`.
 */
export function checkConfigured(result: unknown): void {
  if (!isThenable(result)) return;
  // Its failure is not to become one of the process.
  result.then(undefined, () => {});
  throw new GatewayError(
    'OMNI_CONFIG_INVALID',
    'configure must not be asynchronous: it has returned a promise',
    {
      hint: 'Wait for what it needs before createMasterServer is called.',
    },
  );
}

function problemsOf(name: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Object.hasOwn(OPTIONS, name)) {
    const where = SECTIONS.has(name)
      ? `it belongs into the configuration: { configuration: { ${name} } }`
      : `there are ${Object.keys(OPTIONS).join(', ')}`;
    return [`"${name}" is no option of a gateway; ${where}`];
  }
  // Holds: it is one of them.
  const type = OPTIONS[name as keyof typeof OPTIONS];
  // Functions have members as well.
  const isFitting = typeof value === type || (type === 'object' && typeof value === 'function');
  if (!isFitting || value === null) return [`${name} must be ${type === 'object' ? 'an' : 'a'} ${type}`];
  return typeof value === 'number' && !(value >= 0) ? [`${name} must be 0 or more milliseconds`] : [];
}
