import type { Called, ErrorBudgetsOptions, Limiter } from '@omni/call-policies';
import type { RoutingEvents } from '@omni/events';
import { DEFAULT_ROUTING } from '@omni/ports';
import type { HiddenItem, HiddenItems } from './hidden-items.ts';

export interface ErrorBudgetEffectsParts {
  readonly limiter: Pick<Limiter, 'lower'>;
  readonly events: Pick<RoutingEvents, 'errorBudget'>;
  readonly hidden: Pick<HiddenItems, 'set'>;
  /** The health of an upstream may be another. */
  readonly onHealth: () => void;
}

const KINDS: Readonly<Record<string, HiddenItem['kind']>> = {
  'tools/call': 'tools',
  'prompts/get': 'prompts',
  'resources/read': 'resources',
};

/**
 * What follows from a budget that is spent, and from one that is there again: fewer calls under way, the
 * health of the server, an alert, and what is hidden (S003-RT-11, S003-RT-12).
 */
export function errorBudgetEffects({
  limiter,
  events,
  hidden,
  onHealth,
}: ErrorBudgetEffectsParts): Required<Pick<ErrorBudgetsOptions, 'onChange' | 'onHidden'>> {
  return {
    onChange(spec, isSpent, state) {
      const { errorBudget } = spec.routing ?? DEFAULT_ROUTING;
      limiter.lower(spec, isSpent ? errorBudget.concurrency : 1);
      events.errorBudget(spec.name, isSpent, { ...state, share: errorBudget.share });
      onHealth();
    },
    onHidden({ name: upstream }, called, isHidden) {
      const item = itemOf(called);
      if (item !== undefined) hidden.set(upstream, item, isHidden);
    },
  };
}

function itemOf({ method, name }: Called): HiddenItem | undefined {
  const kind = KINDS[method];
  return kind === undefined ? undefined : { kind, key: name };
}
