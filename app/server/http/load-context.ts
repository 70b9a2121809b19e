import type { IncomingMessage } from "node:http";
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
