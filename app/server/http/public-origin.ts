import type { Env } from "#app/server/env.ts";

/** publicOrigin is where people reach this server: PUBLIC_URL's origin, or what the request was sent to. */
export function publicOrigin({ publicUrl }: Pick<Env, "publicUrl">, request: Request): string {
  return new URL(publicUrl ?? request.url).origin;
}

/** isHttps tells whether people reach this server over TLS, be it a proxy's. */
export function isHttps(env: Pick<Env, "publicUrl">, request: Request): boolean {
  return publicOrigin(env, request).startsWith("https:");
}
