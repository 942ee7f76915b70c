/** Arguments that make no sense, in words for the person who typed them. */
export class UsageError extends Error {}
