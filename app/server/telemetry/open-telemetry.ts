import { AsyncLocalStorage } from "node:async_hooks";
import {
  diag,
  DiagLogLevel,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
} from "@opentelemetry/api";
import { isTracingSuppressed, suppressTracing, W3CTraceContextPropagator } from "@opentelemetry/core";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Span, Tracer } from "#app/server/system/tracer.ts";
import { createLogStream } from "#app/server/telemetry/log-stream.ts";
import {
  createLogExporter,
  createMetricExporter,
  createSpanExporter,
  EXPORT_HEADER,
} from "#app/server/telemetry/otlp-exporter.ts";
import { createRegistryProducer } from "#app/server/telemetry/registry-metrics.ts";
import type { Telemetry, TelemetryOptions } from "#app/server/telemetry/telemetry.ts";

const SERVICE_NAME = "akavelog";
/** A process that stops has ten seconds for everything. */
const CLOSE_MS = 1_500;

/** openTelemetry is loaded only where an endpoint is configured: nothing else in the server imports OpenTelemetry. */
export function openTelemetry({ version, traceShare, metricIntervalMs, onTrouble }: TelemetryOptions): Telemetry {
  const hush = () => undefined;
  diag.setLogger({ error: onTrouble, warn: onTrouble, info: hush, debug: hush, verbose: hush }, DiagLogLevel.WARN);
  const scope = { name: SERVICE_NAME, version };
  const resource = resourceFromAttributes({ "service.name": SERVICE_NAME, "service.version": version }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  const traces = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceShare) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: createSpanExporter() })],
  });
  const logs = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: createLogExporter() })],
  });
  let meters: MeterProvider | null = null;

  const active = new AsyncLocalStorage<Context>();
  const current = () => active.getStore() ?? ROOT_CONTEXT;
  const otel = traces.getTracer(scope.name, scope.version);
  const propagator = new W3CTraceContextPropagator();

  async function within<T>(span: OtelSpan, around: Context, work: (span: Span) => Promise<T>): Promise<T> {
    const wrapped = wrap(span);
    try {
      const result = await active.run(trace.setSpan(around, span), work, wrapped);
      wrapped.end(false);
      return result;
    } catch (error) {
      wrapped.end(true);
      throw error;
    }
  }

  const tracer: Tracer = {
    trace: (name, work) => within(otel.startSpan(name, {}, current()), current(), work),
    begin: (name) => wrap(otel.startSpan(name, {}, current())),
    record(name, elapsedMs, hasFailed) {
      if (trace.getSpan(current()) === undefined) return;
      const endedAtMs = Date.now();
      const span = otel.startSpan(name, { startTime: endedAtMs - elapsedMs, kind: SpanKind.CLIENT }, current());
      if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endedAtMs);
    },
  };

  return {
    tracer,
    async traceRequest({ method, route, headers, status }, answer) {
      if (headers[EXPORT_HEADER] !== undefined) {
        await active.run(suppressTracing(ROOT_CONTEXT), answer);
        return;
      }
      const sender = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      const attributes = { "http.request.method": method, "http.route": route };
      const span = otel.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, sender);
      await within(span, sender, async () => {
        await answer();
        span.setAttribute("http.response.status_code", status());
        if (status() >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      });
    },
    logStream: createLogStream(logs.getLogger(scope.name, scope.version), () =>
      isTracingSuppressed(current()) ? null : current(),
    ),
    traceFields() {
      const span = trace.getSpanContext(current());
      return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
    },
    exportMetrics(registry) {
      const reader = new PeriodicExportingMetricReader({
        exporter: createMetricExporter(),
        exportIntervalMillis: metricIntervalMs,
        exportTimeoutMillis: metricIntervalMs,
        metricProducers: [createRegistryProducer(registry, scope)],
      });
      meters = new MeterProvider({ resource, readers: [reader] });
    },
    async close() {
      const closing = Promise.allSettled([traces.shutdown(), logs.shutdown(), meters?.shutdown()]);
      await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
    },
  };
}

function wrap(span: OtelSpan): Span {
  return {
    set: (name, value) => void span.setAttribute(name, value),
    end(hasFailed) {
      if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
