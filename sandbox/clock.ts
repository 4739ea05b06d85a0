/** The machine's clock in milliseconds since 1970: the only place in the sandbox that reads it. */
export const systemClock = (): number => Date.now();
