/**
 * Levels in the order of severity. `unknown` stands outside the order: it is none of them.
 */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "unknown"] as const;

export type Level = (typeof LEVELS)[number];

/** LEVEL_SYNONYMS maps every spelling that is understood, folded to lower case, to its level. */
export const LEVEL_SYNONYMS: ReadonlyMap<string, Level> = new Map(
  Object.entries({
    trace: "trace verbose v t finest finer silly",
    debug: "debug d dbg fine config",
    info: "info i information informational inf notice n",
    warn: "warn warning w wrn",
    error: "error e err severe",
    fatal: "fatal f critical crit c emerg emergency alert a panic dpanic",
  } satisfies Record<Exclude<Level, "unknown">, string>).flatMap(([level, spellings]) =>
    spellings.split(" ").map((spelling) => [spelling, level as Level] as const),
  ),
);

/** Numbers are pino's 10-60 in steps of ten and syslog's 0-7; every other number is not understood. */
const NUMERIC_LEVELS: ReadonlyMap<string, Level> = new Map<string, Level>([
  ["10", "trace"],
  ["20", "debug"],
  ["30", "info"],
  ["40", "warn"],
  ["50", "error"],
  ["60", "fatal"],
  ["0", "fatal"],
  ["1", "fatal"],
  ["2", "fatal"],
  ["3", "error"],
  ["4", "warn"],
  ["5", "info"],
  ["6", "info"],
  ["7", "debug"],
]);

/** normaliseLevel returns the level of a sender's spelling, `unknown` when there is none or it is not understood. */
export function normaliseLevel(spelling: string): Level {
  const trimmed = spelling.trim();
  return LEVEL_SYNONYMS.get(asciiLower(trimmed)) ?? NUMERIC_LEVELS.get(trimmed) ?? "unknown";
}

/** Level words are ASCII; a table of the alphabet is enough and does not depend on a locale. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}
