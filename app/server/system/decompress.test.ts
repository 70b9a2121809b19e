import { expect, test } from "vitest";
import { compress } from "zstd-napi";
import { decompress } from "#app/server/system/decompress.ts";

const TEXT = Buffer.from("hello hello hello hello".repeat(20));

test.each([true, false])("a damaged frame (with its size: %s) leaves the decoder fit for sound ones", (hasSize) => {
  const sound = compress(TEXT, { checksumFlag: true });
  const unsized = compress(TEXT, { checksumFlag: true, contentSizeFlag: false });
  const frame = hasSize ? sound : unsized;
  for (let length = 1; length < frame.length; length++) {
    try {
      expect(decompress(frame.subarray(0, length)).equals(TEXT)).toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(decompress(unsized).equals(TEXT)).toBe(true);
    expect(decompress(sound).equals(TEXT)).toBe(true);
  }
});
