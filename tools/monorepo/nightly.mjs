/**
 * Plants a break for each target of each project, and demands that `nx affected` turns red, in that project.
 * The last line is `N passed, N failed, N skipped`.
 */
import { rmSync } from 'node:fs';
import { graphOf, runNx } from './nx.ts';
import { BREAKABLE, cloneWorkspace, plantBreak } from './planted-clone.ts';

const clone = cloneWorkspace();
let passed = 0;
let failed = 0;
try {
  for (const [project, { data }] of Object.entries(graphOf(clone).nodes)) {
    // The root has no sources of its own.
    if (data.root === '.') continue;
    for (const target of BREAKABLE.filter((name) => name in data.targets)) {
      const heal = plantBreak(clone, data.root, [target]);
      const tests = target === 'test' ? ['--testPathPatterns=turns-red', '--passWithNoTests'] : [];
      const argv = ['affected', `--targets=${target}`, '--base=HEAD', '--nxBail', '--outputStyle=static'];
      const { code, output } = runNx(clone, [...argv, ...tests]);
      heal();
      if (code !== 0 && output.includes(`- ${project}:${target}\n`)) {
        passed += 1;
        continue;
      }
      failed += 1;
      console.log(`x ${project}:${target} is broken, and nx affected ended with ${code}:\n${output}`);
    }
  }
} finally {
  rmSync(clone, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 ? 0 : 1;
