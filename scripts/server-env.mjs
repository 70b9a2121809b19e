/**
 * SERVER_ENV is what has to be in the environment before node starts; the Dockerfile, the systemd unit and `npm start` say
 * the same (tests/integration/containers.test.ts).
 *
 * A thread pool of four would have searches hold up the fdatasync that every acknowledgement waits for. And a request's
 * body lies outside of V8's heap, where only a collection lets go of it: with a large young generation that is small
 * objects for a long time and then a collection of everything, which costs a fifth of all CPU while lines come in.
 */
export const SERVER_ENV = Object.freeze({
  NODE_ENV: "production",
  UV_THREADPOOL_SIZE: "16",
  NODE_OPTIONS: "--max-semi-space-size=2",
});
