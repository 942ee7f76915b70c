import { GatewayError } from '@omni/ports';
import type { OpenLink } from './open-link.ts';

/** Told the link, or why there is none. */
export type OnLink = (result: OpenLink | GatewayError) => void;

type Phase =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly waiting: OnLink[]; abort: () => void }
  | { readonly kind: 'open'; readonly link: OpenLink };

/** A link that is opened when somebody needs it, once for all who do. */
export class LazyLink {
  readonly #open: (done: OnLink) => () => void;
  #phase: Phase = { kind: 'closed' };

  /** @param open - Opens a new link; returns what gives the attempt up. */
  constructor(open: (done: OnLink) => () => void) {
    this.#open = open;
  }

  get link(): OpenLink | undefined {
    return this.#phase.kind === 'open' ? this.#phase.link : undefined;
  }

  /** @param done - Called before this returns when the link is open. */
  get(done: OnLink): void {
    switch (this.#phase.kind) {
      case 'open':
        return done(this.#phase.link);
      case 'opening':
        this.#phase.waiting.push(done);
        return;
      case 'closed': {
        const opening = { kind: 'opening' as const, waiting: [done], abort: () => {} };
        this.#phase = opening;
        opening.abort = this.#open((result) => {
          this.#phase = result instanceof GatewayError ? { kind: 'closed' } : { kind: 'open', link: result };
          for (const waiting of opening.waiting) waiting(result);
        });
      }
    }
  }

  /** The link broke: the next use opens another. */
  forget(): void {
    this.#phase = { kind: 'closed' };
  }

  /** @param error - What those are told who still wait for the link. */
  async close(error: GatewayError): Promise<void> {
    const phase = this.#phase;
    this.#phase = { kind: 'closed' };
    switch (phase.kind) {
      case 'closed':
        return;
      case 'opening':
        phase.abort();
        for (const waiting of phase.waiting) waiting(error);
        return;
      case 'open':
        await phase.link.close();
    }
  }
}
