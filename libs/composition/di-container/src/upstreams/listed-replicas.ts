import type { Catalogue, ConfiguredUpstream, UpstreamCatalogue } from '@omni/capabilities';
import type { UpstreamDefinitions, UpstreamRegistry } from '@omni/upstreams';

export interface ListedReplicasParts {
  readonly registry: UpstreamRegistry;
  readonly catalogue: Catalogue;
}

/** @returns Whether it is there to be read. */
export type ReadAgain = (upstream: string) => boolean;

/**
 * Which of a server and its replicas is listed under the name of the server: the first that was read, until
 * it is gone.
 */
export class ListedReplicas {
  readonly #parts: ListedReplicasParts;
  /** By server. */
  readonly #listed = new Map<string, string>();

  constructor(parts: ListedReplicasParts) {
    this.#parts = parts;
  }

  /**
   * Takes what one of them offers now.
   *
   * @param read - `undefined` when it is gone: another one that is there takes its place.
   * @returns Whether what clients see differs.
   */
  publish(
    upstream: string,
    read: UpstreamCatalogue | undefined,
    isSuccessor: boolean,
    readAgain: ReadAgain,
  ): boolean {
    const { registry, catalogue } = this.#parts;
    const server = registry.current.groupOf(upstream);
    const listed = this.#listed.get(server) ?? upstream;
    // guard: replicas/one-listed
    if (listed !== upstream && this.#isMember(server, listed)) return false;
    if (read === undefined) return this.#takeOut(server, upstream, readAgain);
    this.#listed.set(server, upstream);
    const shown = upstream === server ? read : { ...read, upstream: server };
    return catalogue.set(server, shown, isSuccessor && listed === upstream);
  }

  /** Definitions are others: what is listed of a replica that is gone is read from another one. */
  follow(readAgain: ReadAgain): void {
    for (const [server, listed] of this.#listed)
      if (!this.#isMember(server, listed)) this.#takeOut(server, listed, readAgain);
  }

  #takeOut(server: string, gone: string, readAgain: ReadAgain): boolean {
    const { registry, catalogue } = this.#parts;
    this.#listed.delete(server);
    const others = registry.current.group(server)?.members ?? [];
    // guard: replicas/next-listed
    if (others.some(({ name }) => name !== gone && readAgain(name))) return false;
    return catalogue.set(server, undefined);
  }

  #isMember(server: string, upstream: string): boolean {
    return this.#parts.registry.current.group(server)?.members.some(({ name }) => name === upstream) === true;
  }
}

/** The servers that clients see. */
export function listedServers({ groups }: UpstreamDefinitions): readonly ConfiguredUpstream[] {
  return groups.map(({ server: { name, tools }, members }) => ({ name, isOff: members.length === 0, tools }));
}
