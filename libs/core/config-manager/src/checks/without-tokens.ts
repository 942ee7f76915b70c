/** How the tokens of known services begin. */
const KNOWN = /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|[srp]k_(?:live|test)_|hf_|npm_|pypi-|AKIA|ASIA|AIza|ya29\.|eyJ)[\w.-]{6,}/g;
const RUN = /[A-Za-z0-9]{16,}/g;
const LONG_RUN = 20;

/** A message without what looks like a credential: it may have been pasted where a name belongs, as in `${ghp_…}`. */
export function withoutTokens(message: string): string {
  return message.replaceAll(KNOWN, '***').replaceAll(RUN, (run) => (looksRandom(run) ? '***' : run));
}

/** Letters mixed with digits, or with capitals far more often than names are. */
function looksRandom(run: string): boolean {
  const digits = run.replaceAll(/\D/g, '').length;
  if (digits > 0) return digits > 1 || run.length >= LONG_RUN;
  const capitals = run.replaceAll(/[^A-Z]/g, '').length;
  return run.length >= LONG_RUN && capitals > run.length / 4 && capitals < run.length;
}
