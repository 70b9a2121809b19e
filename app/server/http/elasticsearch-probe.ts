import type { NextFunction, Request, Response } from "express";
import { PRODUCT_HEADER } from "#app/server/protocols/elasticsearch/product-header.ts";
import { serverVersionFor } from "#app/server/protocols/elasticsearch/server-version.ts";

const BANNER = { name: "akavelog", cluster_name: "akavelog", cluster_uuid: "akavelog" };
const BUILD = {
  build_flavor: "default",
  build_type: "docker",
  build_hash: "unknown",
  build_date: "2025-08-01T00:00:00.000Z",
  build_snapshot: false,
  lucene_version: "9.12.2",
  minimum_wire_compatibility_version: "7.17.0",
  minimum_index_compatibility_version: "7.0.0",
};

/**
 * elasticsearchProbe answers what shippers with an Elasticsearch output ask of `/` before they send; official clients
 * refuse a server without the product header. Browsers ask for HTML and send no Authorization on a navigation.
 */
export function elasticsearchProbe(request: Request, response: Response, next: NextFunction): void {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const isBrowser = request.headers.authorization === undefined && request.headers.accept?.includes("text/html");
  if (request.path !== "/" || !isRead || isBrowser) {
    next();
    return;
  }
  response.set({ ...PRODUCT_HEADER, "cache-control": "no-store" });
  response.json({
    ...BANNER,
    version: { number: serverVersionFor(request.headers["user-agent"]), ...BUILD },
    tagline: "You Know, for Search",
  });
}
