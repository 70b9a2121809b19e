import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import pino from "pino";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { inspectDatabase, UnusableDatabaseError } from "#app/server/catalog/inspect-database.ts";
import { openDatabase } from "#app/server/catalog/open-database.ts";
import { withDatabaseName } from "#tests/support/postgres-names.ts";

const run = randomBytes(6).toString("hex");
const [good, latin, readOnly, closed] = ["good", "latin", "read_only", "closed"].map((name) => `${name}_${run}`) as [
  string,
  string,
  string,
  string,
];
const stranger = `stranger_${run}`;
const serverUrl = inject("postgresUrl");
const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
const never = new AbortController().signal;

beforeAll(async () => {
  await admin.unsafe(`create database ${good}`);
  await admin.unsafe(`create database ${latin} encoding 'LATIN1' template template0 locale 'C'`);
  await admin.unsafe(`create database ${readOnly}`);
  await admin.unsafe(`alter database ${readOnly} set default_transaction_read_only = on`);
  await admin.unsafe(`create database ${closed}`);
  await admin.unsafe(`revoke all on database ${closed} from public`);
  await admin.unsafe(`create role ${stranger} login password 'of-a-stranger'`);
});
afterAll(async () => {
  for (const name of [good, latin, readOnly, closed]) await admin.unsafe(`drop database ${name} with (force)`);
  await admin.unsafe(`drop role ${stranger}`);
  await admin.end();
});

/** The server's own address with another user. */
function as(user: string, password: string, name: string): string {
  const url = new URL(withDatabaseName(serverUrl, name));
  url.username = user;
  url.password = password;
  return url.href;
}

test("a database that will do is taken", async () => {
  await expect(inspectDatabase(withDatabaseName(serverUrl, good), never)).resolves.toBeUndefined();
});

test.each([
  [
    "another encoding",
    () => withDatabaseName(serverUrl, latin),
    "its encoding is LATIN1; make one with: create database",
  ],
  [
    "a read-only one",
    () => withDatabaseName(serverUrl, readOnly),
    "it is read-only; DATABASE_URL must lead to the primary",
  ],
  ["none of that name", () => withDatabaseName(serverUrl, "nowhere"), "does not exist; create it, or name another"],
  ["a wrong password", () => as(stranger, "wrong", good), "check user and password in DATABASE_URL"],
  [
    "a user who may not connect",
    () => as(stranger, "of-a-stranger", closed),
    "make the user in DATABASE_URL the owner",
  ],
])("%s is refused with its remedy", async (_, url, remedy) => {
  const refusal = inspectDatabase(url(), never);
  await expect(refusal).rejects.toBeInstanceOf(UnusableDatabaseError);
  await expect(refusal).rejects.toThrow(remedy);
});

test("a user who may make no tables is refused, not waited for", async () => {
  const opening = openDatabase(
    {
      url: as(stranger, "of-a-stranger", good),
      isOwn: false,
      migrationsFolder: path.join(import.meta.dirname, "../../../drizzle"),
      logger: pino({ level: "silent" }),
    },
    never,
  );
  await expect(opening).rejects.toThrow(/permission denied .*; make the user in DATABASE_URL the owner/);
});

test("what takes connections and is no PostgreSQL is given up on, and so is waiting when the process stops", async () => {
  const other = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
  });
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const url = `postgres://u:p@127.0.0.1:${(other.address() as AddressInfo).port}/x`;
  await expect(inspectDatabase(url, never, 300)).rejects.toMatchObject({
    kind: "unavailable",
    message: "cannot inspect the database: 0.3 s went by without an answer that PostgreSQL would give",
  });
  const stopping = new AbortController();
  const waiting = openDatabase(
    { url, isOwn: false, migrationsFolder: "nowhere", logger: pino({ level: "silent" }) },
    stopping.signal,
  );
  stopping.abort(new Error("the server stops"));
  await expect(waiting).rejects.toThrow("the server stops");
  other.close();
});
