import { GatewayError } from '@omni/ports';
import { Container, type ServiceIdentifier } from 'inversify';
import { ScopeDisposers } from './scope-disposers.ts';

/**
 * `singleton`: one in the scope that registers it, shared with all scopes below. `scoped`: one in each scope
 * that asks for it. `transient`: a new one each time.
 */
export type Lifetime = 'singleton' | 'scoped' | 'transient';

/** `root`: the process. `connection`: one session or socket of a client. `request`: one request. */
export type ScopeKind = 'root' | 'connection' | 'request';

/** The tokens of what a part needs, by the name under which its factory gets them. */
export type Needs = Readonly<Record<string, ServiceIdentifier>>;

/** The parts that belong to {@link Needs}. */
export type Parts<N extends Needs> = {
  readonly [Name in keyof N]: N[Name] extends ServiceIdentifier<infer Part> ? Part : never;
};

export interface ValueRegistration<Part> {
  readonly useValue: Part;
}

export interface FactoryRegistration<Part, N extends Needs> {
  /** Default: nothing. */
  readonly needs?: N;
  /** Gets the parts by name, so that nothing depends on an order. */
  readonly useFactory: (parts: Parts<N>) => Part;
  /** Default `singleton`. */
  readonly lifetime?: Lifetime;
  /**
   * Ends the part when the scope that it lives in closes. Transient parts belong to whoever asked for them.
   */
  readonly dispose?: (part: Part) => void | Promise<void>;
}

/** What a scope below has to register again for itself. */
type Scoped = (scope: Scope) => void;

/**
 * The parts of a gateway, and how long each lives. Inversify resolves them; nothing outside of this library
 * knows it.
 *
 * @see S003-DI-01 to S003-DI-05; decision 0027.
 */
export class Scope implements AsyncDisposable {
  readonly kind: ScopeKind;
  readonly #parent: Scope | undefined;
  readonly #scoped = new Map<ServiceIdentifier, Scoped>();
  readonly #disposers = new ScopeDisposers();
  // Most connections need no parts of their own: an idle session must not pay for a container.
  #own: Container | undefined;
  #closed: Promise<void> | undefined;

  private constructor(kind: ScopeKind, parent: Scope | undefined) {
    this.kind = kind;
    this.#parent = parent;
  }

  /** The scope of the process. */
  static root(): Scope {
    return new Scope('root', undefined);
  }

  /** A part that exists already. In a scope below the root it hides the one above, for this scope alone. */
  register<Part>(token: ServiceIdentifier<Part>, registration: ValueRegistration<Part>): void;
  /** A part that is made when it is first needed. */
  register<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: FactoryRegistration<Part, N>,
  ): void;
  register<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: ValueRegistration<Part> | FactoryRegistration<Part, N>,
  ): void {
    this.#register(token, registration);
  }

  #register<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: ValueRegistration<Part> | FactoryRegistration<Part, N>,
  ): void {
    // What was made for this scope because a scope above says `scoped` is hidden as well.
    const container = this.#container();
    if (this.#parent !== undefined && container.isCurrentBound(token)) container.unbind(token);
    if ('useValue' in registration) container.bind(token).toConstantValue(registration.useValue);
    else {
      this.#bind(token, registration);
      if (registration.lifetime === 'scoped')
        this.#scoped.set(token, (scope) => scope.#bind(token, registration));
    }
  }

  /**
   * Takes what is registered here for the token out, in favour of another value or way to make it.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` where nothing is registered here for it.
   */
  replace<Part>(token: ServiceIdentifier<Part>, registration: ValueRegistration<Part>): void;
  replace<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: FactoryRegistration<Part, N>,
  ): void;
  replace<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: ValueRegistration<Part> | FactoryRegistration<Part, N>,
  ): void {
    // guard: scope/replace
    if (!this.#container().isCurrentBound(token))
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        `Nothing is registered in this scope that could be replaced: ${String(token)}`,
        { hint: 'Name a part by its Token; register adds a part, and hides one of a scope above.' },
      );
    this.#container().unbind(token);
    this.#scoped.delete(token);
    this.#register(token, registration);
  }

  has(token: ServiceIdentifier): boolean {
    return this.#container().isBound(token);
  }

  /** For the bootstrap alone: parts get what they need from their factory (S003-AR-04). */
  get<Part>(token: ServiceIdentifier<Part>): Part {
    return this.#container().get(token);
  }

  /**
   * A scope below this one. It sees everything that is registered here, and what it registers is not seen
   * here.
   */
  createScope(kind: 'connection' | 'request'): Scope {
    const scope = new Scope(kind, this);
    const release = this.#disposers.add(() => scope.close());
    scope.#disposers.add(release);
    return scope;
  }

  /**
   * Ends the scopes below and the parts that live here, in the reverse order of their making. Each is ended
   * even if another one fails to.
   *
   * @throws {@link AggregateError} With everything that was thrown.
   */
  async close(): Promise<void> {
    // Who closes it again waits too; who came first is told what was thrown.
    if (this.#closed !== undefined) return this.#closed.catch(() => {});
    this.#closed = this.#disposers.run();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #bind<Part, N extends Needs>(
    token: ServiceIdentifier<Part>,
    registration: FactoryRegistration<Part, N>,
  ): void {
    const { needs, useFactory, lifetime = 'singleton', dispose } = registration;
    const names = Object.keys(needs ?? {});
    const make = (...values: unknown[]): Part => {
      // Holds: Inversify gives the values in the order of their tokens.
      const part = useFactory(
        Object.fromEntries(names.map((name, index) => [name, values[index]])) as Parts<N>,
      );
      if (dispose !== undefined && lifetime !== 'transient') this.#disposers.add(() => dispose(part));
      return part;
    };
    const binding = this.#container()
      .bind(token)
      .toResolvedValue(
        make,
        names.map((name) => needs?.[name] ?? name),
      );
    if (lifetime === 'transient') binding.inTransientScope();
    else binding.inSingletonScope();
  }

  #container(): Container {
    if (this.#own === undefined) {
      const parent = this.#parent === undefined ? undefined : this.#parent.#container();
      this.#own = new Container({
        defaultScope: 'Singleton',
        jitless: true,
        ...(parent === undefined ? {} : { parent }),
      });
      for (let above = this.#parent; above !== undefined; above = above.#parent)
        for (const registerScoped of above.#scoped.values()) registerScoped(this);
    }
    return this.#own;
  }
}
