const endings: (() => Promise<void> | void)[] = [];

/** Something to be done when the test file ends; the last one first. */
export function atEnd(end: () => Promise<void> | void): void {
  endings.push(end);
}

/** Ends what the test file has started. Every ending runs, also after one that failed. */
export async function endEverything(): Promise<void> {
  const failures: unknown[] = [];
  for (const end of endings.splice(0).reverse()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be ended');
}
