/**
 * acceptedNames reads the names of `Accept` or `Accept-Encoding`, in lower case, with the client's preference for each: from
 * 1, the most, to 0, which refuses it. A preference that is not understood counts as 1. Of a name given twice the last holds.
 */
export function acceptedNames(header: string | null): Map<string, number> {
  const preferences = new Map<string, number>();
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    if (name !== "")
      preferences.set(name, quality !== undefined && /^[01](\.\d*)?$/.test(quality) ? Number(quality) : 1);
  }
  return preferences;
}
