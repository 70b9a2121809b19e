import type { QueryField } from "#app/core/query/field-name.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { countSearch, fail, type Reader } from "#app/core/query/reader.ts";
import { checkRegex, MAX_REGEX_INSTRUCTIONS } from "#app/core/query/regex.ts";
import { expectEnd } from "#app/core/query/texts.ts";

/** readRegex reads `/pattern/` or `/pattern/i`, the cursor being on the first slash. `\/` is a slash in the pattern. */
export function readRegex(reader: Reader, field: QueryField): Predicate {
  const { text, at: start } = reader;
  if (field.name === "level") fail(start, "Expected a level instead of a regex, as in level:error or level:>=warn.");
  let pattern = "";
  let at = start + 1;
  for (; text[at] !== "/"; at++) {
    if (at >= text.length)
      fail(
        start,
        `Expected a closing '/' for the regex that begins at ${start}; put quotes around a value such as "/path".`,
      );
    if (text[at] !== "\\") pattern += text[at];
    else if (text[++at] === "/") pattern += "/";
    else pattern += `\\${text[at] ?? ""}`;
  }
  reader.at = ++at;
  const checked = checkRegex(pattern);
  if ("reason" in checked) {
    // A pattern with `\/` in it is shorter than what was written; the place of what is wrong is then about right.
    const slashes = pattern.slice(0, checked.offset).split("/").length - 1;
    fail(start + 1 + checked.offset + slashes, `Expected a regular expression as RE2 has them: ${checked.reason}.`);
  }
  if (pattern === "")
    fail(start, 'Expected a pattern between the slashes; put quotes around a value such as "//host".');
  const ignoreCase = text[at] === "i";
  if (ignoreCase) reader.at++;
  if (/[A-Za-z0-9]/.test(text[reader.at] ?? ""))
    fail(
      reader.at,
      "Expected a space after the regex, whose only flag is 'i'; write \\/ for a slash, or quotes around a value such as \"/path\".",
    );
  expectEnd(reader);
  countSearch(reader, start);
  reader.regexInstructions += checked.instructions;
  if (reader.regexInstructions > MAX_REGEX_INSTRUCTIONS)
    fail(
      start,
      `Expected smaller regular expressions: a query's patterns may compile to ${MAX_REGEX_INSTRUCTIONS} instructions, ` +
        `up to here they are ${reader.regexInstructions}; mind that x{100} is a hundred x.`,
    );
  return { kind: "regex", field, pattern, ignoreCase };
}
