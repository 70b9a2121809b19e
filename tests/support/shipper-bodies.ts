import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { compressSync } from "snappy";

/** ShippedRecord is one record as all wire formats can carry it. */
export interface ShippedRecord {
  timestampNs: bigint;
  service: string;
  level: string;
  message: string;
  tags: Readonly<Record<string, string>>;
}

export interface ShippedRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

const SEVERITY_NUMBERS: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};
const SYSLOG_SEVERITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 };
const field = (number: number, type: number) => number * 8 + type;

/** Each writes records as one request of its format; `key` stands where senders of that format put it. */
export const SHIPPERS = {
  ingest: (records, key) => ({
    path: "/ingest",
    headers: { "x-api-key": key, "content-type": "application/x-ndjson" },
    body: lines(records.map(({ timestampNs, ...record }) => ({ timestamp: String(timestampNs), ...record }))),
  }),
  "otlp protobuf": (records, key) => ({
    path: "/v1/logs",
    headers: { "x-api-key": key, "content-type": "application/x-protobuf" },
    body: otlpProtobuf(records),
  }),
  "otlp json": (records, key) => ({
    path: "/v1/logs",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: json({ resourceLogs: [...byService(records)].map(otlpResource) }),
  }),
  "loki protobuf": (records, key) => ({
    path: "/loki/api/v1/push",
    headers: { authorization: basic(key), "content-type": "application/x-protobuf" },
    body: Buffer.from(compressSync(lokiProtobuf(records))),
  }),
  "loki json": (records, key) => ({
    path: "/loki/api/v1/push",
    headers: { authorization: basic(key), "content-type": "application/json" },
    body: json({
      streams: records.map(({ timestampNs, service, level, message, tags }) => ({
        stream: { app: service, level },
        values: [[String(timestampNs), message, tags]],
      })),
    }),
  }),
  elasticsearch: (records, key) => ({
    path: "/_bulk",
    headers: { authorization: `ApiKey ${key}`, "content-type": "application/x-ndjson" },
    body: lines(
      records.flatMap(({ timestampNs, service, level, message, tags }) => [
        { create: { _index: "logs" } },
        { "@timestamp": isoTime(timestampNs), service: { name: service }, "log.level": level, message, ...tags },
      ]),
    ),
  }),
  splunk: (records, key) => ({
    path: "/services/collector/event",
    headers: { authorization: `Splunk ${key}` },
    body: Buffer.from(
      records
        .map(({ timestampNs, service, level, message, tags }) =>
          // Written by hand: the time has more digits than a double.
          JSON.stringify({ event: message, fields: { service, level, ...tags } }).replace(
            "{",
            `{"time":${timestampNs / 1_000_000_000n}.${String(timestampNs % 1_000_000_000n).padStart(9, "0")},`,
          ),
        )
        .join(""),
    ),
  }),
  datadog: (records, key) => ({
    path: "/api/v2/logs",
    headers: { "dd-api-key": key, "content-type": "application/json" },
    body: json(
      records.map(({ timestampNs, service, level, message, tags: { host, ...tags } }) => ({
        timestamp: String(timestampNs),
        service,
        status: level,
        message,
        ...(host === undefined ? {} : { hostname: host }),
        ddtags: Object.entries(tags)
          .map(([name, value]) => `${name}:${value}`)
          .join(","),
      })),
    ),
  }),
  gelf: ([record], key) => ({
    path: "/gelf",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: gelf(record as ShippedRecord),
  }),
  clef: (records, key) => ({
    path: "/ingest/clef",
    headers: { "x-seq-apikey": key, "content-type": "application/vnd.serilog.clef" },
    body: lines(
      records.map(({ timestampNs, service, level, message, tags }) => ({
        "@t": isoTime(timestampNs),
        "@l": level,
        "@m": message,
        Application: service,
        ...tags,
      })),
    ),
  }),
  seq: (records, key) => ({
    path: "/api/events/raw",
    headers: { "x-seq-apikey": key, "content-type": "application/json" },
    body: json({
      Events: records.map(({ timestampNs, service, level, message, tags }) => ({
        Timestamp: isoTime(timestampNs),
        Level: level,
        MessageTemplate: message,
        Properties: { service, ...tags },
      })),
    }),
  }),
  journald: (records, key) => ({
    path: `/ingest/journald/${key}/upload`,
    headers: { "content-type": "application/vnd.fdo.journal" },
    body: Buffer.concat(records.map(journal)),
  }),
} satisfies Record<string, (records: readonly ShippedRecord[], key: string) => ShippedRequest>;

export type ShipperName = keyof typeof SHIPPERS;

/** syslogMessage is a record as RFC 5424 writes it, without framing. */
export function syslogMessage({
  timestampNs,
  service,
  level,
  message,
  tags: { host = "-", ...tags },
}: ShippedRecord): string {
  const parameters = Object.entries(tags).map(([name, value]) => ` ${name}="${value.replace(/[\\"\]]/g, "\\$&")}"`);
  const data = parameters.length === 0 ? "-" : `[ex@32473${parameters.join("")}]`;
  return `<${8 + (SYSLOG_SEVERITIES[level] ?? 6)}>1 ${isoTime(timestampNs)} ${host} ${service} - - ${data} ${message}`;
}

