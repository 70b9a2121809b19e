import { expect, test } from "vitest";
import { AkavelogError } from "#app/core/errors.ts";
import { bulkProtocol } from "#app/server/protocols/elasticsearch/bulk-protocol.ts";
import { datadogProtocol } from "#app/server/protocols/datadog/datadog-protocol.ts";
import { gelfProtocol } from "#app/server/protocols/gelf/gelf-protocol.ts";
import { JournalReader } from "#app/server/protocols/journald/journal-reader.ts";
import { journalRecord } from "#app/server/protocols/journald/journal-record.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { lokiProtocol } from "#app/server/protocols/loki/loki-protocol.ts";
import { otlpProtocol } from "#app/server/protocols/otlp/otlp-protocol.ts";
import type { DecodeContext, Protocol } from "#app/server/protocols/protocol.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";
import { seqProtocol } from "#app/server/protocols/seq/seq-protocol.ts";
import { hecEventProtocol, hecRawProtocol } from "#app/server/protocols/splunk/hec-protocol.ts";
import { addMessage } from "#app/server/protocols/syslog/add-message.ts";
import { SyslogFramer } from "#app/server/protocols/syslog/syslog-framer.ts";
import { turnNowAndThen } from "#tests/support/turn-now-and-then.ts";
import { mutateBody } from "#tests/support/mutate-body.ts";
import { startCpuWatch } from "#tests/support/cpu-watch.ts";

/** 20,000 of each in CI; more with FUZZ_INPUTS. */
const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 20_000);
const TIMEOUT_MS = 60_000 + INPUTS * 10;
/** The first input's number; a run with another sees other inputs. */
const FROM = Number(process.env["FUZZ_FROM"] ?? 0);
/** What grows faster than its input takes far longer than the garbage collector. */
const MAX_MS = 100;
const NOW_MS = Date.UTC(2026, 0, 2);
const NS = `${NOW_MS}000000`;

type Decode = (body: Buffer) => DecodedRecords | Promise<DecodedRecords>;

function contextOf(contentType: string, address = "/"): DecodeContext {
  return {
    request: {
      method: "POST",
      url: new URL(`http://localhost${address}`),
      header: (name) => (name === "content-type" ? contentType : undefined),
      params: {},
    },
    receivedAtMs: NOW_MS,
    lines: { open: true, keepRaw: true },
  };
}

function by<T extends DecodedRecords>(protocol: Protocol<T>, contentType: string, address?: string): Decode {
  const context = contextOf(contentType, address);
  return (body) => protocol.decode(body, context);
}

function decodeJournal(body: Buffer): DecodedRecords {
  const sink = new RecordSink({ ...contextOf(""), bodyBytes: body.length });
  const reader = new JournalReader((entry) => sink.add(journalRecord(entry)));
  for (let at = 0; at < body.length; at += 17) reader.feed(body.subarray(at, at + 17));
  reader.end();
  return sink.finish();
}

function decodeSyslog(body: Buffer): DecodedRecords {
  const sink = new RecordSink({ ...contextOf(""), bodyBytes: body.length });
  const framer = new SyslogFramer();
  const frames: Buffer[] = [];
  for (let at = 0; at < body.length; at += 23) frames.push(...(framer.feed(body.subarray(at, at + 23)) ?? []));
  for (const frame of [...frames, ...framer.end()]) addMessage(sink, frame, NOW_MS);
  return sink.finish();
}

