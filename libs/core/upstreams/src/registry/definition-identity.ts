import type { UpstreamSpec } from '@omni/ports';
import { sha256 } from './sha-256.ts';

/**
 * Settings that a running upstream takes as they are. Whatever is not named here decides which process or
 * connection it is, so that a new setting restarts too much rather than too little.
 */
const IN_PLACE: ReadonlySet<string> = new Set([
  'enabled',
  'disabledReason',
  'flaw',
  'tools',
  'connectTimeoutMs',
  'callTimeoutMs',
  'maxCallTimeMs',
  'listAgeMs',
  'lifecycle',
  'routing',
  'permanentExitCodes',
  'critical',
  'secretValues',
  'forwardHeaders',
  'replica',
]);
const ID_DIGITS = 32;

/** Functions are compared by identity: each gets a number, which is valid in this process only. */
const numbers = new WeakMap<object, string>();

/**
 * Which upstream a definition stands for: equal exactly when process or connection would be the same. Holds
 * for other processes too, unless the transport is a function. Derived from secrets: for seals and
 * comparisons, not to be shown.
 */
export function definitionId(spec: UpstreamSpec): string {
  const settings = Object.entries(spec).filter(([name]) => !IN_PLACE.has(name));
  return sha256(canonicalText(Object.fromEntries(settings))).slice(0, ID_DIGITS);
}

/** The same for everything that the definition says. */
export function settingsText(spec: UpstreamSpec): string {
  return canonicalText(spec);
}

/** JSON whose members stand in one order; functions are told apart by their identity. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'function') return `function ${numberOf(member)}`;
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function numberOf(member: object): string {
  let number = numbers.get(member);
  if (number === undefined) numbers.set(member, (number = crypto.randomUUID()));
  return number;
}
