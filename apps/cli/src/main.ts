import {
  exitCodeOf,
  guardAgainstCrashes,
  outliveReader,
  thisProcess,
  watchStopSignals,
} from '@omni/master-server';
import { GatewayError } from '@omni/ports';
import { runCommandLine } from './commands/command-line.ts';
import { processTerminal } from './output/terminal.ts';

/** What still runs after a command has ended is a leak, and must not keep the process. */
const LINGER_MS = 2_000;
/** These commands stop in their own way. */
const SERVING = ['serve', 'stdio'];

const argv = process.argv.slice(2);
const interruption = new AbortController();
let interruptedWith: number | undefined;

guardAgainstCrashes(process, (text) => processTerminal.writeErr(text), thisProcess.crashes);
outliveReader(process.stderr);
if (SERVING.includes(argv.find((word) => !word.startsWith('-')) ?? '')) {
  outliveReader(process.stdout);
} else {
  const signals = watchStopSignals(process);
  void signals.stop.then((signal) => {
    interruptedWith = exitCodeOf(signal);
    interruption.abort(new GatewayError('OMNI_CANCELLED', 'Interrupted'));
  });
  void signals.forceStop.then((signal) => process.exit(exitCodeOf(signal)));
  // Whoever reads the output may stop reading: omni ls | head -1.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    processTerminal.writeErr(`omni: the output cannot be written (${error.code ?? error.name})\n`);
    process.exit(1);
  });
}

const exitCode = await runCommandLine(argv, { terminal: processTerminal, signal: interruption.signal });
process.exitCode = interruptedWith ?? exitCode;
setTimeout(() => {
  // Output that a slow reader has not taken yet is no leak.
  if (process.stdout.writableLength === 0) process.exit();
}, LINGER_MS).unref();
