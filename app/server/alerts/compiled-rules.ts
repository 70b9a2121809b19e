import { reasonOf } from "#app/core/errors.ts";
import { compileMinuteFilter, isCountedByMinute, type MinuteFilter } from "#app/server/alerts/count-windows.ts";
import type { DueRule } from "#app/server/alerts/evaluation-catalog.ts";
import { predicateOf } from "#app/server/alerts/log-link.ts";

export interface CompiledRule {
  revision: number;
  filter: MinuteFilter;
  isByMinute: boolean;
}

/** Far more than are due again and again. */
const MAX_RULES = 20_000;

/** CompiledRules keeps what queries were compiled to from one tick to the next. */
export class CompiledRules {
  readonly #rules = new Map<string, CompiledRule>();

  /** Throws InvalidQueryError for a query that no longer is one, because the language has changed. */
  of({ id, revision, query, groupBy }: DueRule): CompiledRule {
    const known = this.#rules.get(id);
    if (known?.revision === revision) return known;
    if (this.#rules.size > MAX_RULES) this.#rules.clear();
    const filter = compileMinuteFilter({ predicate: predicateOf(query), groupBy });
    const compiled = { revision, filter, isByMinute: isCountedByMinute(filter) };
    this.#rules.set(id, compiled);
    return compiled;
  }

  /** sort divides rules by how they are counted, and says why some cannot be. */
  sort(due: readonly DueRule[]): SortedRules {
    const sorted: SortedRules = { byMinute: [], bySearch: [], failed: [] };
    for (const rule of due) {
      try {
        sorted[this.of(rule).isByMinute ? "byMinute" : "bySearch"].push(rule);
      } catch (error) {
        sorted.failed.push({ rule, reason: `has a query that is not understood: ${reasonOf(error)}` });
      }
    }
    return sorted;
  }
}

export interface SortedRules {
  byMinute: DueRule[];
  bySearch: DueRule[];
  failed: { rule: DueRule; reason: string }[];
}
