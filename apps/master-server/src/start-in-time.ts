import type { PhaseLog } from '@omni/container/node';
import { GatewayError } from '@omni/ports';

/** What of a gateway tells whether it is ready. */
export interface Startable {
  readonly server: {
    readiness(): {
      readonly ready: boolean;
      readonly components: readonly {
        readonly name: string;
        readonly critical: boolean;
        readonly level: string;
      }[];
    };
    on(event: 'statusChanged', listener: (readiness: { readonly ready: boolean }) => void): () => void;
  };
}

export interface StartInTimeOptions<Gateway extends Startable> {
  readonly start: () => Promise<Gateway>;
  readonly phases: Pick<PhaseLog, 'current'>;
  readonly startup: {
    /** 0: as long as it takes. */
    readonly timeoutMs: number;
    readonly requireCritical: boolean;
  };
  /** It listens, and may not be ready yet. */
  readonly onListening: (gateway: Gateway) => void;
}

/**
 * Starts a gateway, and waits for its critical servers where that is wanted; servers count for nothing else
 * here.
 *
 * @throws {@link GatewayError} `OMNI_START_TIMEOUT`: a supervisor is to start it again (S003-ST-12).
 */
export async function startInTime<Gateway extends Startable>(
  options: StartInTimeOptions<Gateway>,
): Promise<Gateway> {
  const { start, phases, startup, onListening } = options;
  let missing = (): string => `the phase "${phases.current ?? 'none'}" is not over`;
  const began = async (): Promise<Gateway> => {
    const gateway = await start();
    onListening(gateway);
    missing = () => `still not ready: ${unready(gateway).join(', ')}`;
    if (startup.requireCritical) await ready(gateway);
    return gateway;
  };
  const { timeoutMs } = startup;
  if (timeoutMs === 0) return await began();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new GatewayError(
            'OMNI_START_TIMEOUT',
            `Omni did not become ready within ${timeoutMs / 1_000} s: ${missing()}`,
          ),
        ),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([began(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function ready({ server }: Startable): Promise<void> {
  if (server.readiness().ready) return;
  await new Promise<void>((resolve) => {
    const leave = server.on('statusChanged', (readiness) => {
      if (!readiness.ready) return;
      leave();
      resolve();
    });
  });
}

function unready({ server }: Startable): readonly string[] {
  return server
    .readiness()
    .components.filter(({ critical, level }) => critical && level !== 'ok' && level !== 'warn')
    .map(({ name }) => name);
}
