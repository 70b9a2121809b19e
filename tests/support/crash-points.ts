/** The points between two steps of a line's way at which the server can be made to kill itself. */
export const CRASH_POINTS = [
  "in write",
  "after write",
  "after fsync",
  "before spool rename",
  "after seal",
  "after PUT",
  "before commit",
  "after commit",
  "before WAL release",
  "after WAL release",
  "before ledger trim",
  "in replay",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Those on an alert's way, from a window that was counted to a notification that is settled. */
export const ALERT_CRASH_POINTS = [
  "after evaluation",
  "after evaluation commit",
  "before send",
  "after send",
  "after delivery",
] as const;

/** Kills from outside: on reading an answer, and whenever it comes. */
export const OUTER_KILLS = ["after ack", "random"] as const;

/**
 * How often a point is passed between two restarts bounds which passing can be asked for. Files of the running WAL rotate
 * at 64 MiB only, so WAL release is passed while an earlier process's WAL is drained.
 */
const MAX_HIT: Record<CrashPoint, number> = {
  "in write": 40,
  "after write": 40,
  "after fsync": 40,
  "before spool rename": 12,
  "after seal": 12,
  "after PUT": 12,
  "before commit": 12,
  "after commit": 12,
  "before WAL release": 1,
  "after WAL release": 1,
  "before ledger trim": 1,
  "in replay": 1,
};

/** PlannedKill is one way to die: where, and whether PostgreSQL goes too, a moment before or after. */
export interface PlannedKill {
  at: CrashPoint | (typeof OUTER_KILLS)[number];
  /** The passing of the point, the answer, or the milliseconds after the start. */
  hit: number;
  database: "stays" | "dies after" | "dies before";
  /** Passings count from the start of the process on, so that it dies while it recovers; else once it is ready. */
  isInRecovery: boolean;
}

/** These are passed only while an earlier process's WAL is drained. */
const ONLY_IN_RECOVERY: readonly string[] = [
  "before WAL release",
  "after WAL release",
  "before ledger trim",
  "in replay",
];

/** planKills deals every kind before any comes again, in an order and with numbers that `random` gives. */
export function planKills(count: number, random: () => number): PlannedKill[] {
  const kills: PlannedKill[] = [];
  while (kills.length < count) {
    for (const at of shuffled([...CRASH_POINTS, ...OUTER_KILLS], random)) {
      const most = at === "random" ? 1_500 : at === "after ack" ? 60 : MAX_HIT[at];
      const isDatabaseKilled = random() < 0.5;
      // A server that dies at a point of its own cannot wait for its database to die first.
      const order = at === "random" && random() < 0.5 ? "dies before" : "dies after";
      const isInRecovery = ONLY_IN_RECOVERY.includes(at) || random() < 0.3;
      const hit = 1 + Math.floor(random() * (isInRecovery && at !== "random" ? Math.min(most, 4) : most));
      kills.push({ at, hit, database: isDatabaseKilled ? order : "stays", isInRecovery });
    }
  }
  return kills.slice(0, count);
}

function shuffled<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}
