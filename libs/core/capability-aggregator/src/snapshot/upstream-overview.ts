import { LIST_KINDS, type ListKind } from '@omni/model';
import { safeText } from '../reading/safe-text.ts';
import type { UpstreamCatalogue, WithheldItem } from '../reading/upstream-catalogue.ts';

/** What one upstream offers, for people. */
export interface UpstreamOverview {
  readonly upstream: string;
  /** Whether it has been read; if not, the rest says nothing. */
  readonly isRead: boolean;
  /** Its own name and version as JSON. */
  readonly serverInfo: string | undefined;
  readonly counts: Readonly<Record<ListKind, number>>;
  readonly withheld: readonly WithheldItem[];
  /** Lists that could not be read, or not to their end. */
  readonly problems: readonly ListProblem[];
}

/** Why a list is not there, or not to its end. */
export interface ListProblem {
  readonly list: ListKind;
  readonly isPartial: boolean;
  readonly reason: string;
}

/**
 * @param onAll - What only the endpoint of all servers leaves out.
 * @param leftOut - What answers leave out because they would be too long.
 */
export function overviewOf(
  upstream: string,
  catalogue: UpstreamCatalogue | undefined,
  onAll: readonly WithheldItem[],
  leftOut: readonly ListProblem[],
): UpstreamOverview {
  if (catalogue === undefined) {
    return {
      upstream,
      isRead: false,
      serverInfo: undefined,
      counts: { tools: 0, resources: 0, templates: 0, prompts: 0 },
      withheld: [],
      problems: [],
    };
  }
  const fromLegacy = catalogue.tools.items.flatMap(({ key, legacy }) =>
    legacy.kind === 'listed'
      ? []
      : [{ list: 'tools' as const, key: safeText(key), reason: `from legacy clients: ${legacy.reason}` }],
  );
  const problems = LIST_KINDS.flatMap((list) => {
    const { problem, partial } = catalogue[list];
    const reason = problem ?? partial;
    return reason === undefined ? [] : [{ list, isPartial: problem === undefined, reason }];
  });
  const { tools, resources, templates, prompts } = catalogue;
  return {
    upstream,
    isRead: true,
    serverInfo: catalogue.serverInfo,
    counts: {
      tools: tools.items.length,
      resources: resources.items.length,
      templates: templates.items.length,
      prompts: prompts.items.length,
    },
    withheld: [...catalogue.withheld, ...fromLegacy, ...onAll],
    problems: [...problems, ...leftOut],
  };
}
