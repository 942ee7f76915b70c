/** How a check says what it found. */
import { styleText } from 'node:util';

/**
 * @typedef {{ rule: string, where: string, what: string }} Finding `where` is a path, with `:line` when there
 * is one.
 * @typedef {{ id: string, why: string, fix: string }} RuleText
 */

/**
 * Prints each finding with its reason and remedy, then the line that every check of this repository ends
 * with. Sets the exit code: 1 when anything was found.
 *
 * @param {readonly RuleText[]} rules - One per rule that was checked; a rule without a finding has passed.
 * @param {readonly Finding[]} findings
 */
export function printFindings(rules, findings) {
  for (const { id, why, fix } of rules) {
    const own = findings.filter(({ rule }) => rule === id);
    if (own.length === 0) continue;
    const lines = own.map(({ where, what }) => `  ${where}  ${what}`);
    console.log(
      [`${styleText('red', 'x')} ${id}`, ...lines, `  why: ${why}`, `  fix: ${fix}`, ''].join('\n'),
    );
  }
  const failed = rules.filter(({ id }) => findings.some(({ rule }) => rule === id)).length;
  console.log(`${rules.length - failed} passed, ${failed} failed, 0 skipped`);
  if (failed > 0) process.exitCode = 1;
}
