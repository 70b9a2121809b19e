import { parseTimestampText, timestampProblem } from "#app/core/timestamp.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";

const SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
const FACILITIES = [
  ..."kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock".split(" "),
  ..."local0 local1 local2 local3 local4 local5 local6 local7".split(" "),
] as const;

const PRIORITY = /^<(\d{1,3})>/;
const MAX_PRIORITY = 191;
const RFC_5424 = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) ?/;
const RFC_3164_TIME = /^([A-Z][a-z]{2}) +(\d{1,2})(?: (\d{4}))? (\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))? /;
const ISO_TIME = /^(\d{4}-\d{2}-\d{2}T\S+) /;
const HOST = /^([^\s:[]+) /;
const TAG = /^([^\s:[\]]{1,128})(?:\[([^\]\s]*)\])?: ?/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const NOTHING = "-";

interface SyslogFields {
  time: string;
  service: string;
  message: string;
  tags: Map<string, string>;
}

/**
 * syslogRecord maps a message of RFC 5424 or RFC 3164, told apart by the version behind the priority. Whatever is neither is
 * kept whole as the message: there is no answer in which it could be refused.
 */
export function syslogRecord(text: string, receivedAtMs: number): Members {
  const priority = PRIORITY.exec(text);
  const number = priority === null ? MAX_PRIORITY + 1 : Number(priority[1]);
  const rest = priority === null ? text : text.slice(priority[0].length);
  const fields = readRfc5424(rest) ?? readRfc3164(rest, receivedAtMs);

  const record: Members = new Map();
  const time = fields.time === "" ? null : parseTimestampText(fields.time);
  if (time !== null && timestampProblem(time.ms, receivedAtMs) === null)
    record.set("timestamp", textValue(fields.time));
  else if (fields.time !== "") fields.tags.set("syslog_time", fields.time);
  if (fields.service !== "") record.set("service", textValue(fields.service));
  if (number <= MAX_PRIORITY) {
    record.set("level", textValue(SEVERITIES[number & 7] as string));
    const facility = FACILITIES[number >> 3] as string;
    // What every program is in that did not choose one.
    if (facility !== "user") fields.tags.set("facility", facility);
  }
  record.set("message", textValue(fields.message));
  if (fields.tags.size > 0) {
    record.set("tags", objectValue(new Map([...fields.tags].map(([key, value]) => [key, textValue(value)]))));
  }
  return record;
}

function readRfc5424(text: string): SyslogFields | null {
  const header = RFC_5424.exec(text);
  if (header === null) return null;
  const [whole, time = "", host = "", service = "", procId = "", msgId = ""] = header;
  const tags = new Map<string, string>();
  setTag(tags, "host", host);
  setTag(tags, "procid", procId);
  setTag(tags, "msgid", msgId);
  const message = readStructuredData(text.slice(whole.length), tags);
  return {
    time: time === NOTHING ? "" : time,
    service: service === NOTHING ? "" : service,
    // RFC 5424 lets a byte order mark say that UTF-8 follows.
    message: message.replace(/^\ufeff/, ""),
    tags,
  };
}

const ELEMENT = /\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.)*")*)\]/sy;
const PARAMETER = / ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"/gs;

/** Reads the elements into `tags` and returns what is behind them. Registered elements keep their name before each parameter. */
function readStructuredData(text: string, tags: Map<string, string>): string {
  if (text === NOTHING || text.startsWith(`${NOTHING} `)) return text.slice(2);
  ELEMENT.lastIndex = 0;
  let end = 0;
  for (let element = ELEMENT.exec(text); element !== null; element = ELEMENT.exec(text)) {
    const [, id = "", parameters = ""] = element;
    for (const [, name = "", value = ""] of parameters.matchAll(PARAMETER)) {
      tags.set(id.includes("@") ? name : `${id}.${name}`, value.replace(/\\([\\"\]])/g, "$1"));
    }
    end = ELEMENT.lastIndex;
  }
  return text.slice(end).replace(/^ /, "");
}

function readRfc3164(text: string, receivedAtMs: number): SyslogFields {
  const tags = new Map<string, string>();
  const { time, rest } = takeOldTime(text, receivedAtMs);
  let body = rest;
  // A host is there only behind a time, and a tag may be all that is there.
  const host = time === "" || TAG.test(body) ? null : HOST.exec(body);
  if (host !== null) {
    setTag(tags, "host", host[1] ?? "");
    body = body.slice(host[0].length);
  }
  const tag = TAG.exec(body);
  if (tag === null) return { time, service: "", message: body, tags };
  setTag(tags, "procid", tag[2] ?? "");
  return { time, service: tag[1] ?? "", message: body.slice(tag[0].length), tags };
}

/** The old time has no year and no zone: UTC, and the year in which it lies nearest before tomorrow. */
function takeOldTime(text: string, receivedAtMs: number): { time: string; rest: string } {
  const iso = ISO_TIME.exec(text);
  if (iso !== null) return { time: iso[1] ?? "", rest: text.slice(iso[0].length) };
  const old = RFC_3164_TIME.exec(text);
  const month = MONTHS.indexOf(old?.[1] ?? "") + 1;
  if (old === null || month === 0) return { time: "", rest: text };
  const [whole, , day = "", year, clock = "", fraction] = old;
  const build = (of: number) =>
    `${of}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}T${clock}${fraction === undefined ? "" : `.${fraction}`}Z`;
  const thisYear = new Date(receivedAtMs).getUTCFullYear();
  const parsed = parseTimestampText(build(thisYear));
  const isAhead = parsed === null || timestampProblem(parsed.ms, receivedAtMs) !== null;
  return {
    time: build(year === undefined ? (isAhead ? thisYear - 1 : thisYear) : Number(year)),
    rest: text.slice(whole.length),
  };
}

function setTag(tags: Map<string, string>, name: string, value: string): void {
  if (value !== "" && value !== NOTHING) tags.set(name, value);
}
