import type { Readiness, ReplicaAccess } from '@omni/call-policies';
import type { ClientContext, ListSources } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { UpstreamAccess } from '@omni/router';
import type { UpstreamGroup, UpstreamRegistry, Upstreams } from '@omni/upstreams';

/** The upstreams by name, as routing and reading ask for them. */
export class UpstreamDirectory implements UpstreamAccess, ListSources, ReplicaAccess {
  readonly #upstreams: Upstreams;
  readonly #registry: UpstreamRegistry;

  constructor(upstreams: Upstreams, registry: UpstreamRegistry) {
    this.#upstreams = upstreams;
    this.#registry = registry;
  }

  get names(): readonly string[] {
    return this.#registry.current.groups.map(({ server }) => server.name);
  }

  definitionOf(name: string): string | undefined {
    return this.#registry.current.idOf(name);
  }

  groupOf(name: string): string {
    return this.#registry.current.groupOf(name);
  }

  membersOf(name: string): readonly string[] {
    const members = this.group(name)?.members ?? [];
    return members.length === 0 ? [name] : members.map((member) => member.name);
  }

  group(name: string): UpstreamGroup | undefined {
    return this.#registry.current.group(name);
  }

  readinessOf(name: string): Readiness {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined || upstream.refusal !== undefined) return 'away';
    return upstream.record.state.phase === 'ready' ? 'ready' : 'soon';
  }

  isHome(name: string, client: ClientContext): boolean {
    return this.#upstreams.get(name)?.hasOwnInstanceOf(client) === true;
  }

  /** Of a server with replicas: none while one of them takes calls. */
  refusalOf(name: string): GatewayError | undefined {
    const refusals = this.membersOf(name).map((member) => this.#upstreams.get(member)?.refusal);
    return refusals.includes(undefined) ? undefined : refusals[0];
  }

  readonly connectionFor: UpstreamAccess['connectionFor'] = (name, client, done) => {
    const upstream = this.#upstreams.get(name);
    if (upstream !== undefined) return upstream.connectionFor(client, done);
    done(unknown(name));
    return () => {};
  };

  readonly openConnection: UpstreamAccess['openConnection'] = (name, client) =>
    this.#upstreams.get(name)?.openConnectionFor(client);

  readonly isUp: ListSources['isUp'] = (name) => this.readinessOf(this.#lister(name)) === 'ready';

  readonly open: ListSources['open'] = (name, client, done) => {
    const upstream = this.#upstreams.get(this.#lister(name));
    if (upstream === undefined) done(unknown(name));
    else upstream.listSourceFor(client, done);
  };

  readonly find: ListSources['find'] = (name, client) =>
    this.#upstreams.get(this.#lister(name))?.openListSourceFor(client);

  readonly subscribe: UpstreamAccess['subscribe'] = (name, client, uri, onUpdated, done) => {
    const upstream = this.#upstreams.get(this.#lister(name, client));
    if (upstream === undefined) done(unknown(name));
    else upstream.subscribe(client, uri, onUpdated, done);
  };

  /** Of a server and its replicas: where the client has an instance, else one that is ready. */
  #lister(name: string, client?: ClientContext): string {
    const members = this.group(name)?.members ?? [];
    if (members.length < 2) return members[0]?.name ?? name;
    const home = client && members.find((member) => this.isHome(member.name, client));
    const ready = members.find((member) => this.readinessOf(member.name) === 'ready');
    return (home ?? ready ?? members[0])?.name ?? name;
  }
}

function unknown(name: string): GatewayError {
  return new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${name}" is configured`);
}
