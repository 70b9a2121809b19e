/** Snippet is a configuration to copy that sends logs here. */
export interface Snippet {
  id: string;
  /** What sends: "Fluent Bit". */
  sender: string;
  /** Where it goes. */
  where: string;
  code: string;
}

export interface SnippetTarget {
  /** Where this server is reached: `https://logs.example.org`. */
  origin: string;
  key: string;
}

/** shipperSnippets returns a configuration for each sender people ask for first. */
export function shipperSnippets({ origin, key }: SnippetTarget): Snippet[] {
  const { hostname, port, protocol } = new URL(origin);
  const isTls = protocol === "https:";
  const portOrDefault = port === "" ? (isTls ? "443" : "80") : port;
  return [
    {
      id: "curl",
      sender: "curl",
      where: "In any shell.",
      code: `curl -s "${origin}/ingest?wait=commit" \\
  -H "X-API-Key: ${key}" \\
  -d '{"level":"info","service":"web","message":"hello"}'`,
    },
    {
      id: "fluent-bit",
      sender: "Fluent Bit",
      where: "In fluent-bit.conf.",
      code: `[OUTPUT]
    Name              http
    Match             *
    Host              ${hostname}
    Port              ${portOrDefault}
    URI               /ingest
    Header            X-API-Key ${key}
    Format            json_lines
    Json_date_key     timestamp
    Json_date_format  iso8601
    Compress          gzip
    Tls               ${isTls ? "On" : "Off"}`,
    },
    {
      id: "vector",
      sender: "Vector",
      where: "In vector.yaml; put your sources in inputs.",
      code: `sinks:
  akavelog:
    type: http
    inputs: ["my_source"]
    uri: ${origin}/ingest
    method: post
    compression: zstd
    encoding: { codec: json }
    framing: { method: newline_delimited }
    request:
      headers: { X-API-Key: ${key} }`,
    },
    {
      id: "otel-collector",
      sender: "OpenTelemetry Collector",
      where: "In the collector's configuration; add otlphttp to the exporters of your logs pipeline.",
      code: `exporters:
  otlphttp/akavelog:
    logs_endpoint: ${origin}/v1/logs
    compression: gzip
    headers:
      X-API-Key: ${key}
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [otlphttp/akavelog]`,
    },
    {
      id: "otel-sdk",
      sender: "OpenTelemetry SDK",
      where: "In the environment of your service.",
      code: `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=${origin}/v1/logs
OTEL_EXPORTER_OTLP_LOGS_HEADERS=X-API-Key=${key}
OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/protobuf`,
    },
    {
      id: "docker",
      sender: "Docker",
      where: "In daemon.json, then restart Docker; it speaks Splunk's protocol by itself.",
      code: JSON.stringify(
        {
          "log-driver": "splunk",
          "log-opts": {
            "splunk-url": origin,
            "splunk-token": key,
            "splunk-format": "json",
            "splunk-gzip": "true",
            tag: "{{.Name}}",
          },
        },
        null,
        2,
      ),
    },
    {
      id: "journald",
      sender: "journald",
      where: "In any shell; /etc/systemd/journal-upload.conf takes the same address as URL=.",
      code: `/lib/systemd/systemd-journal-upload --url ${origin}/ingest/journald/${key}`,
    },
    {
      id: "syslog-ng",
      sender: "syslog-ng",
      where: "In syslog-ng.conf; add the destination to your log paths.",
      code: `destination d_akavelog {
  http(url("${origin}/ingest") method("POST") headers("X-API-Key: ${key}", "Content-Type: application/x-ndjson")
    body("$(format-json --scope rfc5424 --exclude DATE --key ISODATE)\\n") batch-lines(1000) batch-timeout(1000));
};`,
    },
    {
      id: "rsyslog",
      sender: "rsyslog",
      where: "In /etc/rsyslog.d; it needs the package rsyslog-elasticsearch.",
      code: `module(load="omelasticsearch")
template(name="document" type="list") {
  constant(value="{") property(name="timereported" dateFormat="rfc3339" outname="@timestamp" format="jsonf")
  constant(value=",") property(name="msg" outname="message" format="jsonf" position.from="2")
  constant(value=",") property(name="hostname" outname="host" format="jsonf")
  constant(value=",") property(name="programname" outname="program" format="jsonf")
  constant(value=",") property(name="syslogseverity-text" outname="severity" format="jsonf")
  constant(value="}")
}
action(type="omelasticsearch" server="${origin}" searchIndex="sys" bulkmode="on" template="document"
  uid="akavelog" pwd="${key}")`,
    },
    {
      id: "alloy",
      sender: "Grafana Alloy, Promtail",
      where: "In config.alloy; point the forward_to of your sources at it. Promtail's clients take the same address.",
      code: `loki.write "akavelog" {
  endpoint {
    url          = "${origin}/loki/api/v1/push"
    bearer_token = "${key}"
  }
}`,
    },
    {
      id: "filebeat",
      sender: "Filebeat",
      where: "In filebeat.yml.",
      code: `output.elasticsearch:
  hosts: ["${origin}"]
  username: akavelog
  password: ${key}
setup.template.enabled: false
setup.ilm.enabled: false`,
    },
    {
      id: "logstash",
      sender: "Logstash",
      where: "In a pipeline's configuration.",
      code: `output {
  elasticsearch {
    hosts => ["${origin}"]
    user => "akavelog"
    password => "${key}"
    index => "logs"
    data_stream => false
    manage_template => false
    ilm_enabled => false
  }
}`,
    },
    {
      id: "datadog",
      sender: "Datadog Agent",
      where: "In datadog.yaml.",
      code: `api_key: ${key}
logs_enabled: true
logs_config:
  force_use_http: true
  logs_dd_url: ${hostname}:${portOrDefault}
  logs_no_ssl: ${String(!isTls)}`,
    },
    {
      id: "splunk",
      sender: "Splunk HEC",
      where: "In any shell; forwarders and SDKs take the same address and token.",
      code: `curl -s "${origin}/services/collector/event" \\
  -H "Authorization: Splunk ${key}" \\
  -d '{"event":{"level":"info","service":"web","message":"hello"}}'`,
    },
    {
      id: "gelf",
      sender: "GELF over HTTP",
      where: "In any shell; libraries take the same address, and the key as a header or as ?token=.",
      code: `curl -s "${origin}/gelf" \\
  -H "X-API-Key: ${key}" \\
  -d '{"version":"1.1","host":"h1","short_message":"hello","level":6,"_service":"web"}'`,
    },
    {
      id: "seq",
      sender: "Seq, Serilog",
      where: "In any shell; Serilog's and seq-logging's serverUrl is this address without its path.",
      code: `curl -s "${origin}/ingest/clef" \\
  -H "X-Seq-ApiKey: ${key}" \\
  -d '{"@t":"2026-01-15T12:00:00Z","@mt":"hello {Name}","@l":"Information","Name":"you","Application":"web"}'`,
    },
  ];
}
