import { apiRoute, type ApiHandler } from "#app/server/http/api-route.ts";
import { PRODUCT_HEADER } from "#app/server/protocols/elasticsearch/product-header.ts";
import { serverVersionFor } from "#app/server/protocols/elasticsearch/server-version.ts";

/*
 * What shippers with an Elasticsearch output ask before they send. The answers hold nothing of any project, so no key is
 * asked for; what they set up (policies, templates, pipelines) means nothing here and is always in place.
 */

const LICENSE = { uid: "akavelog", type: "basic", status: "active", mode: "basic" };

/** PROBES are the answers by address; below one that ends in `/` everything is answered. */
const PROBES: Readonly<Record<string, (userAgent: string | undefined) => object | string>> = {
  "/_license": () => ({ license: LICENSE }),
  "/_xpack": () => ({ license: LICENSE, features: {} }),
  "/_cluster/health": () => ({ cluster_name: "akavelog", status: "green", timed_out: false, number_of_nodes: 1 }),
  "/_cat/health": () => "akavelog green 1 1\n",
  "/_nodes/http": (userAgent) => ({
    cluster_name: "akavelog",
    nodes: { akavelog: { name: "akavelog", version: serverVersionFor(userAgent), roles: ["ingest"] } },
  }),
};

const answer: ApiHandler = ({ request }) => {
  const { pathname } = new URL(request.url);
  const body = PROBES[pathname.replace(/\/+$/, "")]?.(request.headers.get("user-agent") ?? undefined) ?? {
    acknowledged: true,
  };
  return typeof body === "string"
    ? new Response(body, { headers: { ...PRODUCT_HEADER, "content-type": "text/plain; charset=utf-8" } })
    : Response.json(body, { headers: PRODUCT_HEADER });
};

/** probeRoute answers whatever a shipper asks about or sets up at an address. */
export const probeRoute = apiRoute({ GET: answer, PUT: answer, POST: answer });
