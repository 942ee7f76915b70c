import type { NewEvent } from '@omni/events';
import { type ChildExit, type ChildLauncher, type ChildSpec, withoutSecrets } from '@omni/ports';
import type { UpstreamMeter } from '@omni/telemetry';

export interface ObservedLauncherOptions {
  readonly launcher: ChildLauncher;
  readonly publish: (event: NewEvent) => void;
  readonly meter: UpstreamMeter | undefined;
}

/** Tells of each process that is started and how it ended (S000-PROC-02, S000-PROC-05). */
export function observedLauncher({ launcher, publish, meter }: ObservedLauncherOptions): ChildLauncher {
  const startable = launcher.startable?.bind(launcher);
  return {
    ...(startable !== undefined && { startable }),
    close: () => launcher.close(),
    launch(spec, listener) {
      const { upstream: server } = spec;
      const acl = { servers: [server], minRole: 'owner' } as const;
      const onExit = (exit: ChildExit): void => {
        spec.onExit?.(exit);
        const { code, signal } = exit;
        meter?.onExited(server, signal ?? String(code));
        const severity = code === 0 ? 'info' : 'warn';
        const data = { pid: channel.pid, code, signal };
        publish({ type: 'process.exited', severity, subject: { server }, data, acl });
      };
      const channel = launcher.launch({ ...spec, onExit }, listener);
      const { pid } = channel;
      if (pid !== undefined) {
        meter?.onSpawned(server);
        publish({
          type: 'process.started',
          subject: { server },
          data: { pid, command: commandOf(spec) },
          acl,
        });
      }
      return channel;
    },
  };
}

/** The program alone: arguments may hold what is nobody's business. */
function commandOf({ command, secretValues }: ChildSpec): string {
  return /* guard: process/command-secrets */ withoutSecrets(command, secretValues());
}
