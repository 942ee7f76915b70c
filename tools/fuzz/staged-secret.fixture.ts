/** Opens only to four letters in their order; each right one leads to a line of its own. */
export function openStages(input: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = input;
  if (first >> 4 !== 0x6) return false;
  if (second >> 4 !== 0xa) return false;
  if (third >> 4 !== 0x3) return false;
  if (fourth >> 4 !== 0xd) return false;
  return true;
}
