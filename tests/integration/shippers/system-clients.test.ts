import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { shipperSnippets } from "#app/core/shipper-snippets.ts";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { freePort } from "#tests/support/server.ts";

const run = promisify(execFile);

/** Where Debian has them; rsyslog and syslog-ng exclude each other, so `.ci/run` unpacks rsyslog below /opt. */
const CLIENTS = {
  curl: { paths: ["/usr/bin/curl"], install: "apt-get install -y curl" },
  logger: { paths: ["/usr/bin/logger"], install: "apt-get install -y bsdutils" },
  "syslog-ng": { paths: ["/usr/sbin/syslog-ng"], install: "apt-get install -y syslog-ng-core syslog-ng-mod-http" },
  rsyslogd: {
    paths: ["/opt/rsyslog/usr/sbin/rsyslogd", "/usr/sbin/rsyslogd"],
    install: "apt-get install -y rsyslog rsyslog-elasticsearch",
  },
  "systemd-journal-upload": {
    paths: ["/lib/systemd/systemd-journal-upload"],
    install: "apt-get install -y systemd-journal-remote",
  },
} as const;

type ClientName = keyof typeof CLIENTS;

function find(name: ClientName): string | null {
  return CLIENTS[name].paths.find((candidate) => existsSync(candidate)) ?? null;
}

/** A client that is not there is skipped at home and a failure in CI, which installs them all. */
function withClient(name: ClientName, title: string, body: (program: string) => Promise<void>): void {
  const program = find(name);
  if (program !== null) test(title, () => body(program));
  else if (process.env["CI"] === "true") {
    test(title, () => {
      throw new Error(`${name} is missing: ${CLIENTS[name].install}`);
    });
  } else test.skip(`${title} (${name} is missing: ${CLIENTS[name].install})`, () => undefined);
}

let server: ApiServer;
let url: string;
let syslog: TestProject;
let directory: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-clients-"));
  server = await startApiServer();
  syslog = await server.api.createProject("syslog");
  await server.restart({
    env: {
      SYSLOG_TCP_PORT: String(await freePort()),
      SYSLOG_TCP_KEY: syslog.key,
      SYSLOG_UDP_PORT: String(await freePort()),
      SYSLOG_UDP_KEY: syslog.key,
    },
  });
  ({ url } = server.process());
});

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once("exit", resolve));
  }
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function found(project: TestProject, keyword: string, count: number): Promise<FoundEntry[]> {
  const all = async () => (await server.api.queryAll(project.key, { keyword, order: "asc" })).entries;
  await until(`${count} entries with ${keyword}`, async () => (await all()).length >= count, 40_000);
  const entries = await all();
  expect(entries).toHaveLength(count);
  return entries;
}

async function configFile(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, text);
  return file;
}

function start(program: string, args: string[]): void {
  running.push(spawn(program, args, { stdio: "ignore" }));
}

/** logTo sends one line to a syslog daemon, as programs of the system do. */
async function logTo(port: number, message: string): Promise<void> {
  const daemon = ["--server", "127.0.0.1", "--port", String(port), "--tcp", "--rfc3164"];
  await run(find("logger") ?? "logger", [...daemon, "--tag", "shop", "--priority", "user.err", message]);
}

/** The configuration that the docs and the web app show. */
function snippet(id: string, { key }: TestProject): string {
  return shipperSnippets({ origin: url, key }).find((one) => one.id === id)?.code ?? "";
}

describe("curl, as the docs have it", () => {
  for (const id of ["curl", "splunk", "gelf", "seq"]) {
    withClient("curl", id, async () => {
      const project = await server.api.createProject(id);
      await run("sh", ["-c", snippet(id, project)]);
      const [entry] = await found(project, "hello", 1);
      expect(entry).toMatchObject({ service: "web", level: "info" });
    });
  }
});

describe("logger", () => {
  const variants: [title: string, args: string[], transport: "TCP" | "UDP"][] = [
    ["RFC 5424 over TCP, lines", ["--tcp", "--rfc5424"], "TCP"],
    ["RFC 5424 over TCP, counted", ["--tcp", "--rfc5424", "--octet-count"], "TCP"],
    ["RFC 3164 over TCP", ["--tcp", "--rfc3164"], "TCP"],
    ["RFC 5424 over UDP", ["--udp", "--rfc5424"], "UDP"],
    ["RFC 3164 over UDP", ["--udp", "--rfc3164"], "UDP"],
  ];
  for (const [title, args, transport] of variants) {
    withClient("logger", title, async (program) => {
      const keyword = `message ${title}`;
      const port = server.env(`SYSLOG_${transport}_PORT`) ?? "";
      const common = ["--server", "127.0.0.1", "--port", port, "--tag", "shop", "--priority", "local0.err"];
      await run(program, [...common, ...args, keyword]);
      const [entry] = await found(syslog, keyword, 1);
      expect(entry).toMatchObject({ service: "shop", level: "error", levelOriginal: "err", message: keyword });
      expect(entry?.tags).toMatchObject({ facility: "local0", host: expect.any(String) as string });
      expect(Math.abs(Date.parse(entry?.timestamp ?? "") - Date.now())).toBeLessThan(60_000);
    });
  }

  withClient("logger", "structured data becomes tags", async (program) => {
    const to = ["--server", "127.0.0.1", "--port", server.env("SYSLOG_TCP_PORT") ?? "", "--tcp", "--rfc5424"];
    const data = ["--sd-id", "shop@32473", "--sd-param", 'orderId="7"', "--sd-param", 'trace_id="ab"'];
    await run(program, [...to, ...data, "--tag", "shop", '{"msg":"with data","level":"warn"}']);
    const [entry] = await found(syslog, "with data", 1);
    expect(entry).toMatchObject({ message: "with data", tags: { orderId: "7", trace_id: "ab", level: "warn" } });
  });
});

