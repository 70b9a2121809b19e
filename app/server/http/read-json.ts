import type { z } from "zod";
import { problem } from "#app/server/http/problem.ts";
import { fieldAndReason, refusal } from "#app/server/http/query-parameters.ts";
import { wordIssue } from "#app/server/http/word-issue.ts";

/** Bodies of the API's own calls are small; logs take another way. */
const MAX_JSON_BYTES = 256 * 1024;

/**
 * readJson reads a JSON body against its schema; throws the 400 or 413 Response that names what is wrong, `unfit` when it is
 * JSON and does not fit. An empty body is `{}`.
 */
export async function readJson<S extends z.ZodType>(
  request: Request,
  schema: S,
  { unfit = 400 }: { unfit?: 400 | 422 } = {},
): Promise<z.output<S>> {
  const text = await readBodyText(request);
  let body: unknown;
  try {
    body = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    throw problem({ status: 400, title: "Bad Request", detail: `The body is not JSON: ${(error as Error).message}` });
  }
  const parsed = schema.safeParse(body, { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues.map(fieldAndReason), unfit);
}

/** readBodyText reads a small body; throws the 413 Response for a large one, the 415 Response for a compressed one. */
export async function readBodyText(request: Request): Promise<string> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity")
    throw problem({ status: 415, title: "Unsupported Media Type", detail: "Send this body without Content-Encoding." });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (request.body === null) return "";
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_JSON_BYTES) {
      throw problem({
        status: 413,
        title: "Content Too Large",
        detail: `The body is larger than ${MAX_JSON_BYTES} bytes.`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
