import { coordinatorProgram } from '@omni/coordinator';
import { type RoleProgram, silentLogger, systemClock, systemRandom } from '@omni/ports';
import { openStore, type StoreSettings } from '@omni/sql';

/** The coordinator with a store of Node. What fails is told to main, which logs it. */
export function coordinatorOfNode(): RoleProgram {
  return coordinatorProgram({
    clock: systemClock,
    random: systemRandom,
    // Holds: main gives what `holdStore` has made.
    openStore: (store) => openStore(store as StoreSettings, { clock: systemClock, logger: silentLogger }),
  });
}
