import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Connection } from "#app/server/http/connection.ts";
import { clientAddressOf } from "#app/server/http/forwarded.ts";
import type { Runtime } from "#app/server/runtime.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** RequestContext is what every loader and action gets as `context`. */
export interface RequestContext {
  runtime: Runtime;
  logger: Logger;
  /** The request as Node sees it. Routes named in node-request-routes.ts read their body from here. */
  nodeRequest: IncomingMessage;
  /** Goes out as `x-request-id` and stands in every log line about this request. */
  requestId: string;
  /** Allows the page's own inline scripts under the content security policy. */
  cspNonce: string;
  /** Aborts when the client goes away before the answer is finished. `request.signal` cannot be trusted. */
  gone: AbortSignal;
  /** Resolves when the client has taken enough of the answer that more may be produced, or is gone. Never rejects. */
  drained(): Promise<void>;
  /** The client's IP address, of the proxy's word where TRUST_PROXY allows that. */
  clientAddress: string;
}

declare module "@remix-run/server-runtime" {
  interface AppLoadContext extends RequestContext {}
  /** Makes the types of loader data those of the option in remix.config.js. */
  interface Future {
    v3_singleFetch: true;
  }
}

type GivenContext = Pick<RequestContext, "runtime" | "logger" | "requestId" | "nodeRequest"> & {
  connection: Connection;
  trustProxy: boolean;
};

/** LoadContext makes what only some routes need when it is asked for. */
export class LoadContext implements RequestContext {
  // Remix lets a context hold anything.
  [name: string]: unknown;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly requestId: string;
  readonly nodeRequest: IncomingMessage;
  readonly #connection: Connection;
  readonly #trustProxy: boolean;
  #cspNonce: string | null = null;

  constructor({ runtime, logger, requestId, nodeRequest, connection, trustProxy }: GivenContext) {
    this.runtime = runtime;
    this.logger = logger;
    this.requestId = requestId;
    this.nodeRequest = nodeRequest;
    this.#connection = connection;
    this.#trustProxy = trustProxy;
  }

  get cspNonce(): string {
    return (this.#cspNonce ??= randomBytes(16).toString("base64"));
  }

  get gone(): AbortSignal {
    return this.#connection.gone;
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  get clientAddress(): string {
    return clientAddressOf(this.nodeRequest, this.#trustProxy);
  }
}
