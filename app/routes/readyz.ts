import { apiRoute } from "#app/server/http/api-route.ts";

/** 503 only while this process cannot take logs; trouble elsewhere is named and does not take it out of rotation. */
const route = apiRoute({
  GET({ context }) {
    const { ok, reason, degraded } = context.runtime.ready();
    const body = ok ? { status: "ready", degraded } : { status: "not ready", reason, degraded };
    return Response.json(body, {
      status: ok ? 200 : 503,
      headers: { "cache-control": "no-store", ...(ok ? {} : { "retry-after": "1" }) },
    });
  },
});

export const loader = route.loader;
export const action = route.action;
