import { ValueType, type Attributes, type HrTime } from "@opentelemetry/api";
import { hrTime } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type DataPoint,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { Registry } from "prom-client";

type PromMetric = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>[number];
type PromValue = PromMetric["values"][number] & { metricName?: string };

/** createRegistryProducer gives OpenTelemetry the figures of /metrics, under the same names: there is one place that counts. */
export function createRegistryProducer(registry: Registry, scope: { name: string; version: string }): MetricProducer {
  const startTime = hrTime(performance.timeOrigin);
  return {
    async collect(): Promise<CollectionResult> {
      const found = await registry.getMetricsAsJSON();
      const endTime = hrTime();
      const metrics = found.flatMap((metric) => metricData(metric, startTime, endTime) ?? []);
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] }, errors: [] };
    },
  };
}

/** Null for what has no values yet. prom-client types its kinds as an enum that it does not export as a value. */
function metricData(metric: PromMetric, startTime: HrTime, endTime: HrTime): MetricData | null {
  const { name, help } = metric;
  const values: PromValue[] = metric.values;
  if (values.length === 0) return null;
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = (): DataPoint<number>[] =>
    values.map(({ value, labels }) => ({ startTime, endTime, attributes: attributesOf(labels), value }));
  switch (String(metric.type)) {
    case "counter":
      return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
    case "gauge":
      return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() };
    case "histogram":
      return {
        ...common,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: histogramPoints(values, startTime, endTime),
      };
    default:
      return null;
  }
}

/** prom-client counts a bucket with all below it, OpenTelemetry each by itself. */
function histogramPoints(values: readonly PromValue[], startTime: HrTime, endTime: HrTime): DataPoint<Histogram>[] {
  const series = new Map<string, { attributes: Attributes; value: Histogram; below: number }>();
  for (const { labels, value, metricName = "" } of values) {
    const { le, ...attributes } = attributesOf(labels);
    const name = JSON.stringify(attributes);
    let one = series.get(name);
    if (one === undefined) {
      one = { attributes, value: { buckets: { boundaries: [], counts: [] }, count: 0 }, below: 0 };
      series.set(name, one);
    }
    if (metricName.endsWith("_sum")) one.value.sum = value;
    else if (metricName.endsWith("_count")) one.value.count = value;
    else {
      if (le !== "+Inf") one.value.buckets.boundaries.push(Number(le));
      one.value.buckets.counts.push(value - one.below);
      one.below = value;
    }
  }
  return [...series.values()].map(({ attributes, value }) => ({ startTime, endTime, attributes, value }));
}

function attributesOf(labels: PromValue["labels"]): Attributes {
  return labels as Attributes;
}

/** By Prometheus's rules for names. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return /_bytes(_total)?$/.test(name) ? "By" : "";
}
