import { messageOf, type TrafficProject } from "#tests/support/crash-traffic.ts";

/** Readback compares what a project's writers sent with what queries give back. */
export interface Readback {
  acknowledged: number;
  unknown: number;
  /** Lines without a receipt that were stored all the same, as they may be. */
  unknownStored: number;
  /** At most a few examples each. */
  lost: string[];
  twice: string[];
  foreign: string[];
  /** Objects that hold the lines, `null` among them while some are fresh. */
  keys: Set<string | null>;
  entries: number;
}

interface QueryLine {
  entry?: { service: string; message: string; ref: { id: string; key: string | null } };
  end?: { complete: boolean; cursor: string | null; reason?: string };
}

const PAGE = 10_000;
const MAX_EXAMPLES = 5;
const DAY_MS = 86_400_000;

/** readBack asks for everything of a project (or of one service) page by page; writers may go on meanwhile. */
export async function readBack(url: string, project: TrafficProject, service?: string): Promise<Readback> {
  const requests = [...project.requests.values()].filter(
    (request) => service === undefined || request.service === service,
  );
  const receipts = new Set(requests.filter(({ state }) => state === "acknowledged"));
  const found: Readback = {
    acknowledged: 0,
    unknown: 0,
    unknownStored: 0,
    lost: [],
    twice: [],
    foreign: [],
    keys: new Set(),
    entries: 0,
  };
  const seen = new Map<string, Uint8Array>();
  const ids = new Set<string>();
  for await (const { message, service: itsService, ref } of entries(url, project.apiKey, service)) {
    found.entries++;
    found.keys.add(ref.key);
    if (ids.size === ids.add(ref.id).size) example(found.twice, `the id ${ref.id}`);
    const hash = message.indexOf("#");
    const request = project.requests.get(message.slice(0, hash));
    const i = Number.parseInt(message.slice(hash + 1), 10);
    if (request === undefined || message !== messageOf(request, i) || itsService !== request.service) {
      example(found.foreign, message);
      continue;
    }
    let counts = seen.get(request.prefix);
    if (counts === undefined) seen.set(request.prefix, (counts = new Uint8Array(request.lines)));
    counts[i] = (counts[i] ?? 0) + 1;
    if (counts[i] === 2) example(found.twice, message);
  }
  for (const request of requests) {
    const counts = seen.get(request.prefix);
    const stored = counts?.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) ?? 0;
    if (receipts.has(request)) {
      found.acknowledged += request.lines;
      if (stored < request.lines)
        example(found.lost, `${request.lines - stored} of ${request.lines} lines of ${request.prefix}`);
    } else {
      found.unknown += request.lines;
      found.unknownStored += stored;
    }
  }
  return found;
}

function example(examples: string[], text: string): void {
  if (examples.length < MAX_EXAMPLES) examples.push(text);
}

async function* entries(
  url: string,
  apiKey: string,
  service: string | undefined,
): AsyncGenerator<NonNullable<QueryLine["entry"]>> {
  const nowMs = Date.now();
  const body = {
    from: nowMs - 30 * DAY_MS,
    to: nowMs + DAY_MS,
    order: "asc",
    limit: PAGE,
    ...(service === undefined ? {} : { service: [service] }),
  };
  for (let cursor: string | null = null; ;) {
    const answer = await fetch(`${url}/query`, {
      method: "POST",
      headers: { "x-api-key": apiKey, "content-type": "application/json" },
      body: JSON.stringify({ ...body, ...(cursor === null ? {} : { cursor }) }),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the query was answered ${answer.status}: ${text.slice(0, 500)}`);
    let end: QueryLine["end"];
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const parsed = JSON.parse(line) as QueryLine;
      if (parsed.entry !== undefined) yield parsed.entry;
      end = parsed.end;
    }
    if (end?.complete !== true) throw new Error(`the query is not complete: ${text.slice(-500)}`);
    cursor = end.cursor;
    if (cursor === null) return;
  }
}