function lines(values: readonly object[]): Buffer {
  return Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function basic(key: string): string {
  return `Basic ${Buffer.from(`akavelog:${key}`).toString("base64")}`;
}

function isoTime(timestampNs: bigint): string {
  const seconds = new Date(Number(timestampNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timestampNs % 1_000_000_000n).padStart(9, "0")}Z`;
}

function byService(records: readonly ShippedRecord[]): Map<string, ShippedRecord[]> {
  const groups = new Map<string, ShippedRecord[]>();
  for (const record of records) groups.set(record.service, [...(groups.get(record.service) ?? []), record]);
  return groups;
}

function otlpResource([service, records]: [string, ShippedRecord[]]): object {
  return {
    resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
    scopeLogs: [
      {
        logRecords: records.map(({ timestampNs, level, message, tags }) => ({
          timeUnixNano: String(timestampNs),
          severityNumber: SEVERITY_NUMBERS[level] ?? 0,
          severityText: level,
          body: { stringValue: message },
          attributes: Object.entries(tags).map(([key, value]) => ({ key, value: { stringValue: value } })),
        })),
      },
    ],
  };
}

function keyValue(writer: BinaryWriter, number: number, key: string, value: string): void {
  writer.uint32(field(number, 2)).fork().uint32(field(1, 2)).string(key);
  writer.uint32(field(2, 2)).fork().uint32(field(1, 2)).string(value).join().join();
}

/** otlpProtobuf writes an ExportLogsServiceRequest. */
export function otlpProtobuf(records: readonly ShippedRecord[]): Buffer {
  const writer = new BinaryWriter();
  for (const [service, group] of byService(records)) {
    writer.uint32(field(1, 2)).fork();
    writer.uint32(field(1, 2)).fork();
    keyValue(writer, 1, "service.name", service);
    writer.join();
    writer.uint32(field(2, 2)).fork();
    for (const { timestampNs, level, message, tags } of group) {
      writer.uint32(field(2, 2)).fork();
      writer.uint32(field(1, 1)).fixed64(timestampNs);
      writer.uint32(field(2, 0)).uint32(SEVERITY_NUMBERS[level] ?? 0);
      writer.uint32(field(3, 2)).string(level);
      writer.uint32(field(5, 2)).fork().uint32(field(1, 2)).string(message).join();
      for (const [key, value] of Object.entries(tags)) keyValue(writer, 6, key, value);
      writer.join();
    }
    writer.join().join();
  }
  return Buffer.from(writer.finish());
}

/** lokiProtobuf writes a PushRequest, not yet compressed: a stream for each service and level, tags as structured metadata. */
export function lokiProtobuf(records: readonly ShippedRecord[]): Buffer {
  const streams = new Map<string, ShippedRecord[]>();
  for (const record of records) {
    const labels = `{service_name=${JSON.stringify(record.service)}, level=${JSON.stringify(record.level)}}`;
    const stream = streams.get(labels);
    if (stream === undefined) streams.set(labels, [record]);
    else stream.push(record);
  }
  const writer = new BinaryWriter();
  for (const [labels, group] of streams) {
    writer.uint32(field(1, 2)).fork().uint32(field(1, 2)).string(labels);
    for (const { timestampNs, message, tags } of group) {
      writer.uint32(field(2, 2)).fork();
      writer.uint32(field(1, 2)).fork();
      writer.uint32(field(1, 0)).int64(timestampNs / 1_000_000_000n);
      writer
        .uint32(field(2, 0))
        .int32(Number(timestampNs % 1_000_000_000n))
        .join();
      writer.uint32(field(2, 2)).string(message);
      for (const [name, value] of Object.entries(tags)) {
        writer.uint32(field(3, 2)).fork().uint32(field(1, 2)).string(name).uint32(field(2, 2)).string(value).join();
      }
      writer.join();
    }
    writer.join();
  }
  return Buffer.from(writer.finish());
}

/** gelf is a record as GELF writes it. */
export function gelf({ timestampNs, service, level, message, tags: { host = "", ...tags } }: ShippedRecord): Buffer {
  const text = JSON.stringify({
    version: "1.1",
    host,
    short_message: message,
    level: SYSLOG_SEVERITIES[level] ?? 6,
    _service: service,
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`_${name}`, value])),
  });
  const fraction = String(timestampNs % 1_000_000_000n).padStart(9, "0");
  return Buffer.from(text.replace("{", `{"timestamp":${timestampNs / 1_000_000_000n}.${fraction},`));
}

function journal({ timestampNs, service, level, message, tags: { host, ...tags } }: ShippedRecord): Buffer {
  const fields: [string, string][] = [
    ["__CURSOR", "s=1;i=1"],
    ["__REALTIME_TIMESTAMP", String(timestampNs / 1_000n)],
    ["SYSLOG_IDENTIFIER", service],
    ["PRIORITY", String(SYSLOG_SEVERITIES[level] ?? 6)],
    ...(host === undefined ? [] : [["_HOSTNAME", host] as [string, string]]),
    ...Object.entries(tags).map(([name, value]) => [name.toUpperCase(), value] as [string, string]),
  ];
  const text = Buffer.from(message);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(text.length, 0);
  return Buffer.concat([
    Buffer.from(fields.map(([name, value]) => `${name}=${value}\n`).join("")),
    Buffer.from("MESSAGE\n"),
    length,
    text,
    Buffer.from("\n\n"),
  ]);
}
