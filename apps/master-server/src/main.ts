import { guardAgainstCrashes } from './crash-guard.ts';
import { exitCodeFor, failureText } from './failure-text.ts';
import { outliveReader } from './lost-reader.ts';
import { parseProgramArguments, USAGE } from './arguments/program-arguments.ts';
import { thisProcess } from './program-host.ts';
import { runServe } from './serve.ts';
import { runStart } from './start.ts';
import { runStdio } from './stdio.ts';

/** What still runs after an orderly stop is a leak, and must not keep the process. */
const LINGER_MS = 2_000;

async function run(argv: readonly string[]): Promise<number> {
  const request = parseProgramArguments(argv);
  switch (request.command) {
    case 'serve':
      return await runServe(request.options);
    case 'stdio':
      return await runStdio(request.options);
    case 'start':
      return await runStart(request.options);
    case 'help':
      thisProcess.writeOut(USAGE);
      return 0;
  }
}

guardAgainstCrashes(process, (text) => thisProcess.writeErr(text), thisProcess.crashes);
outliveReader(process.stdout);
outliveReader(process.stderr);
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  thisProcess.writeErr(failureText(error, { debug: false }));
  process.exitCode = exitCodeFor(error);
}
setTimeout(() => process.exit(), LINGER_MS).unref();
