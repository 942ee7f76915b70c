/** Severity names of MCP logging, least first (RFC 5424). */
const LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

export function isLogLevel(level: string): boolean {
  return LEVELS.includes(level);
}

/** How severe a level is, least first from 0; −1 for a level that is not known. */
export function severityOf(level: string): number {
  return LEVELS.indexOf(level);
}
