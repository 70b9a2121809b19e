import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addCondition,
  filtersOf,
  splitConjuncts,
  withExcluded,
  withIncluded,
  withOnly,
  withoutField,
} from "#app/core/query/edit-query.ts";
import { conditionOn } from "#app/core/query/field-label.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { allOf, type Predicate } from "#app/core/query/predicate.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { predicateArbitrary } from "#tests/support/predicates.ts";

describe("conditions of a query", () => {
  it.each([
    ["a  b", ["a", "b"]],
    ["a AND b", ["a", "b"]],
    ["NOT a b", ["NOT a", "b"]],
    ["a OR b", ["a OR b"]],
    ["(a OR b) c", ["(a OR b)", "c"]],
    ["host:(a OR b) -x", ["host:(a OR b)", "-x"]],
    ["NOT (a b) c", ["NOT (a b)", "c"]],
    ["status:[1 TO 2] x", ["status:[1 TO 2]", "x"]],
    ["", []],
  ])("are found in %s", (query, expected) => {
    expect(splitConjuncts(query)?.map(({ text }) => text)).toEqual(expected);
  });

  it("together mean what the whole means", () => {
    fc.assert(
      fc.property(predicateArbitrary, (predicate) => {
        const conjuncts = splitConjuncts(printQuery(predicate));
        expect(conjuncts === null ? null : allOf(conjuncts.map((one) => one.predicate))).toEqual(predicate);
      }),
    );
  });

  it("can be added to whatever the query was", () => {
    fc.assert(
      fc.property(predicateArbitrary, fc.string({ minLength: 1 }), fc.boolean(), (predicate, value, isExcluded) => {
        const condition = conditionOn("host", [value.toWellFormed()], isExcluded);
        const query = addCondition(printQuery(predicate), printQuery(condition));
        expect(parseQuery(query)).toEqual(allOf([predicate, condition] satisfies Predicate[]));
      }),
    );
  });

  it("keep the escaped space that a query ends with", () => {
    expect(addCondition("-failed OR -host:*\\ ", "host:a")).toBe("(-failed OR -host:*\\ ) host:a");
    expect(addCondition("say\\\\ ", "host:a")).toBe("say\\\\ host:a");
  });

  it("are added behind a query that is not understood yet", () => {
    expect(addCondition('say "', "host:a")).toBe('say " host:a');
  });
});

describe("values of a field", () => {
  it.each([
    ["", "host:a"],
    ["timeout", "timeout host:a"],
    ["x OR y", "(x OR y) host:a"],
    ["host:b timeout", "timeout host:a"],
    ["-host:a -host:b", "host:a"],
    ["*", "host:a"],
  ])("only a: %s becomes %s", (query, expected) => {
    expect(withOnly(query, "host", ["a"])).toBe(expected);
  });

  it.each([
    ["", "-host:a"],
    ["host:a", "-host:a"],
    ["host:(a OR b)", "host:b"],
    ["-host:a", "-host:a"],
    ["-host:b", "-host:b -host:a"],
    ["x OR y", "(x OR y) -host:a"],
  ])("without a: %s becomes %s", (query, expected) => {
    expect(withExcluded(query, "host", "a")).toBe(expected);
  });

  it.each([
    ["", "host:a"],
    ["host:b", "host:(b OR a)"],
    ["-host:a x", "x"],
    ["-host:(a OR b)", "-host:b"],
    ["host:a", "host:a"],
  ])("a as well: %s becomes %s", (query, expected) => {
    expect(withIncluded(query, "host", "a")).toBe(expected);
  });

  it("are taken out, and what else is asked stays", () => {
    expect(withoutField("host:a err* -host:b host:c*", "host")).toBe("err* host:c*");
  });

  it("are quoted where they have to be", () => {
    expect(withOnly("", "path", ["/a b"])).toBe('path:"/a b"');
    expect(withOnly("", "tags.level", ["x"])).toBe("tags.level:x");
    expect(withOnly("", "odd key", ['"'])).toBe('tags.odd\\ key:"\\""');
    expect(withOnly("", "service", [""])).toBe('service:""');
  });

  it("are read from the query", () => {
    const filters = filtersOf("level:>=error service:(a OR b) -host:n1 -host:n2 text");
    expect(filters.get("level")).toEqual({ only: ["error", "fatal"], excluded: [] });
    expect(filters.get("service")).toEqual({ only: ["a", "b"], excluded: [] });
    expect(filters.get("host")).toEqual({ only: null, excluded: ["n1", "n2"] });
    expect(filtersOf("service:a OR x").size).toBe(0);
  });
});
