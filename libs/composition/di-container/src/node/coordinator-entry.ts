import { coordinatorProgram } from '@omni/coordinator';
import { runRole } from '@omni/node';
import { systemClock, systemRandom } from '@omni/ports';

runRole(coordinatorProgram({ clock: systemClock, random: systemRandom }));
