import { createServer, type RequestListener, type Server } from "node:http";
import { answerClientErrors } from "#app/server/http/client-error.ts";
import { answerExpectations } from "#app/server/http/expectations.ts";
import { setServerLimits } from "#app/server/http/server-limits.ts";

/** createHttpServer is Node's server around `app`; what Node would refuse by itself gets an answer of ours as well. */
export function createHttpServer(app: RequestListener): Server {
  // Node's 400 for a missing Host has neither a request id nor a body; requestUrl refuses it instead.
  const server = createServer({ requireHostHeader: false }, app);
  setServerLimits(server);
  answerExpectations(server);
  answerClientErrors(server);
  return server;
}
