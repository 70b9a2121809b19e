/** `npm run demo`: the server with a demo project and realistic logs flowing in. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWhenStale } from "./build.mjs";
import { demoEntries } from "./demo-logs.mjs";
import { SERVER_ENV } from "./server-env.mjs";

const HISTORY_MS = 60 * 60_000;
const VISITS_PER_S = 5;
/** As many as come later, so that the hour before looks like the one after. */
const HISTORY_VISITS = (HISTORY_MS / 1_000) * VISITS_PER_S;
/** Entries in one request. */
const REQUEST_ENTRIES = 2_000;

const dataDirectory = process.env.DATA_DIR ?? "data";
const host = process.env.HOST ?? "127.0.0.1";
const url = `http://${host.includes(":") ? `[${host}]` : host}:${process.env.PORT ?? 3000}`;
const keyFile = path.join(dataDirectory, "demo-key");
const passwordFile = path.join(dataDirectory, "demo-password");
const EMAIL = "demo@example.org";

await buildWhenStale();
// Else the other server would get this one's secrets and logs.
if (await fetch(`${url}/healthz`).catch(() => null)) {
  console.error(`cannot start: something answers at ${url} already; stop it or set another PORT`);
  process.exit(1);
}
const password = demoPassword();
const server = spawn(process.execPath, ["build/server/index.js"], {
  stdio: "inherit",
  env: {
    AKAVELOG_ADMIN_EMAIL: EMAIL,
    AKAVELOG_ADMIN_PASSWORD: password,
    ...process.env,
    ...SERVER_ENV,
  },
});
let isStopping = false;
server.once("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"]) {
  // Twice, where it comes to a whole group of processes and npm hands it on as well.
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    server.kill("SIGTERM");
  });
}

await untilReady();
const key = await demoKey();
await sendHistory();
console.log(`
The demo shop writes about ${VISITS_PER_S * 2} lines a second into the project "demo". Look at what fails there:

  curl -s "${url}/query" -H "X-API-Key: $(cat ${keyFile})" -d '{"level":["error"],"limit":5}'

The web app is at ${url}/p/demo/logs
${(await canSignIn()) ? `Sign in as ${EMAIL} with the password ${password}` : "Sign in with your account."}
`);
while (!isStopping) {
  await sleep(1_000);
  const nowMs = Date.now();
  const visits = Array.from({ length: VISITS_PER_S }, () => nowMs - Math.random() * 1_000);
  // A refusal is told and the next second tries again: these lines are no loss to anyone.
  await send(visits.flatMap(demoEntries)).catch((error) => isStopping || console.error(error.message));
}

async function untilReady() {
  for (;;) {
    const isReady = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(200);
  }
}

/** Kept beside the other secrets of this machine, since the account is made at the first start only. */
function demoPassword() {
  mkdirSync(dataDirectory, { recursive: true });
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, `${randomBytes(9).toString("base64url")}\n`, { mode: 0o600 });
  }
  return readFileSync(passwordFile, "utf8").trim();
}

/** Where the data folder was used before, its first account is another. */
async function canSignIn() {
  const answer = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: new URL(process.env.PUBLIC_URL || url).origin },
    body: new URLSearchParams({ email: EMAIL, password }),
  });
  return answer.status === 302;
}

/** The project is made once; its key is kept beside the other secrets of this machine. */
async function demoKey() {
  if (existsSync(keyFile)) {
    const known = readFileSync(keyFile, "utf8").trim();
    const answer = await fetch(`${url}/projects/current`, { headers: { "x-api-key": known } });
    if (answer.ok) return known;
  }
  const adminToken =
    process.env.AKAVELOG_ADMIN_TOKEN ?? readFileSync(path.join(dataDirectory, "admin-token"), "utf8").trim();
  const answer = await fetch(`${url}/projects`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "demo" }),
  });
  if (!answer.ok) throw new Error(`cannot create the demo project: ${answer.status} ${await answer.text()}`);
  const { apiKey } = await answer.json();
  writeFileSync(keyFile, `${apiKey.key}\n`, { mode: 0o600 });
  return apiKey.key;
}

async function sendHistory() {
  const nowMs = Date.now();
  const entries = Array.from(
    { length: HISTORY_VISITS },
    (_, index) => nowMs - HISTORY_MS + (index / HISTORY_VISITS) * HISTORY_MS,
  )
    .flatMap(demoEntries)
    // What a visit leaves behind may lie a few seconds after it.
    .filter((entry) => Date.parse(entry.timestamp) <= nowMs);
  for (let at = 0; at < entries.length; at += REQUEST_ENTRIES) await send(entries.slice(at, at + REQUEST_ENTRIES));
}

async function send(entries) {
  const answer = await fetch(`${url}/ingest`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/x-ndjson" },
    body: entries.map((entry) => JSON.stringify(entry)).join("\n"),
  });
  if (!answer.ok) throw new Error(`cannot send demo logs: ${answer.status} ${await answer.text()}`);
}
