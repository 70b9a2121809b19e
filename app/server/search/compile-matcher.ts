import { LEVELS } from "#app/core/level.ts";
import type { Field, Predicate, TextField } from "#app/core/query/predicate.ts";
import { emptySlices, levelIndexAt, type LineSlices } from "#app/server/ingest/canonical-line.ts";
import {
  canonicalText,
  createLine,
  decodeText,
  hasTag,
  isText,
  messageOf,
  resetLine,
  type Line,
} from "#app/server/search/line.ts";
import { compileText } from "#app/server/search/match-text.ts";
import { requiredLiterals } from "#app/server/search/required-literals.ts";
import { compileValueTest, MAX_COMPARED_VALUES } from "#app/server/search/match-value.ts";

/** Matcher decides about the canonical line in `bytes` whose parts `slices` names. It keeps state: one at a time. */
export type Matcher = (bytes: Buffer, slices: LineSlices) => boolean;

const NO_BYTES = Buffer.alloc(0);

type LineTest = (line: Line) => boolean;

/** compileMatcher makes the TypeScript back end of a predicate; it compares bytes as far as it can and decodes only then. */
export function compileMatcher(predicate: Predicate): Matcher {
  const slots = new Map<string, number>();
  const matches = compile(predicate, slots);
  const line = createLine([...slots.keys()], emptySlices());
  return (bytes, slices) => {
    resetLine(line, bytes, slices);
    const isMatch = matches(line);
    // A reader who stalls keeps the matcher, and must not keep the block that it looked at last.
    line.bytes = NO_BYTES;
    return isMatch;
  };
}

/** compile gives each tag key that it meets a slot of the line. */
function compile(predicate: Predicate, slots: Map<string, number>): LineTest {
  switch (predicate.kind) {
    case "all": {
      const tests = byCost(predicate.of).map((one) => compile(one, slots));
      if (tests.length === 1) return tests[0] as LineTest;
      return (line) => tests.every((matches) => matches(line));
    }
    case "any": {
      const tests = byCost(predicate.of).map((one) => compile(one, slots));
      return (line) => tests.some((matches) => matches(line));
    }
    case "not": {
      const matches = compile(predicate.of, slots);
      return (line) => !matches(line);
    }
    case "level": {
      const wanted = LEVELS.map((level) => predicate.values.includes(level));
      return ({ bytes, slices }) => wanted[levelIndexAt(bytes, slices.levelStart, slices.levelEnd)] === true;
    }
    case "equals":
      return compileEquals(predicate.field, predicate.values, slots);
    case "present": {
      const slot = slotOf(predicate.key, slots);
      return (line) => hasTag(line, slot);
    }
    case "text":
      return compileText(predicate);
    case "regex": {
      const matches = compileValue(predicate.field, compileValueTest(predicate), slots);
      const mayMatch = compileLiterals(predicate);
      return mayMatch === null ? matches : (line) => mayMatch(line) && matches(line);
    }
    case "affix":
    case "number":
      return compileValue(predicate.field, compileValueTest(predicate), slots);
  }
}

/** Most messages are told from those that may match by bytes alone, which is a hundred times quicker than matching. */
function compileLiterals({ field, pattern, ignoreCase }: Predicate & { kind: "regex" }): LineTest | null {
  if (field.name !== "message" || ignoreCase) return null;
  const literals = requiredLiterals(pattern);
  // These two are written as escapes.
  if (literals === null || literals.some((literal) => /["\\]/.test(literal))) return null;
  const wanted = literals.map((literal) => Buffer.from(literal));
  return ({ bytes, slices }) => {
    const message = bytes.subarray(slices.messageStart, slices.messageEnd);
    return wanted.some((literal) => message.includes(literal));
  };
}

function compileEquals(field: Field, values: string[], slots: Map<string, number>): LineTest {
  if (values.length > MAX_COMPARED_VALUES) {
    const wanted = new Set(values);
    return compileValue(field, (value) => wanted.has(value), slots);
  }
  const texts = values.map(canonicalText);
  if (field.name === "service")
    return ({ bytes, slices }) => texts.some((text) => isText(bytes, slices.serviceStart, slices.serviceEnd, text));
  const slot = slotOf(field.key, slots);
  return (line) =>
    hasTag(line, slot) &&
    texts.some((text) => isText(line.bytes, line.tagStarts[slot] as number, line.tagEnds[slot] as number, text));
}

function compileValue(field: TextField, test: (value: string) => boolean, slots: Map<string, number>): LineTest {
  switch (field.name) {
    case "message":
      return (line) => test(messageOf(line));
    case "service":
      return ({ bytes, slices }) => test(decodeText(bytes, slices.serviceStart, slices.serviceEnd));
    case "tag": {
      const slot = slotOf(field.key, slots);
      return (line) =>
        hasTag(line, slot) &&
        test(decodeText(line.bytes, line.tagStarts[slot] as number, line.tagEnds[slot] as number));
    }
  }
}

function slotOf(key: string, slots: Map<string, number>): number {
  const slot = slots.get(key) ?? slots.size;
  slots.set(key, slot);
  return slot;
}

/** What is cheap to ask decides first; the order changes nothing else. */
function byCost(conditions: Predicate[]): Predicate[] {
  return conditions.toSorted((a, b) => costOf(a) - costOf(b));
}

function costOf(predicate: Predicate): number {
  switch (predicate.kind) {
    case "level":
      return 0;
    case "equals":
      return predicate.field.name === "service" ? 1 : 2;
    case "present":
      return 2;
    case "affix":
    case "number":
      return predicate.field.name === "message" ? 5 : 3;
    case "text":
      return 4;
    case "regex":
      return 6;
    case "not":
      return costOf(predicate.of);
    case "all":
    case "any":
      return Math.max(0, ...predicate.of.map(costOf));
  }
}
