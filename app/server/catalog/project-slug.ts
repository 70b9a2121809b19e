const MAX_SLUG_LENGTH = 48;
const FALLBACK = "project";

/** slugOf turns a name into lower-case ASCII words joined by `-`; `project` when nothing of it is ASCII. */
export function slugOf(name: string): string {
  const words = name
    // Splits é into e and its accent, which then goes.
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/^-+|-+$/g, "");
  return words === "" ? FALLBACK : words;
}

/** nextFreeSlug returns the wanted slug or its first free successor: shop, shop-2, shop-3. */
export function nextFreeSlug(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) {
    if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
  }
}
