import { expect, test } from "vitest";
import { nextFreeSlug, slugOf } from "#app/server/catalog/project-slug.ts";

test.each([
  ["Shop", "shop"],
  ["  Web & App!  ", "web-app"],
  ["Café Zürich", "cafe-zurich"],
  ["日本", "project"],
  ["---", "project"],
  ["../../etc", "etc"],
  ["a".repeat(100), "a".repeat(48)],
  [`${"a".repeat(47)} b`, "a".repeat(47)],
])("%j becomes %j", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test("a taken slug gets the first free number from 2 on", () => {
  expect(nextFreeSlug("shop", new Set())).toBe("shop");
  expect(nextFreeSlug("shop", new Set(["shop"]))).toBe("shop-2");
  expect(nextFreeSlug("shop", new Set(["shop", "shop-2", "shop-4"]))).toBe("shop-3");
});
