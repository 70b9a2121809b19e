import type { Level } from "#app/core/level.ts";

/** Every level has a word, a weight and a shape besides its colour, so that none depends on seeing colours. */
interface LevelLook {
  short: string;
  text: string;
  /** For shapes of a drawing. */
  fill: string;
  /** The small sign: a box of that colour, cut to a shape. One element, since there is one in every row. */
  sign: string;
}

export const LEVEL_LOOKS: Readonly<Record<Level, LevelLook>> = {
  fatal: {
    short: "FATAL",
    text: "font-bold text-level-fatal",
    fill: "fill-level-fatal",
    sign: "bg-level-fatal",
  },
  error: {
    short: "ERROR",
    text: "font-semibold text-level-error",
    fill: "fill-level-error",
    sign: "bg-level-error [clip-path:polygon(50%_0,100%_50%,50%_100%,0_50%)]",
  },
  warn: {
    short: "WARN",
    text: "font-medium text-level-warn",
    fill: "fill-level-warn",
    sign: "bg-level-warn [clip-path:polygon(50%_6%,100%_94%,0_94%)]",
  },
  info: {
    short: "INFO",
    text: "text-level-info",
    fill: "fill-level-info",
    sign: "rounded-full bg-level-info",
  },
  debug: {
    short: "DEBUG",
    text: "text-level-debug",
    fill: "fill-level-debug",
    sign: "bg-level-debug [clip-path:inset(31%_0)]",
  },
  trace: {
    short: "TRACE",
    text: "text-level-trace",
    fill: "fill-level-trace",
    sign: "bg-level-trace [clip-path:polygon(0_38%,38%_38%,38%_62%,0_62%,0_38%,62%_38%,100%_38%,100%_62%,62%_62%,62%_38%)]",
  },
  unknown: {
    short: "\u2013",
    text: "text-level-unknown",
    fill: "fill-level-unknown",
    sign: "bg-level-unknown [clip-path:inset(31%)]",
  },
};

/** lookOf accepts any text, since a line's level is data. */
export function lookOf(level: string): LevelLook {
  return (LEVEL_LOOKS as Readonly<Record<string, LevelLook>>)[level] ?? LEVEL_LOOKS.unknown;
}

/** LevelShape is the small sign of a level. */
export function LevelShape({ level, className = "size-2" }: { level: string; className?: string }) {
  return <span aria-hidden="true" className={`shrink-0 ${lookOf(level).sign} ${className}`} />;
}
