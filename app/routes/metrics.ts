import { isOperatorToken } from "#app/server/auth/operator.ts";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { problem } from "#app/server/http/problem.ts";

/** GET /metrics: figures of this process for Prometheus. */
async function metrics({ request, context }: ApiRequest): Promise<Response> {
  const { env, metrics: own } = context.runtime;
  const token = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (env.metricsToken !== null && !isOperatorToken(token, env.metricsToken)) {
    return problem({
      status: 401,
      title: "Unauthorized",
      detail: "Send METRICS_TOKEN as Authorization: Bearer.",
      headers: { "www-authenticate": 'Bearer realm="akavelog metrics"' },
    });
  }
  return new Response(await own.registry.metrics(), {
    headers: { "content-type": own.registry.contentType, "cache-control": "no-store" },
  });
}

const route = apiRoute({ GET: metrics });

export const loader = route.loader;
export const action = route.action;
