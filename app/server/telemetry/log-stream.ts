import type { Context } from "@opentelemetry/api";
import { SeverityNumber, type AnyValueMap, type Logger } from "@opentelemetry/api-logs";

const SEVERITIES: readonly [fromLevel: number, number: SeverityNumber, text: string][] = [
  [60, SeverityNumber.FATAL, "fatal"],
  [50, SeverityNumber.ERROR, "error"],
  [40, SeverityNumber.WARN, "warn"],
  [30, SeverityNumber.INFO, "info"],
  [20, SeverityNumber.DEBUG, "debug"],
  [0, SeverityNumber.TRACE, "trace"],
];
/** What pino writes into every line, and what goes out as the context of the record. */
const LEFT_OUT: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "msg", "trace_id", "span_id"]);

/** createLogStream turns pino's lines into records of OpenTelemetry. `contextOf` is null for what must not be exported. */
export function createLogStream(logger: Logger, contextOf: () => Context | null): { write(line: string): void } {
  return {
    write(line) {
      const context = contextOf();
      if (context === null) return;
      const fields = JSON.parse(line) as { level: number; time: number; msg?: string } & AnyValueMap;
      const [, severityNumber, severityText] = SEVERITIES.find(([from]) => fields.level >= from) ?? [0, 0, ""];
      const attributes: AnyValueMap = {};
      for (const [name, value] of Object.entries(fields)) if (!LEFT_OUT.has(name)) attributes[name] = value;
      logger.emit({
        timestamp: fields.time,
        severityNumber,
        severityText,
        body: fields.msg ?? "",
        attributes,
        context,
      });
    },
  };
}
