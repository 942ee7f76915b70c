/** The end-to-end tests by what they are about: an area is run, and its result kept, as one. */

export const END_TO_END = 'apps/master-server-e2e';
/** What they start, from the root of the workspace. */
export const BUNDLED = 'apps/master-server/dist/bundle/main.mjs';

/**
 * Files without their ending, from the folder of the sources; a name with a slash at its end is a folder.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const AREAS = {
  auth: [
    'advisories',
    'advisories-of-principals',
    'credentials',
    'isolation-of-answers',
    'isolation-of-tokens',
    'isolation-over-http',
    'lists-per-client',
    'identity',
    'principals',
    'private-text',
    'sealing',
    'secrets',
    'session-policies',
  ],
  'bad-input': ['bad-input/'],
  fidelity: ['byte-exactness', 'fidelity', 'forwarded-headers', 'trace-context', 'unknown-fields'],
  'life-cycle': ['life-cycle/'],
  load: ['load/'],
  processes: [
    'apply',
    'broken-connections',
    'bundle',
    'config-paths',
    'configuration',
    'embedding',
    'half-open-servers',
    'isolation',
    'launchers',
    'orphans',
    'reload',
    'request-logs',
    'restart',
    'restart-over-http',
    'shutdown',
    'start',
    'startup-errors',
  ],
  relay: [
    'answers-to-the-caller',
    'bridge',
    'cancellation',
    'elicitation-labels',
    'extensions',
    'matrix',
    'mcp-apps',
    'question-progress',
    'real-servers',
    'relay-legacy',
    'relay-modern',
    'tasks',
  ],
  routing: ['routing/'],
  state: ['state/'],
  transports: ['browser-pages', 'resume', 'sse', 'stdio-front', 'transports'],
};

/**
 * @param {string} area
 * @returns {string} what finds its files among those of the workspace, as a pattern of Jest
 */
export function patternOf(area) {
  const names = (AREAS[area] ?? []).map((name) => (name.endsWith('/') ? `${name}.*` : name));
  return `/${END_TO_END}/src/(?:${names.join('|')})\\.test\\.ts$`;
}

/** @param {string} area */
export function targetOf(area) {
  return `e2e-${area}`;
}

/**
 * @param {string} area
 * @returns {string} where its results are, from the root of the workspace
 */
export function resultsOf(area) {
  return `${END_TO_END}/.test-results/${area}.json`;
}
