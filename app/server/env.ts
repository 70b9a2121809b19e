export interface Env {
  host: string;
  port: number;
  logLevel: string;
  trustProxy: boolean;
}

/** readEnv is the only reader of the environment. */
export function readEnv(): Env {
  return {
    host: process.env.HOST ?? "127.0.0.1",
    port: Number(process.env.PORT ?? 3000),
    logLevel: process.env.LOG_LEVEL ?? "info",
    trustProxy: process.env.TRUST_PROXY === "true",
  };
}
