import { roleContractProgram } from '@omni/testing/contracts';
import { runRole } from './run-role.ts';

runRole(roleContractProgram);
