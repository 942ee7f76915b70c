import type { EventSeverity, NewEvent } from '@omni/events';
import type { HealthRollup } from '@omni/health';
import type { StatusLevel } from '@omni/ports';

const SEVERITIES: Readonly<Record<StatusLevel, EventSeverity>> = {
  ok: 'info',
  unknown: 'info',
  warn: 'warn',
  error: 'error',
};
const UPSTREAM = 'upstream:';

/** Makes an event of each level of a component that has changed (S000-HLT-05). */
export class HealthEvents {
  readonly #publish: (event: NewEvent) => void;
  #levels: ReadonlyMap<string, StatusLevel> = new Map();

  constructor(publish: (event: NewEvent) => void) {
    this.#publish = publish;
  }

  readonly onStatusChanged = ({ components, ready }: HealthRollup): void => {
    const before = this.#levels;
    this.#levels = new Map(components.map(({ name, level }) => [name, level]));
    for (const { name, level } of components) {
      const previousLevel = before.get(name) ?? null;
      if (previousLevel === level) continue;
      this.#publish({
        type: 'health.changed',
        severity: SEVERITIES[level],
        subject: {
          component: name,
          ...(name.startsWith(UPSTREAM) && { server: name.slice(UPSTREAM.length) }),
        },
        data: { level, previousLevel, ready },
      });
    }
  };
}
