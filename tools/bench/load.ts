/** The load process: takes jobs over IPC, runs them one at a time, and ends when its parent is gone. */
import type { LoadEvent, LoadJob } from './load-job.ts';
import { runLoad } from './load-run.ts';
import { FIRST_CALL_ID } from './request-text.ts';

let id = FIRST_CALL_ID;

function tell(event: LoadEvent): void {
  process.send?.(event);
}

process.on('message', (message) => {
  // Holds: the parent, load-process.ts, sends nothing but jobs.
  const job = message as LoadJob;
  runLoad(job, {
    nextId: () => (id += 1),
    onMeasuring: () => tell({ kind: 'measuring' }),
    onMeasured: () => tell({ kind: 'measured' }),
  }).then(
    (result) => tell({ kind: 'done', result }),
    (error: unknown) =>
      tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
