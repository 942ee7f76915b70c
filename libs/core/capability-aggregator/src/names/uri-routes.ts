import { canonicalUri } from './canonical-uri.ts';
import { UriTemplate, type MatchBudget } from './uri-template.ts';

/** What one upstream lists. */
export interface UriOffer {
  readonly upstream: string;
  readonly uris: Iterable<string>;
  readonly templates: Iterable<string>;
  /** URIs that its items point at, listed or not. */
  readonly mentions: Iterable<string>;
}

/** Steps of matching for one URI: a few milliseconds, whatever templates upstreams invent (CVE-2026-0621). */
const MATCH_BUDGET = /* guard: advisory/CVE-2026-0621 */ 100_000;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,63}(?=:)/;

/** Finds who can be asked for a resource. */
export class UriRoutes {
  readonly #byUri = new Map<string, string[]>();
  readonly #byMention = new Map<string, string[]>();
  readonly #templates = new Map<string, UriTemplate[]>();
  readonly #byScheme = new Map<string, string[]>();

  /** @param offers - In the order of the configuration. */
  constructor(offers: Iterable<UriOffer>) {
    for (const { upstream, uris, templates, mentions } of offers) {
      for (const uri of uris) {
        note(this.#byUri, uri, upstream);
        this.#noteScheme(uri, upstream);
      }
      for (const text of templates) {
        note(this.#byUri, text, upstream);
        const template = UriTemplate.compile(text);
        if (template === undefined) continue;
        const own = this.#templates.get(upstream);
        if (own === undefined) this.#templates.set(upstream, [template]);
        else own.push(template);
        this.#noteScheme(template.literalPrefix, upstream);
      }
      for (const uri of mentions) {
        note(this.#byMention, uri, upstream);
        this.#noteScheme(uri, upstream);
      }
    }
  }

  /** Who lists the URI itself, or this template: completions name it by its text. In order. */
  listed(uri: string): readonly string[] {
    return this.#byUri.get(uri) ?? [];
  }

  /** Whose items point at the URI, in order. */
  mentioned(uri: string): readonly string[] {
    return this.#byMention.get(uri) ?? [];
  }

  /** Whose templates the URI fits, in order. */
  matching(uri: string): readonly string[] {
    const budget: MatchBudget = { left: MATCH_BUDGET };
    const found: string[] = [];
    const canonical = canonicalUri(uri);
    for (const [upstream, templates] of this.#templates)
      if (fits(canonical, templates, budget)) found.push(upstream);
    return found;
  }

  /** Whether an item of this upstream leads to the URI; `undefined` when that takes too long to find out. */
  leadsTo(upstream: string, uri: string): boolean | undefined {
    if (this.listed(uri).includes(upstream) || this.mentioned(uri).includes(upstream)) return true;
    const budget: MatchBudget = { left: MATCH_BUDGET };
    if (fits(canonicalUri(uri), this.#templates.get(upstream) ?? [], budget)) return true;
    return budget.left > 0 ? false : undefined;
  }

  /** The only upstream that uses the scheme of the URI. */
  soleOwnerOfScheme(uri: string): string | undefined {
    const owners = this.#byScheme.get(schemeOf(uri) ?? '');
    const [owner] = owners ?? [];
    return owners?.length === 1 ? owner : undefined;
  }

  #noteScheme(uri: string, upstream: string): void {
    const scheme = schemeOf(uri);
    if (scheme !== undefined) note(this.#byScheme, scheme, upstream);
  }
}

function fits(uri: string, templates: readonly UriTemplate[], budget: MatchBudget): boolean {
  for (const template of templates) {
    budget.left -= 1;
    if (budget.left <= 0) return false;
    if (template.matches(uri, budget)) return true;
  }
  return false;
}

/** Upstreams are noted one after the other, so that one that is there already is the last. */
function note(owners: Map<string, string[]>, key: string, upstream: string): void {
  const known = owners.get(key);
  if (known === undefined) owners.set(key, [upstream]);
  else if (known.at(-1) !== upstream) known.push(upstream);
}

function schemeOf(uri: string): string | undefined {
  return SCHEME.exec(uri)?.[0].toLowerCase();
}
