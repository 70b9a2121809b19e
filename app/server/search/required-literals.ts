/** Shorter ones are nearly everywhere. */
const LEAST_LENGTH = 3;

/** Looking for more of them costs as much as matching. */
const MAX_ALTERNATIVES = 4;

/**
 * requiredLiterals are texts of which every match of a regex contains at least one, or null when none are easily seen: of
 * each alternative the longest that stands before its first group or class. What contains one is found far more quickly
 * than what matches.
 */
export function requiredLiterals(pattern: string): string[] | null {
  if (pattern.includes("(?")) return null;
  const alternatives = alternativesOf(pattern);
  if (alternatives === null || alternatives.length > MAX_ALTERNATIVES) return null;
  const literals = alternatives.map(requiredLiteral).filter((literal) => literal !== null);
  return literals.length === alternatives.length ? literals : null;
}

/** Null when a `|` may stand in a group or a class: telling these apart is for a parser. */
function alternativesOf(pattern: string): string[] | null {
  if (!pattern.includes("|")) return [pattern];
  // Escapes and plain classes can hold nothing that counts, so they are painted over in the same length.
  const painted = pattern
    .replace(/\\./gsu, (escape) => "e".repeat(escape.length))
    .replace(/\[\^?[\w .,-]+\]/g, (plainClass) => "e".repeat(plainClass.length));
  if (/[[(]/.test(painted) || pattern.includes("\\Q")) return null;
  const alternatives: string[] = [];
  let start = 0;
  for (let at = painted.indexOf("|"); at !== -1; at = painted.indexOf("|", start)) {
    alternatives.push(pattern.slice(start, at));
    start = at + 1;
  }
  return [...alternatives, pattern.slice(start)];
}

/** Of a pattern without alternatives, but in groups. */
function requiredLiteral(pattern: string): string | null {
  let best = "";
  let run = "";
  function endRun(): void {
    if (run.length > best.length) best = run;
    run = "";
  }
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === "\\") {
      const escaped = pattern[++at] ?? "";
      if (/^[!-/:-@[-`{-~]$/.test(escaped)) run += escaped;
      else if ("dDwWsSbBAz".includes(escaped)) endRun();
      else break;
    } else if ("*?".includes(character)) {
      // What stands before may be missing.
      run = run.slice(0, -1);
      endRun();
    } else if ("+.^$".includes(character)) endRun();
    else if ("[({".includes(character)) {
      // A number of repetitions may be none of what stands before.
      if (character === "{") run = run.slice(0, -1);
      break;
    } else if (/^[ -~]$/.test(character)) run += character;
    else endRun();
  }
  endRun();
  return best.length >= LEAST_LENGTH ? best : null;
}
