import { runRole } from '@omni/node';
import { coordinatorOfNode } from './coordinator-of-node.ts';

runRole(coordinatorOfNode());
