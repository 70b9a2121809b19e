import { useEffect, useState } from "react";
import type { Facet, Facets } from "#app/components/explorer/api-client.ts";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import { useFetched } from "#app/components/explorer/use-fetched.ts";
import { addCondition } from "#app/core/query/edit-query.ts";
import { printLabel } from "#app/core/query/field-label.ts";

/** A pause in typing; asking after each key would only make the server busy. */
const QUIET_MS = 200;
const MAX_VALUES = 200;

export interface SoughtValues {
  slug: string;
  range: Range;
  runId: number;
  query: string;
  label: string;
  /** Empty where nothing has to be asked for. */
  text: string;
}

/** useSoughtValues asks for those values of a field that have a text in any case, however rare they are. */
export function useSoughtValues({ slug, range, runId, query, label, text }: SoughtValues) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const isAsked = text !== "" && settled === text;
  const body = isAsked
    ? {
        from: range.from,
        to: range.to,
        query: addCondition(query, havingText(label, text)),
        fields: [label],
        top: MAX_VALUES,
      }
    : null;
  const { data, isLoading } = useFetched<Facets>("/facets", slug, body, true, runId);
  const facet: Facet | null = isAsked && !isLoading ? (data?.fields[0] ?? null) : null;
  return { facet, isLoading: text !== "" && (!isAsked || isLoading) };
}

/** Parts of values are compared in exact case; a pattern is not. */
function havingText(label: string, text: string): string {
  return `${printLabel(label)}:/${text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}/i`;
}
