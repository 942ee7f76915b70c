import { access, rename } from 'node:fs/promises';
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
    for (const step of undos.splice(0).toReversed()) await step();
  };
  const putAside = async (place: string): Promise<void> => {
    const aside = await freeName(`${place}.removed`);
    await rename(place, aside);
    undos.push(() => rename(aside, place));
  };
  const restore = async ({ place, text }: RevisionSource): Promise<void> => {
    const former = present.find((file) => file.place === place);
    if (former?.flaw === undefined && former?.text === text) return;
    if (former?.flaw === undefined && former !== undefined)
      undos.push(() => replaceFile(place, former.text));
    else {
      if (await isThere(place)) await putAside(place);
      undos.push(() => rename(place, `${place}.removed`));
    }
    await replaceFile(place, text);
  };
  const wanted = new Set(sources.map(({ place }) => place));
  let at = '';
  try {
    for (const source of sources) await restore({ ...source, place: (at = source.place) });
    for (const { place } of present) if (!wanted.has(place)) await putAside((at = place));
  } catch (cause) {
    await undo();
    throw new GatewayError('OMNI_CONFIG_UNREADABLE', `${at} cannot be written`, { cause });
  }
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
