import { z } from "zod";
import { emailSchema, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, newPasswordSchema } from "#app/core/account.ts";
import { isWellFormedApiKey } from "#app/server/catalog/api-key-secret.ts";

/** The longest that a timer of Node's waits; it takes a longer one for none at all, and fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

const MIN_SECRET_LENGTH = 32;

const MAKE_SECRET = "make one with: openssl rand -hex 32";

const HEADER_TEXT = /^[!-~]+$/;
const HEADER_PROBLEM = `must be printable ASCII without blanks, since it comes in a header; ${MAKE_SECRET}`;

const ENCODED = ", with special characters of user and password percent-encoded";

/** wholeNumber is a variable of nothing but digits; `1e3`, `0x10` and blanks are mistakes of whoever wrote them. */
export function wholeNumber(fallback: number, least: number, most = Number.MAX_SAFE_INTEGER) {
  return digits(least, most).default(fallback);
}

export function bytes(fallback: number, least = 1) {
  return wholeNumber(fallback, least);
}

/** milliseconds is what a timer waits. */
export function milliseconds(fallback: number, least = 1) {
  return wholeNumber(fallback, least, LONGEST_TIMER_MS);
}

/** age is what times are compared with; no timer waits for it. */
export function age(fallback: number, least = 0) {
  return wholeNumber(fallback, least);
}

export function port() {
  return digits(0, 65_535);
}

function digits(least: number, most: number) {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return z.string().transform((text, context) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    context.addIssue({ code: "custom", message: `must be a whole number ${range}, not ${JSON.stringify(text)}` });
    return z.NEVER;
  });
}

/** share is a part of one, such as 0.1. */
export function share(fallback: number) {
  return z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "must be a number from 0 to 1, such as 0.1")
    .transform(Number)
    .default(fallback);
}

export function oneOf<const Names extends readonly string[]>(names: Names, fallback: Names[number]) {
  return z.enum(names, `must be one of ${names.join(", ")}`).default(fallback);
}

/** text is anything but blanks, and has none around it. */
export function text() {
  return z.string().regex(/^\S(.*\S)?$/, "must not be blank, nor begin or end with a blank");
}

/** apiKey is one that could have been given out: syslog has no answer that would tell a sender of a mistyped one. */
export function apiKey() {
  return z.string().refine(isWellFormedApiKey, "must be a whole API key of the project, which begins with akl_");
}

/** email and password are what the first account's form would take. */
export function email() {
  return as(emailSchema, "must be an e-mail address, such as ada@example.org");
}

export function password() {
  return as(newPasswordSchema, `must have ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`);
}

/** Forms speak to whom fills them in. */
function as(schema: z.ZodType<string>, problem: string) {
  return z.string().transform((given, context) => {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    context.addIssue({ code: "custom", message: problem });
    return z.NEVER;
  });
}

/** httpUrl is where something else answers; its text may hold a password and is not repeated. */
export function httpUrl(example: string) {
  return z.url({ protocol: /^https?$/, error: `must be an address such as ${example}` });
}

/** publicUrl is what pages are reached by: they lead to each other from the root. */
export function publicUrl() {
  return httpUrl("https://logs.example.org").refine(
    isOrigin,
    "must be a scheme, a host and at most a port, such as https://logs.example.org: the pages do not live below a path",
  );
}

function isOrigin(address: string): boolean {
  return URL.canParse(address) && new URL(address).href === `${new URL(address).origin}/`;
}

/** databaseUrl is what postgres.js reads: it may name several hosts, or none where PGHOST does. */
export function databaseUrl() {
  return z.string().refine((address) => /^postgres(ql)?:\/\//.test(address) && isDecodable(firstHostOf(address)), {
    error: `must be an address such as postgres://user:password@host:5432/name${ENCODED}`,
  });
}

function firstHostOf(address: string): string {
  return address.replace(/,[^/?]*/, "");
}

export function smtpUrl() {
  return z.string().refine(isSmtpUrl, {
    error: `must be an address such as smtp://user:password@host:587 or smtps://user:password@host${ENCODED}`,
  });
}

function isSmtpUrl(address: string): boolean {
  return /^smtps?:\/\//.test(address) && isDecodable(address) && new URL(address).hostname !== "";
}

/** A `%` in a password that was not encoded is found where the address is used, without its name. */
function isDecodable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password, pathname } = new URL(address);
  try {
    decodeURIComponent(username + password + pathname);
    return true;
  } catch {
    return false;
  }
}

/** secret must be of the operator's own making: one that stands in an example is known to everyone. */
export function secret() {
  return atLeast(MIN_SECRET_LENGTH)
    .refine((value) => !/change.?me|example|secret|password|your/i.test(value), `is an example; ${MAKE_SECRET}`)
    .refine((value) => new Set(value).size >= 8, `repeats a few characters; ${MAKE_SECRET}`);
}

/** secretToken is a secret that comes in a header. */
export function secretToken() {
  return secret().regex(HEADER_TEXT, HEADER_PROBLEM);
}

export function shortToken(minLength: number) {
  return atLeast(minLength).regex(HEADER_TEXT, HEADER_PROBLEM);
}

function atLeast(minLength: number) {
  return z.string().min(minLength, `must have at least ${minLength} characters; ${MAKE_SECRET}`);
}
