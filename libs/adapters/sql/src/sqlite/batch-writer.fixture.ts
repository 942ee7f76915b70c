/**
 * A program that writes batches and says of each that it was written: `node batch-writer.fixture.ts FOLDER
 * FIRST [LAST]`. What fails is told and tried again.
 */
import { writeSync } from 'node:fs';
import { GatewayError, silentLogger, systemClock } from '@omni/ports';
import { openStore } from '../open-store.ts';

const [stateFolder = '', first = '0', last = 'Infinity'] = process.argv.slice(2);
const STDOUT = 1;
const MAX_FAILURES = 200;
let failures = 0;

async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await work();
    } catch (error) {
      writeSync(STDOUT, `failed ${error instanceof GatewayError ? error.code : String(error)}\n`);
      if (!(error instanceof GatewayError) || !error.facts.retryable || ++failures > MAX_FAILURES)
        throw error;
    }
  }
}

const began = performance.now();
const store = await untilDone(() =>
  openStore({ url: 'sqlite:', schema: 'omni', stateFolder }, { clock: systemClock, logger: silentLogger }),
);
writeSync(STDOUT, `open ${Math.round(performance.now() - began)}\n`);
for (let number = Number(first); number <= Number(last); number++) {
  await untilDone(() => store.write({ key: `batch ${number}`, at: number, events: [`event ${number}`] }));
  writeSync(STDOUT, `${number}\n`);
}
await store.close();
