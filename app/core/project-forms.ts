import { z } from "zod";
import { sentence } from "#app/core/alert-forms.ts";
import { API_KEY_SCOPES, MAX_RETENTION_DAYS, nameSchema } from "#app/core/project.ts";

/*
 * What the web app's forms send for projects and keys. Forms send text: numbers and choices are read from it here, by the
 * same limits as in the API.
 */

const formNameSchema = z.string("Enter a name.").transform((text, context) => {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  for (const { message } of parsed.error.issues) context.addIssue({ code: "custom", message: sentence(message) });
  return z.NEVER;
});

/** projectFormSchema reads the name and the retention of a project. */
export const projectFormSchema = z.object({
  name: formNameSchema,
  retentionDays: z
    .int("Enter a whole number of days.")
    .min(1, "Keep logs for at least a day.")
    .max(MAX_RETENTION_DAYS, `Keep logs for at most ${MAX_RETENTION_DAYS} days.`),
});

/** lineFormSchema reads how lines that are themselves JSON or logfmt are treated. */
export const lineFormSchema = z.object({
  openLines: z.boolean().default(false),
  keepRawLines: z.boolean().default(false),
});

/** Days until a new key stops working; `never` for none. */
export const KEY_LIFETIMES = ["never", "7", "30", "90", "365"] as const;

/** keyFormSchema reads a key to be made. */
export const keyFormSchema = z.object({
  name: formNameSchema,
  scopes: z
    .array(z.enum(API_KEY_SCOPES))
    .min(1, "Choose at least one.")
    .transform((scopes) => API_KEY_SCOPES.filter((scope) => scopes.includes(scope))),
  lifetimeDays: z.enum(KEY_LIFETIMES).default("never"),
});

/** deleteFormSchema reads the name that is typed to delete a project. */
export function deleteFormSchema(name: string) {
  return z.object({
    confirmation: z
      .string(`Type ${name} to delete the project.`)
      .refine((text) => text === name, `This is not ${name}.`),
  });
}
