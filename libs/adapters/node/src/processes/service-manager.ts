import { spawn } from 'node:child_process';

/** Whoever supervises this process, as far as it wants to hear of it. */
export interface ServiceSupervisor {
  /** It serves, and goes on to say so as often as it is wanted to. */
  ready(): void;
  stopping(): void;
}

export interface ServiceManagerOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Whether the process is worth keeping; while it is not, nothing says that it lives. */
  readonly isAlive: () => boolean;
}

const NOBODY: ServiceSupervisor = { ready() {}, stopping() {} };
const MICROS = 1_000;

/**
 * systemd, where it has started this process with `Type=notify`: it is told by `systemd-notify`, since Node
 * has no datagrams of Unix sockets. The unit needs `NotifyAccess=all`, for the message comes from a child.
 *
 * @see Sd_notify(3), sd_watchdog_enabled(3).
 */
export function serviceManager({ environment, pid, isAlive }: ServiceManagerOptions): ServiceSupervisor {
  if (environment['NOTIFY_SOCKET'] === undefined) return NOBODY;
  const tell = (state: string): void => {
    const child = spawn('systemd-notify', [`--pid=${pid}`, state], { env: environment, stdio: 'ignore' });
    // A service manager that cannot be told does what its unit says of that.
    child.on('error', () => {});
    child.unref();
  };
  const intervalMs = watchdogMs(environment, pid) / 2;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    ready() {
      tell('READY=1');
      if (!(intervalMs > 0)) return;
      timer = setInterval(() => {
        if (isAlive()) tell('WATCHDOG=1');
      }, intervalMs);
      timer.unref();
    },
    stopping() {
      clearInterval(timer);
      tell('STOPPING=1');
    },
  };
}

/** Within what time it wants to hear of this process; `NaN` where it does not. */
function watchdogMs(environment: Readonly<Record<string, string | undefined>>, pid: number): number {
  const isForThis = (environment['WATCHDOG_PID'] ?? String(pid)) === String(pid);
  return isForThis ? Number(environment['WATCHDOG_USEC']) / MICROS : Number.NaN;
}
