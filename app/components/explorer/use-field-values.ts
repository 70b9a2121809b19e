import { useEffect, useRef, useState } from "react";
import { fetchJson, isAbort, type Facet, type Facets } from "#app/components/explorer/api-client.ts";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import { fieldOfLabel } from "#app/core/query/field-label.ts";
import { printQuery } from "#app/core/query/print-query.ts";

/** A pause in typing; asking after each key would only make the server busy. */
const DEBOUNCE_MS = 120;
const MAX_VALUES = 50;

/** useFieldValues reads the values of a field in a range, most frequent first; null while none are known. */
export function useFieldValues(slug: string, range: Range, label: string | null, prefix: string): Facet | null {
  const known = useRef(new Map<string, Facet>());
  const [facet, setFacet] = useState<{ label: string; facet: Facet } | null>(null);
  const { from, to } = range;

  useEffect(() => {
    if (label === null) return;
    const all = `${from} ${to} ${label}`;
    const whole = known.current.get(all);
    // Where not all values came, those that begin so are asked for by themselves.
    const needsPrefix = whole !== undefined && prefix !== "" && whole.distinct > whole.values.length;
    const key = needsPrefix ? `${all} ${prefix}` : all;
    const cached = known.current.get(key);
    if (cached !== undefined) {
      setFacet({ label, facet: cached });
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const query = needsPrefix ? beginningWith(label, prefix) : null;
      const body = { from, to, fields: [label], top: MAX_VALUES, ...(query === null ? {} : { query }) };
      fetchJson<Facets>("/facets", slug, body, abort.signal).then(
        ({ fields: [found] }) => {
          if (found === undefined) return;
          known.current.set(key, found);
          setFacet({ label, facet: found });
        },
        (error: unknown) => {
          // Values are an aid; a field can be written without them.
          if (!isAbort(error)) setFacet(null);
        },
      );
    }, DEBOUNCE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [slug, from, to, label, prefix]);

  return facet !== null && facet.label === label ? facet.facet : null;
}

function beginningWith(label: string, prefix: string): string | null {
  const field = fieldOfLabel(label);
  if (field.name === "level" || field.name === "message") return null;
  return printQuery({ kind: "affix", field, text: prefix, openStart: false, openEnd: true });
}
