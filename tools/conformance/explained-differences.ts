/**
 * Checks that succeed without Omni and cannot be made with it, by `<scenario> <check id>`, and why that is
 * right. A check that is made and fails is not excused by being here.
 */
export const EXPLAINED_DIFFERENCES: Readonly<Record<string, string>> = {
  'server-sse-multiple-streams server-sse-streams-functional':
    'Omni answers with JSON where nothing comes before the answer; the check counts event streams and only informs of JSON',
  'server-sse-polling server-sse-priming-event':
    'the server ends its stream to be asked again, which Omni does in place of the client',
  'server-sse-polling server-sse-retry-field': 'as above: the client sees one answer and no break',
  'server-sse-polling server-sse-disconnect-resume': 'as above: the client sees one answer and no break',
  'request-metadata sep-2575-client-declares-roots-capability':
    'the server offers nothing, so that all requests are those that Omni makes for itself: it declares no capabilities of clients',
  'request-metadata sep-2575-client-declares-sampling-capability':
    'as above: Omni declares no capabilities of clients for itself',
  'request-metadata sep-2575-client-declares-elicitation-capability':
    'as above: Omni declares no capabilities of clients for itself',
};

/** @param check - Id and name, as in the verdicts of a run. */
export function differenceKey(scenario: string, check: string): string {
  const [id = ''] = check.split(' ', 1);
  return `${scenario} ${id}`;
}
