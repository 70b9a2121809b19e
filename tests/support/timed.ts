/**
 * Options of a test that measures time. A busy machine may hold what it measures back once or twice; a broken promise is
 * late every time.
 */
export const TIMED = { retry: 3 } as const;
