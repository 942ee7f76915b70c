import { join } from 'node:path';
import type { Environment } from '@omni/config';
import { makePrivateFolder, PrivateTextFile, stateDirectory } from '@omni/node';
import { GatewayError } from '@omni/ports';

/** Who has approved a configuration, and when. */
interface Approval {
  readonly path: string;
  readonly by: string;
  readonly at: string;
}

/** The oldest goes for another one. */
const MAX_APPROVALS = 1_000;

/** Configurations in working directories that this user has approved, by their hash: in the state folder. */
export class ApprovedConfigurations {
  readonly #folder: string;
  readonly #file: PrivateTextFile;

  constructor(environment: Environment) {
    this.#folder = stateDirectory(environment);
    this.#file = new PrivateTextFile(join(this.#folder, 'approved.json'));
  }

  /** @throws {@link GatewayError} `OMNI_CONFIG_UNAPPROVED` */
  async check(path: string, hash: string): Promise<void> {
    // guard: reload/unapproved
    if (!Object.hasOwn(approvalsIn(await this.#file.read()), hash))
      throw new GatewayError(
        'OMNI_CONFIG_UNAPPROVED',
        `${path} was found here, and nobody has approved it as it is`,
        {
          hint: `Read it: it names commands that run as you. Then: omni config approve; or name it: --config ${path}`,
        },
      );
  }

  async approve(path: string, hash: string, by: string): Promise<void> {
    await makePrivateFolder(this.#folder);
    await this.#file.change((text) => {
      const { [hash]: _former, ...others } = approvalsIn(text);
      const approval: Approval = { path, by, at: new Date().toISOString() };
      const all = [...Object.entries(others), [hash, approval] as const];
      return `${JSON.stringify(Object.fromEntries(all.slice(-MAX_APPROVALS)), null, 2)}\n`;
    });
  }
}

/** Where the file is damaged, nothing is approved. */
function approvalsIn(text = '{}'): Readonly<Record<string, Approval>> {
  try {
    const read: unknown = JSON.parse(text);
    // Holds: this class has written it, and nobody else may.
    return typeof read === 'object' && read !== null ? (read as Readonly<Record<string, Approval>>) : {};
  } catch {
    return {};
  }
}
