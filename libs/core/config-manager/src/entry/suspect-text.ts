import type { ClientFormat } from '../clients/client-format.ts';
import { joinKey, type LocatedMap, type LocatedValue } from '../document/located-value.ts';
import type { EntryReport } from './entry-report.ts';

interface Suspect {
  readonly pattern: RegExp;
  /** Settings in which it is looked for; all when absent. */
  readonly within?: readonly string[];
  readonly whose: string;
  readonly instead: string;
}

/** Placeholders of some client that are text in all other files, and mostly are not meant as text. */
const SUSPECTS: readonly Suspect[] = [
  { pattern: /\{(?:env|file):[^{}\s]+\}/, whose: 'opencode', instead: '${NAME}' },
  { pattern: /\{\{\s*[A-Z][A-Z0-9_]*\s*\}\}/, whose: 'LibreChat, for each of its users', instead: '${NAME}' },
  {
    pattern: /(?:^|[\s=:/@])\$[A-Z_][A-Z0-9_]+(?![\w(])/,
    within: ['env', 'headers', 'url'],
    whose: 'Gemini CLI and shells',
    instead: '${NAME}',
  },
  {
    pattern: /^\$[A-Z_][A-Z0-9_]+(?:[\\/]|$)/,
    within: ['command', 'args', 'cwd'],
    whose: 'Gemini CLI and shells',
    instead: '${NAME}',
  },
  { pattern: /\$env:[A-Za-z_]/i, whose: 'mcporter and PowerShell', instead: '${NAME}' },
  { pattern: /\bos\.environ\//, whose: 'LiteLLM', instead: '${NAME}' },
  {
    pattern: /%[A-Za-z_][A-Za-z0-9_]{2,}%/,
    within: ['command', 'args', 'cwd', 'env', 'headers'],
    whose: 'Windows',
    instead: '${NAME}',
  },
  {
    pattern:
      /<(?:your|my|insert|enter|replace|put)\b[^<>]{1,60}>|<your[^<>]{1,60}>|\b(?:your|insert|replace)[-_][\w-]{0,40}(?:key|token|secret|password)/i,
    within: ['args', 'env', 'headers', 'url'],
    whose: 'an example that is to be filled in',
    instead: '${NAME}',
  },
  { pattern: /^~[\\/]/, within: ['args', 'env'], whose: 'shells', instead: '${HOME}/' },
];
const TEXTS: readonly string[] = ['command', 'args', 'cwd', 'env', 'url', 'headers'];

/**
 * Warns of text that looks like a placeholder of a client whose file this is not: it is sent as it stands.
 */
export function warnOfSuspects(
  entry: LocatedMap,
  format: ClientFormat | undefined,
  { key, warnings }: EntryReport,
): void {
  for (const setting of TEXTS) {
    const found = entry.entries.get(setting);
    if (found !== undefined) visit(found.value, joinKey(key, found.written), setting);
  }

  function visit(value: LocatedValue, path: string, setting: string): void {
    if (value.kind === 'map')
      for (const [name, inner] of value.entries) visit(inner.value, joinKey(path, name), setting);
    else if (value.kind === 'list')
      for (const [index, item] of value.items.entries()) visit(item, joinKey(path, String(index)), setting);
    else if (typeof value.value === 'string' && value.origin === 'written') {
      const text = value.value;
      const suspect = SUSPECTS.find(
        ({ pattern, within }) => within?.includes(setting) !== false && pattern.test(text),
      );
      if (suspect === undefined || isRead(text, suspect)) return;
      warnings.add(
        value.at,
        path,
        `${path} holds a placeholder of ${suspect.whose}, which is sent as it stands; write "${suspect.instead}"`,
      );
    }
  }

  function isRead(text: string, { pattern }: Suspect): boolean {
    if (pattern.source.startsWith('^~')) return format?.expandsTilde === true;
    return (format?.placeholders ?? []).some((syntax) => text.search(syntax.pattern) >= 0);
  }
}
