import { expect, test } from "vitest";
import { takeFairest } from "#app/server/search/take-fairest.ts";

const of = (projectId: string, id = 0) => ({ projectId, id });

test("the next turn is that of the project with the fewest at work, and of its first", () => {
  const waiting = [of("loud"), of("quiet", 1), of("quiet", 2)];
  expect(takeFairest(waiting, [of("loud"), of("loud"), of("quiet")])).toEqual(of("quiet", 1));
  expect(waiting).toEqual([of("loud"), of("quiet", 2)]);
});

test("who has as many at work as one may have waits, and nobody is taken when all do", () => {
  const waiting = [of("loud"), of("other")];
  expect(takeFairest(waiting, [of("loud"), of("other")], 2)).toEqual(of("loud"));
  expect(takeFairest([...waiting], [of("loud"), of("loud"), of("other")], 2)).toEqual(of("other"));
  expect(takeFairest(waiting, [of("other")], 1)).toBeNull();
  expect(takeFairest([], [], 1)).toBeNull();
});
