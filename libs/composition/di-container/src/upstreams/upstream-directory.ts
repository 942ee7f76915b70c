import type { ListSources } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { UpstreamAccess } from '@omni/router';
import type { UpstreamRegistry, Upstreams } from '@omni/upstreams';

/** The upstreams by name, as routing and reading ask for them. */
export class UpstreamDirectory implements UpstreamAccess, ListSources {
  readonly #upstreams: Upstreams;
  readonly #registry: UpstreamRegistry;

  constructor(upstreams: Upstreams, registry: UpstreamRegistry) {
    this.#upstreams = upstreams;
    this.#registry = registry;
  }

  get names(): readonly string[] {
    return this.#registry.current.names;
  }

  definitionOf(name: string): string | undefined {
    return this.#registry.current.idOf(name);
  }

  refusalOf(name: string): GatewayError | undefined {
    return this.#upstreams.get(name)?.refusal;
  }

  readonly connectionFor: UpstreamAccess['connectionFor'] = (name, client, done) => {
    const upstream = this.#upstreams.get(name);
    if (upstream !== undefined) return upstream.connectionFor(client, done);
    done(unknown(name));
    return () => {};
  };

  readonly openConnection: UpstreamAccess['openConnection'] = (name, client) =>
    this.#upstreams.get(name)?.openConnectionFor(client);

  readonly isUp: ListSources['isUp'] = (name) => this.#upstreams.get(name)?.record.state.phase === 'ready';

  readonly open: ListSources['open'] = (name, client, done) => {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) done(unknown(name));
    else upstream.listSourceFor(client, done);
  };

  readonly find: ListSources['find'] = (name, client) => this.#upstreams.get(name)?.openListSourceFor(client);

  readonly subscribe: UpstreamAccess['subscribe'] = (name, client, uri, onUpdated, done) => {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) done(unknown(name));
    else upstream.subscribe(client, uri, onUpdated, done);
  };
}

function unknown(name: string): GatewayError {
  return new GatewayError('OMNI_SERVER_UNKNOWN', `No server "${name}" is configured`);
}
