import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { sha256Hex } from "#tests/integration/o3/object-store-cases.ts";
import { startS3Server } from "#tests/support/s3-server.ts";
import { SERVER_ENV } from "../../scripts/server-env.mjs";

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  volumes?: string[];
}

const root = path.resolve(import.meta.dirname, "../..");
const readRoot = (name: string) => readFileSync(path.join(root, name), "utf8");

describe("docker-compose.yml", () => {
  const text = readRoot("docker-compose.yml");
  const compose = parse(text, { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };
  const services = Object.entries(compose.services);

  it("waits only for services it has, and for health only where there is a check", () => {
    expect(Object.keys(compose.services).sort()).toEqual(["app", "bucket", "objects", "postgres"]);
    for (const [name, service] of services) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = compose.services[other];
        expect({ name, other, exists: target !== undefined }).toMatchObject({ exists: true });
        const isChecked = (target?.healthcheck?.test ?? []).length > 1;
        expect(["service_healthy", "service_completed_successfully"]).toContain(condition);
        if (condition === "service_healthy") expect({ other, isChecked }).toMatchObject({ isChecked: true });
      }
    }
  });

  it("keeps all data in named volumes that it declares, and pins every foreign image", () => {
    const used = services.flatMap(([, { volumes }]) => (volumes ?? []).map((volume) => volume.split(":")[0]));
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.volumes)));
    for (const [, { image, build }] of services) if (build === undefined) expect(image).toMatch(/:v?\d/);
  });

  it("contains no secret and no default for one", () => {
    for (const [name, { environment }] of services) {
      for (const [variable, value] of Object.entries(environment ?? {})) {
        if (!/SECRET|PASSWORD|ACCESS_KEY/.test(variable)) continue;
        expect({ name, variable, value }).toMatchObject({ value: expect.stringMatching(/^\$\{[A-Z0-9_]+:\?[^}]+\}$/) });
      }
    }
    for (const [reference] of text.matchAll(/\$\{[A-Z0-9_]*(SECRET|PASSWORD|ACCESS_KEY)[^}]*\}/g)) {
      expect(reference).toContain(":?");
    }
  });

  it("creates the bucket with its one-shot service, and leaves it alone the second time", async () => {
    const server = await startS3Server();
    const { bucket: _, ...access } = server;
    // Compose turns `$$` into `$`.
    const [command, ...args] = (compose.services["bucket"]?.command ?? []).map((part) => part.replaceAll("$$", "$"));
    const env = {
      PATH: path.dirname(process.execPath),
      O3_ENDPOINT: access.endpoint,
      O3_BUCKET: "made-by-compose",
      O3_REGION: access.region,
      O3_ACCESS_KEY_ID: access.accessKeyId,
      O3_SECRET_ACCESS_KEY: access.secretAccessKey,
    };
    const store = openS3ObjectStore({ ...access, bucket: "made-by-compose" });
    const bytes = Buffer.from("1");
    const put = () => store.put("object", bytes, { sha256: sha256Hex(bytes) });
    await expect(put()).rejects.toMatchObject({ retryable: false });
    for (let run = 0; run < 2; run++) {
      const { stdout, stderr } = await promisify(execFile)(command!, args, { cwd: root, env });
      expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
      await put();
    }
    expect(String(await store.get("object"))).toBe("1");
    await store.close();
    await server.close();
  });
});

describe("Dockerfile", () => {
  const KNOWN =
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN SHELL STOPSIGNAL USER VOLUME WORKDIR";
  const instructions = readRoot("Dockerfile")
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ name: line.split(" ", 1)[0]!, rest: line.slice(line.indexOf(" ") + 1) }));
  const all = (name: string) => instructions.filter((one) => one.name === name).map(({ rest }) => rest);
  const ignored = readRoot(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  it("has only instructions that Docker knows", () => {
    for (const { name } of instructions) expect(KNOWN.split(" ")).toContain(name);
    expect(instructions[0]?.name).toBe("FROM");
  });

  it("copies from stages it has, and from the repository what is there and not ignored", () => {
    const stages = all("FROM").map((from) => / AS (\w+)$/.exec(from)?.[1]);
    const built = ["build", "node_modules"];
    for (const copy of all("COPY")) {
      const parts = copy.split(/ +/);
      const stage = parts[0]!.startsWith("--from=") ? parts.shift()!.slice("--from=".length) : null;
      if (stage !== null) expect(stages).toContain(stage);
      for (const source of parts.slice(0, -1)) {
        const inRepository = stage === null ? source : path.relative("/app", source);
        if (stage !== null && built.includes(inRepository)) continue;
        expect({ source, exists: existsSync(path.join(root, inRepository)) }).toMatchObject({ exists: true });
        expect(ignored).not.toContain(inRepository);
      }
    }
  });

  it("ends as another user than root, with the durable folder of that user as a volume", () => {
    expect(all("USER").at(-1)).toBe("node");
    expect(all("VOLUME")).toEqual(["/data"]);
    expect(all("RUN").join("\n")).toContain("chown node:node /data");
  });

  it("starts node itself, as npm start and the systemd unit do", () => {
    // A shell or npm in between would not pass SIGTERM on, and nothing would be flushed at the end.
    expect(JSON.parse(all("CMD").at(-1)!)).toEqual(["node", "build/server/index.js"]);
    const environment = Object.entries(SERVER_ENV).map(([name, value]) => `${name}=${value}`);
    expect(all("ENV").join(" ").split(" ")).toEqual(
      expect.arrayContaining([...environment, "HOST=0.0.0.0", "DATA_DIR=/data"]),
    );
    const { scripts } = JSON.parse(readRoot("package.json")) as { scripts: { start: string } };
    expect(scripts.start).toContain(`env ${environment.join(" ")} node build/server/index.js`);
    expect(readRoot("docs/operations/akavelog.service")).toContain(`Environment=${environment.join(" ")}\n`);
    const check = all("HEALTHCHECK").at(-1)!;
    const command = JSON.parse(check.slice(check.indexOf("["))) as string[];
    expect(command.slice(0, 2)).toEqual(["node", "-e"]);
    expect(() => new Script(command[2]!)).not.toThrow();
    expect(command[2]).toContain("/healthz");
  });
});

describe(".dockerignore", () => {
  it("keeps secrets, data and the host's own builds out of the image", () => {
    const ignored = readRoot(".dockerignore").split("\n");
    for (const name of [".env", ".git", "data", "node_modules", "build"]) expect(ignored).toContain(name);
  });
});
