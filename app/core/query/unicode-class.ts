import { UNICODE_CLASSES } from "#app/core/query/unicode-table.ts";

export type UnicodeClass = keyof typeof UNICODE_CLASSES;

/** unicodeRanges are the runs of code points of a class, first and last inclusive, in ascending order. */
export function unicodeRanges(name: UnicodeClass): [first: number, last: number][] {
  let end = 0;
  return UNICODE_CLASSES[name].split(" ").map((run) => {
    const [gap = "", length = ""] = run.split(".");
    const first = end + parseInt(gap, 36);
    end = first + parseInt(length, 36);
    return [first, end - 1];
  });
}

export function isUnicodeClass(name: string): name is UnicodeClass {
  return Object.hasOwn(UNICODE_CLASSES, name);
}