describe("syslog-ng's http()", () => {
  withClient("syslog-ng", "to /ingest, _bulk and Loki's push", async (program) => {
    const project = await server.api.createProject("syslog-ng");
    const port = await freePort();
    const template = `$(format-json --scope rfc5424 --exclude DATE --key ISODATE)`;
    const loki = `{\\"streams\\":[{\\"stream\\":{\\"host\\":\\"$HOST\\",\\"app\\":\\"$PROGRAM\\",\\"level\\":\\"$LEVEL\\"},\\"values\\":[[\\"$\{S_UNIXTIME}000000000\\",\\"$MSG\\"]]}]}`;
    const file = await configFile(
      "syslog-ng.conf",
      `@version: 3.38
source s { network(ip(127.0.0.1) port(${port}) transport(tcp)); };
${snippet("syslog-ng", project)}
destination d_bulk { http(url("${url}/_bulk") method("POST") user("u") password("${project.key}") headers("Content-Type: application/x-ndjson")
  body("{\\"index\\":{\\"_index\\":\\"sn\\"}}\\n${template}\\n")); };
destination d_loki { http(url("${url}/loki/api/v1/push") method("POST") headers("X-API-Key: ${project.key}", "Content-Type: application/json")
  body("${loki}")); };
log { source(s); destination(d_akavelog); destination(d_bulk); destination(d_loki); };
`,
    );
    start(program, [
      "-F",
      "-f",
      file,
      "-R",
      path.join(directory, "ng.persist"),
      "-p",
      path.join(directory, "ng.pid"),
      "-c",
      path.join(directory, "ng.ctl"),
    ]);
    await untilOpen(port);
    await logTo(port, "sng hello");
    for (const entry of await found(project, "sng hello", 3)) {
      expect(entry).toMatchObject({ service: "shop", level: "error", message: "sng hello" });
    }
  });
});

describe("rsyslog's omelasticsearch", () => {
  withClient("rsyslogd", "to _bulk", async (program) => {
    const project = await server.api.createProject("rsyslog");
    const port = await freePort();
    const modules = program.startsWith("/opt/rsyslog") ? "/opt/rsyslog/usr/lib/x86_64-linux-gnu/rsyslog" : "";
    const file = await configFile(
      "rsyslog.conf",
      `module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
${snippet("rsyslog", project)}
`,
    );
    const paths = modules === "" ? [] : ["-M", modules];
    start(program, ["-n", "-f", file, "-i", path.join(directory, "rsyslog.pid"), ...paths]);
    await untilOpen(port);
    await logTo(port, "rsyslog hello");
    const [entry] = await found(project, "rsyslog hello", 1);
    expect(entry).toMatchObject({
      service: "shop",
      level: "error",
      message: "rsyslog hello",
      tags: { host: expect.any(String) as string },
    });
  });
});

describe("systemd-journal-upload", () => {
  withClient("systemd-journal-upload", "streams an export to the address that holds the key", async (program) => {
    const project = await server.api.createProject("journald");
    const count = 5_000;
    const entries = Array.from({ length: count }, (_, i) =>
      [
        `__CURSOR=s=1;i=${i}`,
        `__REALTIME_TIMESTAMP=${Date.now() * 1000 + i}`,
        `MESSAGE=journal hello ${i}`,
        "PRIORITY=4",
        "_SYSTEMD_UNIT=shop.service",
        "_HOSTNAME=h1",
        "ORDER_ID=7\n",
      ].join("\n"),
    );
    const file = await configFile("journal.export", `${entries.join("\n")}\n`);
    await run(program, ["--url", `${url}/ingest/journald/${project.key}`, file]);
    for (const entry of await found(project, "journal hello", count)) {
      expect(entry).toMatchObject({ service: "shop.service", level: "warn", tags: { host: "h1", order_id: "7" } });
    }
  });

  withClient("systemd-journal-upload", "fails when the key is wrong", async (program) => {
    const file = await configFile("wrong.export", "__CURSOR=1\n__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=m\n\n");
    await expect(run(program, ["--url", `${url}/ingest/journald/wrong`, file])).rejects.toThrow(/401/);
  });
});

async function untilOpen(port: number): Promise<void> {
  const { connect } = await import("node:net");
  await until(
    `port ${port} is open`,
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => {
          socket.destroy();
          resolve(true);
        });
        socket.on("error", () => resolve(false));
      }),
  );
}
