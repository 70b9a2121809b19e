/** Figures read the same on the server and in every browser, whatever its language. */
const LOCALE = "en-US";

const WHOLE = new Intl.NumberFormat(LOCALE);
const COMPACT = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const ONE_DIGIT = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** formatCount writes every digit: 1,234,567. */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/** formatLines writes 1 line, 1,200 lines. */
export function formatLines(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "line" : "lines"}`;
}

/** formatCompact is short: 1.2M. */
export function formatCompact(count: number): string {
  return COMPACT.format(count);
}

/** formatBytes writes 1.5 MiB for 1572864. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < BYTE_UNITS.length - 1; unit++) value /= 1024;
  return `${ONE_DIGIT.format(value)} ${BYTE_UNITS[unit]}`;
}

/** formatRatio writes how many times smaller: 10.8×. */
export function formatRatio(whole: number, part: number): string {
  return part === 0 ? "–" : `${ONE_DIGIT.format(whole / part)}×`;
}

/** formatShare writes a share of 1 in percent: 2.5 %. */
export function formatShare(share: number): string {
  return `${ONE_DIGIT.format(share * 100)} %`;
}

/** formatDuration writes 850 ms, 12 s, 3.5 min, 2 h. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${ONE_DIGIT.format(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${ONE_DIGIT.format(ms / 60_000)} min`;
  return `${ONE_DIGIT.format(ms / 3_600_000)} h`;
}
