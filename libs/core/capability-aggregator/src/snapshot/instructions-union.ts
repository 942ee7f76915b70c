/** What one server tells clients about its use. */
export interface ServerInstructions {
  readonly server: string;
  readonly text: string;
}

/** Longest text on the endpoint of all servers, in characters: it goes into the context of a model. */
const MAX_LENGTH = 16_384;
const CUT = '\n[cut]';
const LONE_SURROGATE = /[\ud800-\udbff]$/;

/**
 * Instructions of several servers as one text, each below a heading with its name.
 *
 * When they are too long together, the longest are cut first: no server can crowd out the others.
 *
 * @returns `undefined` when there are none.
 */
export function unitedInstructions(instructions: readonly ServerInstructions[]): string | undefined {
  if (instructions.length === 0) return undefined;
  const headings = instructions.map(({ server }) => `# ${server}\n\n`);
  const overhead = headings.reduce((sum, heading) => sum + heading.length + 2, 0);
  const share = fairShare(
    instructions.map(({ text }) => text.length),
    Math.max(0, MAX_LENGTH - overhead),
  );
  const sections = instructions.map(({ text }, index) => (headings[index] ?? '') + shortened(text, share));
  return /* guard: instructions/length */ shortened(sections.join('\n\n'), MAX_LENGTH);
}

/** The most that each may have so that all fit: those that need less leave the rest to the others. */
function fairShare(lengths: readonly number[], available: number): number {
  let left = available;
  let waiting = lengths.length;
  for (const length of lengths.toSorted((a, b) => a - b)) {
    const share = Math.floor(left / waiting);
    // guard: instructions/fair
    if (length > share) return share;
    left -= length;
    waiting -= 1;
  }
  return available;
}

function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return text.slice(0, Math.max(0, maxLength - CUT.length)).replace(LONE_SURROGATE, '') + CUT;
}
