import { apiRoute } from "#app/server/http/api-route.ts";

/** GET /ready: Loki's word for /readyz, which senders to Loki ask before they send. */
const route = apiRoute({
  GET({ context }) {
    const { ok, reason } = context.runtime.ready();
    return new Response(ok ? "ready\n" : `${reason}\n`, {
      status: ok ? 200 : 503,
      headers: { "content-type": "text/plain; charset=utf-8", ...(ok ? {} : { "retry-after": "2" }) },
    });
  },
});

export const loader = route.loader;
export const action = route.action;
