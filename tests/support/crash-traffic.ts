import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** SentRequest is what a project's writer sent under one prefix; line i carries the text `messageOf(request, i)`. */
export interface SentRequest {
  prefix: string;
  service: string;
  lines: number;
  isKeyed: boolean;
  /** `unknown`: the connection ended, or the answer was no receipt; a keyed request is sent again until it has one. */
  state: "sending" | "unknown" | "acknowledged";
}

export interface TrafficProject {
  id: string;
  slug: string;
  apiKey: string;
  requests: Map<string, SentRequest>;
}

export interface TrafficOptions {
  url: string;
  project: TrafficProject;
  random: () => number;
  /** Called on every receipt, before anything else happens. */
  onAcknowledged: () => void;
  /** Waits as long as a refusal says before anything else is sent, and takes another right after that for a surprise. */
  heedsRetryAfter?: boolean;
}

interface Answer {
  status: number;
  accepted: number | null;
  text: string;
  retryAfterS: number | null;
}

/** What a request may be answered while the server starts, stops, or has lost its database. */
const PASSING_STATUS = new Set([409, 429, 503]);
const DAY_MS = 86_400_000;
const REMEMBERED_KEYS = 2;
/** Shorter than any Retry-After, long enough to leave the processor to a server that starts. */
const RETRY_MS = 250;

/** CrashTraffic is one writer: it sends requests of all sizes one after another until it is stopped. */
export class CrashTraffic {
  readonly #options: TrafficOptions;
  readonly #name: string;
  readonly #keyed: { request: SentRequest; body: Buffer; headers: Record<string, string>; accepted: number }[] = [];
  #sent = 0;
  #service = "round-0";
  #isStopping = false;
  #running: Promise<void> | null = null;
  /** Answers that the contract does not allow here. */
  readonly surprises: string[] = [];
  /** Answers 429 and 503. */
  refusals = 0;
  #hasJustWaited = false;

  constructor(name: string, options: TrafficOptions) {
    this.#name = name;
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the last request has its answer, or cannot get one and needs none. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  /** From here on lines carry this service, so that those of one round can be asked for. */
  enterRound(round: number): void {
    this.#service = `round-${round}`;
  }

  /** Sends the last keyed requests once more, which must not store anything; returns how many were answered as before. */
  async repeatKeys(): Promise<number> {
    let repeated = 0;
    for (const { request, body, headers, accepted } of [...this.#keyed]) {
      const answer = await this.#send(body, headers, "");
      if (answer === null || PASSING_STATUS.has(answer.status)) continue;
      if (answer.accepted === accepted) repeated++;
      else this.surprises.push(`${request.prefix}: ${JSON.stringify(answer)} to a key of ${accepted}`);
    }
    return repeated;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#sendRequest();
      await sleep(this.#options.random() * 12);
    }
  }

  async #sendRequest(): Promise<void> {
    const { random, project } = this.#options;
    const request: SentRequest = {
      prefix: `${project.slug}/${this.#name}/${this.#sent++}`,
      service: this.#service,
      lines: linesOf(random()),
      isKeyed: random() < 0.3,
      state: "sending",
    };
    project.requests.set(request.prefix, request);
    const plain = Buffer.from(linesText(request, random));
    const isZipped = random() < 0.3;
    const body = isZipped ? gzipSync(plain) : plain;
    const headers: Record<string, string> = isZipped ? { "content-encoding": "gzip" } : {};
    if (request.isKeyed) headers["idempotency-key"] = request.prefix;
    const query = random() < 0.1 ? "?wait=commit" : "";
    for (;;) {
      const answer = await this.#send(body, headers, query);
      if (answer?.accepted === request.lines) {
        this.#hasJustWaited = false;
        request.state = "acknowledged";
        if (request.isKeyed) this.#keyed.unshift({ request, body, headers, accepted: answer.accepted });
        this.#keyed.length = Math.min(this.#keyed.length, REMEMBERED_KEYS);
        return;
      }
      request.state = "unknown";
      if (answer !== null && !PASSING_STATUS.has(answer.status))
        this.surprises.push(`${request.prefix}: ${JSON.stringify(answer)}`);
      await this.#waitAfter(request, answer);
      if (!request.isKeyed) return;
    }
  }

  async #waitAfter(request: SentRequest, answer: Answer | null): Promise<void> {
    const { heedsRetryAfter = false, random } = this.#options;
    const isRefused = answer !== null && PASSING_STATUS.has(answer.status);
    if (isRefused) this.refusals++;
    if (!heedsRetryAfter || !isRefused) return await sleep(RETRY_MS + random() * RETRY_MS);
    const told = `${request.prefix}: ${JSON.stringify(answer)}`;
    if (answer.retryAfterS === null) this.surprises.push(`${told} does not say when to come again`);
    if (answer.status === 503 && this.#hasJustWaited) this.surprises.push(`${told} after waiting as long as was said`);
    this.#hasJustWaited = answer.status === 503;
    await sleep((answer.retryAfterS ?? 1) * 1_000);
  }

  /** Null when the connection ended before the whole answer was there. */
  async #send(body: Buffer, headers: Record<string, string>, query: string): Promise<Answer | null> {
    const { url, project, onAcknowledged } = this.#options;
    try {
      const response = await fetch(`${url}/ingest${query}`, {
        method: "POST",
        headers: { ...headers, "x-api-key": project.apiKey },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await response.text();
      const { status } = response;
      const retryAfter = response.headers.get("retry-after");
      const retryAfterS = retryAfter === null ? null : Number(retryAfter);
      if (status !== 200 && status !== 202) return { status, accepted: null, text, retryAfterS };
      const { accepted } = JSON.parse(text) as { accepted: number };
      onAcknowledged();
      return { status, accepted, text, retryAfterS };
    } catch {
      return null;
    }
  }
}

export function messageOf({ prefix, lines }: Pick<SentRequest, "prefix" | "lines">, i: number): string {
  return `${prefix}#${i} ${'Grüße, "x" '.repeat((i * 7 + lines) % 23)}`;
}

/** Mostly a few lines, often dozens, sometimes more than a batch holds. */
function linesOf(random: number): number {
  if (random < 0.55) return 1 + Math.floor(random * 10);
  return random < 0.93 ? Math.floor(10 + random * 90) : 500;
}

/** Some lines are of yesterday or of last week, and so go to batches of their own. */
function linesText(request: SentRequest, random: () => number): string {
  const nowMs = Date.now();
  const lines: string[] = [];
  for (let i = 0; i < request.lines; i++) {
    const age = random();
    const timestamp = new Date(nowMs - (age < 0.9 ? 0 : age < 0.95 ? DAY_MS : 7 * DAY_MS)).toISOString();
    lines.push(
      JSON.stringify({
        timestamp,
        service: request.service,
        level: "info",
        message: messageOf(request, i),
        tags: { i },
      }),
    );
  }
  return lines.join("\n");
}
