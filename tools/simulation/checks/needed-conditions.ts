/** What a night has to reach, or it has not looked where it should. */
export const NEEDED_CONDITIONS: readonly string[] = [];
