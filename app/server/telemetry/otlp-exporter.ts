import { OTLPExporterBase } from "@opentelemetry/otlp-exporter-base";
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import {
  LogsExporterMetricsHelper,
  MetricsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

/**
 * Marks requests that carry an Akavelog's telemetry. One that receives it, perhaps itself, makes no telemetry of that: each
 * export would be the cause of the next. Whoever else sends it only hides from the traces.
 */
export const EXPORT_HEADER = "x-akavelog-telemetry";

const HEADERS = { "Content-Type": "application/x-protobuf", [EXPORT_HEADER]: "1" };

/*
 * Endpoint, headers, timeout, compression and certificates are read by the library from the OTEL_EXPORTER_OTLP_* variables
 * that OpenTelemetry names, so that everything that stands in its documents works here too.
 */

export function createSpanExporter(): OTLPExporterBase<ReadableSpan[]> {
  const options = convertLegacyHttpOptions({}, "TRACES", "v1/traces", HEADERS);
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      options,
      ProtobufTraceSerializer,
      "otlp_http_span_exporter",
      TraceExporterMetricsHelper,
      undefined,
    ),
  );
}

export function createLogExporter(): OTLPExporterBase<ReadableLogRecord[]> {
  const options = convertLegacyHttpOptions({}, "LOGS", "v1/logs", HEADERS);
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      options,
      ProtobufLogsSerializer,
      "otlp_http_log_exporter",
      LogsExporterMetricsHelper,
      undefined,
    ),
  );
}

export function createMetricExporter(): OTLPExporterBase<ResourceMetrics> {
  const options = convertLegacyHttpOptions({}, "METRICS", "v1/metrics", HEADERS);
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      options,
      ProtobufMetricsSerializer,
      "otlp_http_metric_exporter",
      MetricsExporterMetricsHelper,
      undefined,
    ),
  );
}
