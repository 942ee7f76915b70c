/**
 * The chunks of an input as a slow sender would send them: cut at every place, at one place, or at places of
 * a fixed row.
 */
export function waysToCut(input: Uint8Array): readonly (readonly Uint8Array[])[] {
  const single = Array.from(input, (_byte, index) => input.subarray(index, index + 1));
  const half = input.length >> 1;
  const uneven: Uint8Array[] = [];
  for (let at = 0, size = 1; at < input.length; at += size, size = (size * 3) % 17)
    uneven.push(input.subarray(at, at + size));
  // An empty chunk is nothing, and not an end.
  return [single, [input.subarray(0, half), new Uint8Array(0), input.subarray(half)], uneven];
}
