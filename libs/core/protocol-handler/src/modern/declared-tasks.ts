import { applyEdits, memberOf, scanJson, setMember, TRUSTED_LIMITS } from '@omni/jsonrpc';

const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** The same capabilities, as JSON, with the tasks extension (MCP 2026-07-28, "Extensions"). */
export function withTasks(capabilities: string): string {
  const scan = scanJson(capabilities, TRUSTED_LIMITS, { extensions: {} });
  if (scan.kind !== 'object') return capabilities;
  const extensions = memberOf(scan.object, 'extensions')?.object;
  if (memberOf(extensions, TASKS_EXTENSION) !== undefined) return capabilities;
  const edit =
    extensions === undefined
      ? setMember(scan.object, 'extensions', `{"${TASKS_EXTENSION}":{}}`)
      : setMember(extensions, TASKS_EXTENSION, '{}');
  return applyEdits(capabilities, [edit]);
}
