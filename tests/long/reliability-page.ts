import type { LongRun } from "#tests/long/long-runs.ts";

/** RunRow is one run as RELIABILITY.md lists it. */
export interface RunRow {
  name: string;
  date: string;
  amount: number;
  seed: string;
  seconds: number;
  result: "passed" | "FAILED";
}

const TOTALS = "<!-- totals -->";
const RUNS = "<!-- runs -->";
const END = "<!-- end -->";

/** withRun returns the page with one more run, and the totals of all that passed. */
export function withRun(page: string, row: RunRow, kinds: readonly LongRun[]): string {
  const rows = [...readRows(page), row];
  const before = page.slice(0, page.indexOf(TOTALS));
  const after = page.slice(page.indexOf(END) + END.length);
  return `${before}${TOTALS}\n\n${totalsTable(rows, kinds)}\n\n${RUNS}\n\n${runsTable(rows)}\n\n${END}${after}`;
}

function readRows(page: string): RunRow[] {
  const listed = page.slice(page.indexOf(RUNS), page.indexOf(END));
  return listed
    .split("\n")
    .filter((line) => /^\| \d{4}-/.test(line))
    .map((line) => {
      const [date = "", name = "", amount = "", seed = "", seconds = "", result = ""] = cellsOf(line);
      return {
        date,
        name,
        amount: numberOf(amount),
        seed,
        seconds: numberOf(seconds),
        result: result as RunRow["result"],
      };
    });
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function numberOf(text: string): number {
  return Number(text.replaceAll(",", ""));
}

function totalsTable(rows: readonly RunRow[], kinds: readonly LongRun[]): string {
  const lines = kinds.map(({ name, what, count }) => {
    const done = rows.filter((row) => row.name === name && row.result === "passed");
    const sum = done.reduce((total, { amount }) => total + amount, 0);
    return [`\`${name}\``, what, sum.toLocaleString("en-US"), count.wanted.toLocaleString("en-US")];
  });
  return table(["name", "what", "passed so far", "wanted"], lines);
}

function runsTable(rows: readonly RunRow[]): string {
  const lines = rows.map(({ date, name, amount, seed, seconds, result }) => {
    return [date, name, amount.toLocaleString("en-US"), seed, String(seconds), result];
  });
  return table(["date", "name", "count", "seed", "seconds", "result"], lines);
}

/** As the formatter would write it. */
function table(head: string[], lines: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...lines.map((line) => (line[column] ?? "").length)),
  );
  const row = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [row(head), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)].join("\n");
}
