import { shortHash } from '@omni/model';

/**
 * When the name of a server is put before its tools and prompts on the endpoint of all servers.
 *
 * `always`: a new server never renames what others offer. `on-conflict`: only names that several servers use.
 * `none`: never; of several the first server in order wins.
 */
export type PrefixPolicy = 'always' | 'on-conflict' | 'none';

/** A name as its upstream uses it. */
export interface OwnedName {
  readonly upstream: string;
  readonly name: string;
}

/** The same, with the name that clients see. */
export type ExposedName<Owned extends OwnedName = OwnedName> = Owned & { readonly exposed: string };

/** Which names the endpoint of all servers shows. What else the names carry goes with them. */
export interface NameTable<Owned extends OwnedName = OwnedName> {
  /** In the order that was given; every `exposed` is unique. */
  readonly exposed: readonly ExposedName<Owned>[];
  readonly withheld: readonly (Owned & { readonly reason: string })[];
}

export interface NameTableOptions<Owned extends OwnedName = OwnedName> {
  readonly prefix: PrefixPolicy;
  /** All configured upstreams, whether they offer something or not. */
  readonly upstreams: readonly string[];
  /** In the order of the upstreams, then of their lists; unique within an upstream. */
  readonly names: readonly Owned[];
}

const SEPARATOR = '__';
/** What the strictest model APIs take. */
const MAX_LENGTH = 64;
const ILLEGAL = /[^A-Za-z0-9_-]/g;

/** The name that is the same in every configuration: `server:tool`. */
export function canonicalName({ upstream, name }: OwnedName): string {
  return `${upstream}:${name}`;
}

/**
 * Gives every tool, or every prompt, its name on the endpoint of all servers.
 *
 * Depends on nothing but the arguments, so that names outlive restarts and are the same on every replica.
 * Names with a prefix match `[A-Za-z0-9_-]{1,64}`; longer ones are cut and end in a hash of {@link
 * canonicalName}. Names without a prefix stay as they are.
 */
export function nameTable<Owned extends OwnedName>({
  prefix,
  upstreams,
  names,
}: NameTableOptions<Owned>): NameTable<Owned> {
  switch (prefix) {
    case 'always':
      return { exposed: withPrefixes(names, new Set(names)), withheld: [] };
    case 'on-conflict':
      return { exposed: withPrefixes(names, conflicting(upstreams, names)), withheld: [] };
    case 'none':
      return firstWins(names);
  }
}

function firstWins<Owned extends OwnedName>(names: readonly Owned[]): NameTable<Owned> {
  const owners = new Map<string, string>();
  const exposed: ExposedName<Owned>[] = [];
  const withheld: (Owned & { reason: string })[] = [];
  for (const owned of names) {
    const owner = owners.get(owned.name);
    if (owner === undefined) {
      owners.set(owned.name, owned.upstream);
      exposed.push({ ...owned, exposed: owned.name });
    } else {
      withheld.push({ ...owned, reason: `"${owner}" offers the same name and comes first` });
    }
  }
  return { exposed, withheld };
}

/** Names that several upstreams use, and names that pose as another upstream's. */
function conflicting(upstreams: readonly string[], names: readonly OwnedName[]): ReadonlySet<OwnedName> {
  const prefixes = new Set(upstreams.map((upstream) => sanitized(upstream)));
  const counts = new Map<string, number>();
  for (const { name } of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set(
    names.filter(
      ({ name }) => (counts.get(name) ?? 0) > 1 || /* guard: name/poses */ posesAsPrefixed(name, prefixes),
    ),
  );
}

function posesAsPrefixed(name: string, prefixes: ReadonlySet<string>): boolean {
  for (let at = name.indexOf(SEPARATOR); at >= 0; at = name.indexOf(SEPARATOR, at + 1)) {
    if (prefixes.has(name.slice(0, at))) return true;
  }
  return false;
}

interface Claim {
  readonly owned: OwnedName;
  readonly wanted: string;
  readonly canonical: string;
  /** Who keeps the name when two want it: 0 before 1 before 2. */
  readonly rank: number;
}

function withPrefixes<Owned extends OwnedName>(
  names: readonly Owned[],
  prefixed: ReadonlySet<OwnedName>,
): readonly ExposedName<Owned>[] {
  const taken = new Set<string>();
  for (const owned of names) if (!prefixed.has(owned)) taken.add(owned.name);
  const claims = names
    .filter((owned) => prefixed.has(owned))
    .map((owned) => claimOf(owned))
    // By what they are, never by when they came: the same set of names gives the same table.
    .toSorted((a, b) => a.rank - b.rank || (a.canonical < b.canonical ? -1 : 1));
  const given = new Map<OwnedName, string>();
  for (const claim of claims) {
    const exposed = freeName(claim, taken);
    taken.add(exposed);
    given.set(claim.owned, exposed);
  }
  return names.map((owned) => ({ ...owned, exposed: given.get(owned) ?? owned.name }));
}

function claimOf(owned: OwnedName): Claim {
  const server = sanitized(owned.upstream);
  const name = sanitized(owned.name);
  const whole = `${server}${SEPARATOR}${name}`;
  const canonical = canonicalName(owned);
  const wanted = whole.length <= MAX_LENGTH ? whole : hashed(whole, canonical);
  // A server name with underscores can swallow the start of another's tool: `a_` + `b`, `a` + `_b`.
  const isClear = !server.includes(SEPARATOR) && !server.endsWith('_');
  const isExact = server === owned.upstream && name === owned.name;
  return { owned, wanted, canonical, rank: isExact ? (isClear ? 0 : 1) : 2 };
}

function freeName({ wanted, canonical }: Claim, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let attempt = 0; ; attempt += 1) {
    const name = hashed(wanted, attempt === 0 ? canonical : `${canonical}\n${attempt}`);
    if (!taken.has(name)) return name;
  }
}

function hashed(name: string, hashedText: string): string {
  const suffix = `_${shortHash(hashedText)}`;
  return name.slice(0, MAX_LENGTH - suffix.length) + suffix;
}

/** A server's name as it stands before the names that it offers. */
export function sanitizedServer(upstream: string): string {
  return sanitized(upstream);
}

function sanitized(name: string): string {
  return name.replace(ILLEGAL, '_');
}
