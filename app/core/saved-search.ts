import { z } from "zod";
import { isPlainName } from "#app/core/project.ts";

/** SavedSearch is a state of the explorer that a project keeps under a name. `search` is its address's parameters. */
export interface SavedSearch {
  id: string;
  name: string;
  search: string;
  /** E-mail address of who saved it last; null when that person is gone. */
  savedBy: string | null;
  /** RFC 3339. */
  savedAt: string;
}

export const MAX_SAVED_SEARCHES = 200;

/** saveSearchSchema reads the form that saves a search; a name that is there already is overwritten. */
export const saveSearchSchema = z.object({
  name: z
    .string("Enter a name.")
    .trim()
    .min(1, "Enter a name.")
    .max(80, "A name has at most 80 characters.")
    .refine(isPlainName, "A name is plain text."),
  search: z
    .string()
    .max(24_000, "This search is too long to be kept.")
    .refine((search) => !search.includes("\0"), "A search is plain text."),
});
