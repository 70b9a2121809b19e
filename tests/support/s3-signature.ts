import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * hasValidSignature checks an AWS Signature Version 4 in the Authorization header, the Host header included.
 * Source: "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API reference.
 */
export function hasValidSignature(request: IncomingMessage, accessKeyId: string, secretAccessKey: string): boolean {
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    request.headers.authorization ?? "",
  );
  if (match === null) return false;
  const [, credential = "", signedHeaders = "", signature = ""] = match;
  const [keyId, date = "", region = "", service = ""] = credential.split("/");
  if (keyId !== accessKeyId || !signedHeaders.split(";").includes("host")) return false;

  const url = new URL(request.url ?? "/", "http://host");
  const canonicalRequest = [
    request.method,
    url.pathname,
    canonicalQuery(url.searchParams),
    ...signedHeaders.split(";").map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders,
    request.headers["x-amz-content-sha256"],
  ].join("\n");
  const toSign = [
    "AWS4-HMAC-SHA256",
    request.headers["x-amz-date"],
    `${date}/${region}/${service}/aws4_request`,
    createHash("sha256").update(canonicalRequest).digest("hex"),
  ].join("\n");
  let key: string | Buffer = `AWS4${secretAccessKey}`;
  for (const part of [date, region, service, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  const expected = createHmac("sha256", key).update(toSign).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
