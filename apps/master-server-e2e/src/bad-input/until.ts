const POLL_MS = 20;

/** Asks again and again. @returns Whether the answer was yes before `withinMs` had passed; default 3,000. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 3_000): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
