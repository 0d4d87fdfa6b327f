/**
 * A new id for a request that must not act twice. It need not be secret, only new among those of
 * its user, and mini-programs have no `crypto`.
 */
export function makeRequestId(): string;
