/** Runs `act` for every item, at most `width` at a time; rejects with the first failure. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      // The index is within the items.
      await act(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
}