/** A field of bytes or text. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

const join = (...parts: (Buffer | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)));
const time = Buffer.alloc(8);
time.writeBigUInt64LE(BigInt(NS));
const text = (value: string) => field(1, value);
const pair = (name: string, value: Buffer) => join(field(1, name), field(2, value));
const otlpSeed = (message: string) =>
  field(
    1,
    join(
      field(1, field(1, pair("service.name", text("shop")))),
      field(
        2,
        join(
          field(1, field(1, "scope")),
          field(
            2,
            join(
              [0x09],
              time,
              [0x10, 17],
              field(3, "ERROR"),
              field(5, text(message)),
              field(6, pair("a", text("é😀"))),
              field(6, pair("n", join([0x18, 0xac, 0x02]))),
              field(6, pair("list", field(5, join(field(1, text("x")), field(1, join([0x10, 1])))))),
              field(6, pair("map", field(6, field(1, pair("k", join([0x21], time)))))),
              field(9, Buffer.alloc(16, 7)),
              field(10, Buffer.alloc(8, 9)),
            ),
          ),
        ),
      ),
    ),
  );
const lokiSeed = (line: string) =>
  field(
    1,
    join(
      field(1, '{app="shop", level="warn", q="a\\"b"}'),
      field(
        2,
        join(
          field(1, join([0x08, 0x80, 0x9a, 0xdc, 0xca, 0x06, 0x10, 0x05])),
          field(2, line),
          field(3, join(field(1, "k"), field(2, "v"))),
        ),
      ),
    ),
  );
const value = { stringValue: "m" };
const binaryLength = Buffer.alloc(8);
binaryLength.writeUInt32LE(5);

/** Each decoder with sound bodies that mutations start from. */
const DECODERS: [name: string, decode: Decode, seeds: (string | Buffer)[]][] = [
  [
    "OTLP protobuf",
    by(otlpProtocol, "application/x-protobuf"),
    [otlpSeed("hello"), otlpSeed('{"msg":"inner","level":"warn","a":{"b":1}}'), otlpSeed("level=info msg=x")],
  ],
  [
    "OTLP JSON",
    by(otlpProtocol, "application/json"),
    [
      JSON.stringify({
        resourceLogs: [
          {
            scopeLogs: [
              {
                logRecords: [
                  {
                    timeUnixNano: NS,
                    severityNumber: 9,
                    body: value,
                    traceId: "0af7651916cd43dd8448eb211c80319c",
                    attributes: [
                      { key: "a", value: { intValue: "7" } },
                      {
                        key: "l",
                        value: { arrayValue: { values: [value, { kvlistValue: { values: [{ key: "k", value }] } }] } },
                      },
                    ],
                  },
                ],
              },
            ],
            resource: { attributes: [{ key: "service.name", value }] },
          },
        ],
      }),
    ],
  ],
  [
    "Loki protobuf",
    by(lokiProtocol, ""),
    [lokiSeed("hello"), lokiSeed('{"level":40,"msg":"inner"}'), lokiSeed('lvl=warn msg="q\\"" a=b')],
  ],
  [
    "Loki JSON",
    by(lokiProtocol, "application/json"),
    [
      JSON.stringify({
        streams: [
          {
            stream: { app: "a" },
            values: [
              [NS, "line", { k: "v" }],
              [NS, '{"msg":"i"}'],
            ],
          },
        ],
      }),
      JSON.stringify({ streams: [{ labels: '{a="b"}', entries: [{ ts: "2026-01-01T00:00:00Z", line: "l" }] }] }),
    ],
  ],
  [
    "_bulk",
    by(bulkProtocol, ""),
    ['{"index":{"_index":"i"}}\n{"message":"m","a":{"b":1}}\n{"delete":{"_id":"1"}}\n{"update":{}}\n{"doc":{"a":1}}\n'],
  ],
  [
    "HEC events",
    by(hecEventProtocol, ""),
    ['{"time":1767312000.5,"event":"e","fields":{"a":"b"}}{"event":{"message":"m","x":[1]},"host":"h"}'],
  ],
  [
    "HEC lines",
    by(hecRawProtocol, "", "/?host=h&time=1767312000"),
    ['line one\r\n{"msg":"two"}\nlevel=warn msg=three\n'],
  ],
  [
    "Datadog",
    by(datadogProtocol, ""),
    ['[{"message":"m","ddtags":"a:b,c","status":"warn","hostname":"h"},{"message":"{\\"a\\":1}"}]'],
  ],
  [
    "GELF",
    by(gelfProtocol, ""),
    ['{"version":"1.1","host":"h","short_message":"m","level":3,"timestamp":1767312000.25,"_a":1,"_":2}'],
  ],
  [
    "CLEF",
    by(seqProtocol, "", "/ingest/clef"),
    ['{"@t":"2026-01-01T00:00:00Z","@mt":"a {B} {{c}} {@D:x}","B":1,"D":{"e":2},"@@x":"y"}\n{"@m":"m","@l":"Error"}'],
  ],
  [
    "Seq events",
    by(seqProtocol, "application/json"),
    [
      '{"Events":[{"Timestamp":"2026-01-01T00:00:00Z","Level":"Error","MessageTemplate":"a {X}","Properties":{"X":1}}]}',
    ],
  ],
  [
    "the journal",
    decodeJournal,
    [
      join(
        Buffer.from(`__REALTIME_TIMESTAMP=${NOW_MS}000\nPRIORITY=3\nMESSAGE\n`),
        binaryLength,
        Buffer.from("a\nb\nc\nA=1\nA=2\n\nMESSAGE=x\n\n"),
      ),
    ],
  ],
  [
    "syslog",
    decodeSyslog,
    [
      '<13>1 2026-01-01T00:00:00Z h app 7 id [a@1 k="v\\]"][b x="y"] \ufeffmsg\n<34>Oct 11 22:14:15 mymachine su[7]: failed\n',
      "17 <13>1 - - - - - -\n<1>",
    ],
  ],
];

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  "\n",
  "\0",
  "=",
  " ",
  "null",
  "1e999",
  "\ufeff",
  "[".repeat(60),
  '{"a":'.repeat(40),
  "\x0a\xff\xff\xff\xff\x0f",
  "\x80".repeat(11),
  "\x0b\x0c",
  "@",
  ":",
  ",",
];

test.each(DECODERS)(
  `%s: ${INPUTS} mutated bodies never crash or hang, and what is taken adds up`,
  { timeout: TIMEOUT_MS },
  async (name, decode, seeds) => {
    let accepted = 0;
    let refused = 0;
    for (let number = 0; number < INPUTS; number++) {
      await turnNowAndThen(number);
      const body = mutateBody(FROM + number, { seeds, mostSeeds: 3, separators: [""], pieces: PIECES });
      const watch = startCpuWatch();
      try {
        const { block, rejected, errors } = await decode(body);
        accepted += block.count;
        refused += rejected;
        const lines = block.bytes.toString("utf8").split("\n").slice(0, -1);
        const isSound =
          lines.length === block.count &&
          errors.length === Math.min(rejected, 100) &&
          block.bytes.length < 64 * 1024 + body.length * 64 &&
          (block.count === 0 || block.ends[block.count - 1] === block.bytes.length);
        if (!isSound) throw new Error("what was taken does not add up");
        for (const line of lines) JSON.parse(line);
      } catch (error) {
        if (!(error instanceof AkavelogError)) {
          throw new Error(`body ${number}: ${JSON.stringify(body.toString("latin1"))}`, { cause: error });
        }
        refused++;
      }
      const usedMs = watch();
      if (usedMs > MAX_MS && number > 10)
        throw new Error(`body ${number} took ${usedMs} ms: ${body.toString("base64")}`);
    }
    // Mutations that break everything, or nothing, would prove little.
    expect(accepted).toBeGreaterThan(INPUTS / 20);
    if (name !== "syslog" && name !== "HEC lines") expect(refused).toBeGreaterThan(INPUTS / 20);
  },
);
