import type { IncomingHttpHeaders } from "node:http";
import type { Registry } from "prom-client";
import type { Tracer } from "#app/server/system/tracer.ts";

/** Telemetry takes this process's own metrics, traces and logs to an OpenTelemetry collector. */
export interface Telemetry {
  tracer: Tracer;
  /** Runs what answers a request in its span, a child of the sender's if the request names one. */
  traceRequest: (request: TracedRequest, answer: () => Promise<void>) => Promise<void>;
  /** Takes lines as pino writes them. */
  logStream: { write(line: string): void };
  /** What a log line says of the span that it was written in. */
  traceFields: () => object;
  /** Begins to export a registry, as often as OTEL_METRIC_EXPORT_INTERVAL says. */
  exportMetrics: (registry: Registry) => void;
  /** Sends what is left; gives up soon when nobody takes it. */
  close(): Promise<void>;
}

export interface TracedRequest {
  method: string;
  /** One of few. */
  route: string;
  headers: IncomingHttpHeaders;
  /** Known once it is answered. */
  status: () => number;
}

export interface TelemetryOptions {
  version: string;
  /** The share of requests that are traced, of those whose sender does not decide. */
  traceShare: number;
  metricIntervalMs: number;
  /** Hears why something could not be exported, and must not be exported itself. */
  onTrouble: (message: string) => void;
}
