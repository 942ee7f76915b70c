import { access, rename, unlink } from 'node:fs/promises';
import type { RevisionSource } from '@omni/config';
import { type ConfigFile, replaceFile } from '@omni/node';
import { GatewayError } from '@omni/ports';

/**
 * Writes files as they were: all of them or, where one cannot be written, none. What is in the way and cannot
 * be written back, or was not there then, gets a name that is not read.
 *
 * @param present - What is read now.
 * @returns Undoes it.
 * @throws {@link GatewayError} `OMNI_CONFIG_UNREADABLE`
 */
export async function restoreFiles(
  present: readonly ConfigFile[],
  sources: readonly RevisionSource[],
): Promise<() => Promise<void>> {
  const undos: (() => Promise<void>)[] = [];
  const undo = async (): Promise<void> => {
    const steps = undos.splice(0).toReversed();
    // One that fails keeps no other back.
    for (const step of steps) await step().catch(() => {});
  };
  const putAside = async (place: string): Promise<void> => {
    const aside = await freeName(`${place}.removed`);
    await rename(place, aside);
    undos.push(() => rename(aside, place));
  };
  const restore = async ({ place, text }: RevisionSource): Promise<void> => {
    const former = present.find((file) => file.place === place);
    if (former?.flaw === undefined && former?.text === text) return;
    const isKnown = former !== undefined && former.flaw === undefined;
    if (!isKnown && (await isThere(place))) await putAside(place);
    await replaceFile(place, text);
    undos.push(() => (isKnown ? replaceFile(place, former.text) : unlink(place)));
  };
  const wanted = new Set(sources.map(({ place }) => place));
  const attempt = async (place: string, writing: Promise<void>): Promise<void> => {
    try {
      await writing;
    } catch (cause) {
      // guard: reload/half-restored
      await undo();
      throw new GatewayError('OMNI_CONFIG_UNREADABLE', `${place} cannot be written`, { cause });
    }
  };
  for (const source of sources) await attempt(source.place, restore(source));
  for (const { place } of present) if (!wanted.has(place)) await attempt(place, putAside(place));
  return undo;
}

/** An earlier one that was put aside stays. */
async function freeName(name: string): Promise<string> {
  let free = name;
  for (let count = 2; await isThere(free); count++) free = `${name}-${count}`;
  return free;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
