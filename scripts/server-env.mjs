/**
 * SERVER_ENV is what has to be in the environment before node starts; the Dockerfile, the systemd unit and `npm start` say
 * the same (tests/integration/containers.test.ts).
 *
 * - A thread pool of four would have searches hold up the fdatasync that every acknowledgement waits for.
 * - glibc would give its threads an arena each, and what is free in one is of no use to the others: some 10 MB.
 * - A request's body lies outside of V8's heap, and only a collection lets go of it, so the young generation is small. With
 *   half of it requests in flight outlive its collections, and a small request costs a sixth more CPU.
 */
export const SERVER_ENV = Object.freeze({
  NODE_ENV: "production",
  UV_THREADPOOL_SIZE: "16",
  MALLOC_ARENA_MAX: "2",
  NODE_OPTIONS: "--max-semi-space-size=4",
});
