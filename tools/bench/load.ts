/** The load process: takes orders over IPC, also several at a time, and ends when its parent is gone. */
import type { LoadEvent, LoadOrder } from './load-job.ts';
import { runLoad } from './load-run.ts';
import { FIRST_CALL_ID } from './request-text.ts';
import { StdioPipes } from './stdio-pipes.ts';

const pipes = new StdioPipes();
let id = FIRST_CALL_ID;

function tell(event: LoadEvent): void {
  process.send?.(event);
}

async function follow(order: LoadOrder): Promise<LoadEvent> {
  const { order: number } = order;
  switch (order.kind) {
    case 'spawn':
      return { order: number, kind: 'spawned', pid: await pipes.spawn(order.program) };
    case 'end':
      await pipes.end(order.pipe);
      return { order: number, kind: 'ended' };
    case 'run': {
      const result = await runLoad(order.job, {
        pipes,
        nextId: () => (id += 1),
        onMeasuring: () => tell({ order: number, kind: 'measuring' }),
        onMeasured: () => tell({ order: number, kind: 'measured' }),
      });
      return { order: number, kind: 'done', result };
    }
  }
}

process.on('message', (message) => {
  // Holds: the parent, load-process.ts, sends nothing but orders.
  const order = message as LoadOrder;
  follow(order).then(tell, (error: unknown) =>
    tell({
      order: order.order,
      kind: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
