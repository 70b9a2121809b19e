import { z } from "zod";

/** What stands in answers where a target has a secret; sent back, it means the one that is stored. */
export const MASK = "********";

const MAX_URL_LENGTH = 2_048;
const MAX_SECRET_LENGTH = 512;
const MIN_SECRET_LENGTH = 8;
const MAX_RECIPIENTS = 20;

const webUrl = z
  .string()
  .max(MAX_URL_LENGTH, `must have at most ${MAX_URL_LENGTH} characters`)
  .superRefine((text, context) => {
    const problem = URL.canParse(text) ? problemOf(new URL(text)) : "must be an http or https address";
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });

function problemOf(url: URL): string | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "must be an http or https address";
  // They would stand in the address for everyone who may read the rule.
  if (url.username !== "" || url.password !== "") return "must not contain a user name or password";
  return null;
}

/** Given back by answers; it says which stored target a masked secret belongs to. */
const id = z.string().max(64).optional();

const secret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters`)
  .max(MAX_SECRET_LENGTH, `must have at most ${MAX_SECRET_LENGTH} characters`);

const recipients = z
  .array(z.email("must be e-mail addresses").max(320, "must be e-mail addresses of at most 320 characters"))
  .min(1, "must name at least one address")
  .max(MAX_RECIPIENTS, `must name at most ${MAX_RECIPIENTS} addresses`);

/** alertTargetSchema reads one of a rule's `notify`. */
export const alertTargetSchema = z.discriminatedUnion("type", [
  z.strictObject({
    id,
    type: z.literal("webhook"),
    url: webUrl,
    secret: secret.nullable().optional(),
  }),
  z.strictObject({ id, type: z.literal("slack"), url: webUrl }),
  z.strictObject({ id, type: z.literal("email"), to: recipients }),
]);

export type AlertTarget = z.output<typeof alertTargetSchema>;
