import { jsonText, type OwnerReport, terminalText } from '@omni/ports';
import { textTable } from './text-table.ts';

/** One server behind a gateway; fits `OwnedUpstreamReport` of `@omni/container`. */
export interface ServerStatus {
  readonly name: string;
  /**
   * `ready`, `starting`, `down`, `login`, `disabled`, `misconfigured`, `asleep` or `stopped`; a newer gateway
   * may say more.
   */
  readonly state: string;
  /** `healthy`, `disconnected`, `circuit_open` or `disabled`; an older gateway does not say it. */
  readonly health_status?: string | undefined;
  /** `closed`, `open` or `half_open`. */
  readonly circuit_state?: string | undefined;
  readonly level?: string | undefined;
  /** Whether it works, whether it may, and what to do. */
  readonly health?:
    | {
        readonly level: string;
        readonly admin_state: string;
        readonly summary: string;
        readonly detail: string;
        readonly action: string;
      }
    | undefined;
  readonly era: string | undefined;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  readonly lastError: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
  /** Milliseconds until Omni tries again by itself. */
  readonly retryInMs: number | undefined;
  /** Lists that could not be read, or (`isPartial`) not to their end. */
  readonly problems: readonly {
    readonly kind: string;
    readonly isPartial: boolean;
    readonly reason: string;
  }[];
  /** Items that are not offered. */
  readonly withheld: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  /**
   * What it wrote that is no answer to anybody, the latest first; empty for who is not the owner of the
   * gateway.
   */
  readonly ownerReports: readonly OwnerReport[];
}

export const LIST_FORMATS = ['table', 'json', 'name'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/** Longest error in the table; it stands whole below, or in `-o json`. */
const MAX_ERROR_CHARS = 60;
const HEADING = ['NAME', 'STATE', 'ERA', 'TOOLS', 'RESOURCES', 'PROMPTS', 'LAST ERROR', 'NEXT'];

/** What `omni ls` prints. An empty list is `[]` in JSON and nothing by name. */
export function serverList(servers: readonly ServerStatus[], format: ListFormat): string {
  switch (format) {
    case 'json':
      return `${jsonText(servers.map(jsonEntry), 2)}\n`;
    case 'name':
      return servers.map(({ name }) => `${oneLine(name)}\n`).join('');
    case 'table':
      return servers.length === 0
        ? 'No servers are configured.\n'
        : `${textTable([HEADING, ...servers.map(tableRow)])}${summary(servers)}\n${servers.map(below).join('')}`;
  }
}

/** Absent facts are null, so that every entry has the same keys. */
function jsonEntry({
  name,
  state,
  health_status,
  circuit_state,
  level,
  health,
  era,
  tools,
  resources,
  prompts,
  lastError,
  retryInMs,
  problems,
  withheld,
  ownerReports,
}: ServerStatus): unknown {
  return {
    name,
    state,
    health_status: health_status ?? null,
    circuit_state: circuit_state ?? null,
    level: level ?? null,
    health: health ?? null,
    era: era ?? null,
    tools,
    resources,
    prompts,
    lastError: lastError ?? null,
    retryInMs: retryInMs === undefined ? null : Math.ceil(retryInMs),
    problems,
    withheld,
    ownerReports,
  };
}

function tableRow(server: ServerStatus): readonly string[] {
  const { name, state, era } = server;
  const isUp = state === 'ready';
  const counts = [server.tools, server.resources, server.prompts].map((count) =>
    isUp ? String(count) : '-',
  );
  return [
    oneLine(name),
    oneLine(state),
    oneLine(era ?? '-'),
    ...counts,
    clipped(errorText(server)),
    nextStep(server),
  ];
}

/** Why it is not up, or what of it is not shown. */
function errorText({ state, lastError, problems, withheld }: ServerStatus): string {
  if (state === 'misconfigured' && lastError?.code === 'OMNI_CONFIG_INVALID')
    return 'its entry is wrong, see below';
  if (lastError !== undefined) return oneLine(lastError.message);
  const lists = problems.map(
    ({ kind, isPartial, reason }) => `${kind}${isPartial ? ' in part' : ''}: ${reason}`,
  );
  const items = withheld.length === 0 ? [] : [`${withheld.length} withheld`];
  return oneLine([...lists, ...items].join('; ')) || '-';
}

function nextStep(server: ServerStatus): string {
  const { state, lastError, retryInMs, problems, withheld, ownerReports } = server;
  const retry = retryInMs === undefined ? [] : [`retry in ${Math.max(1, Math.ceil(retryInMs / 1_000))} s`];
  if (state === 'ready') return withheld.length > 0 || problems.length > 0 ? 'see -o json' : '-';
  // The hint of an error with a report says how to see the report.
  const hint = ownerReports.length > 0 ? 'see below' : lastError?.hint;
  return [...retry, ...(hint === undefined ? [] : [oneLine(hint)])].join('; ') || '-';
}

function summary(servers: readonly ServerStatus[]): string {
  const counts = new Map<string, number>();
  for (const { state } of servers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = [...counts].map(([state, count]) => `${count} ${oneLine(state)}`).join(', ');
  const isClipped = servers.some((server) => server.state === 'ready' && isTooLong(errorText(server)));
  return `${servers.length} ${servers.length === 1 ? 'server' : 'servers'}: ${states}${isClipped ? '; -o json prints errors whole' : ''}`;
}

/** What the table has no room for of a server that is not up; `-o json` has everything. */
function below(server: ServerStatus): string {
  const { name, state, lastError } = server;
  const [latest] = server.ownerReports;
  if (state === 'ready') return '';
  if (latest !== undefined)
    return paragraph(`${name} ${latest.what}; it wrote last (report ${latest.id}):`, latest.lines);
  return lastError !== undefined && (state === 'misconfigured' || isTooLong(errorText(server)))
    ? paragraph(`${name} is ${state}:`, lastError.message.split('\n'))
    : '';
}

function paragraph(heading: string, lines: readonly string[]): string {
  return `\n${oneLine(heading)}\n${lines.map((line) => `  ${oneLine(line)}\n`).join('')}`;
}

function oneLine(text: string): string {
  return terminalText(text).replaceAll(/\s+/g, ' ').trim();
}

function isTooLong(text: string): boolean {
  return text.length > MAX_ERROR_CHARS;
}

function clipped(text: string): string {
  return isTooLong(text) ? `${text.slice(0, MAX_ERROR_CHARS - 3)}...` : text;
}
