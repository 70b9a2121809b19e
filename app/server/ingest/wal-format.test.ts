import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  RECORD_HEADER_BYTES,
  RECORD_MARKER_BYTES,
  isChecksumRight,
  readRecordHeader,
  recordHeader,
  walFileName,
} from "#app/server/ingest/wal-format.ts";
import {
  decodePayload,
  encodeEntries,
  encodeSeal,
  type SealRecord,
  type WalIdempotency,
} from "#app/server/ingest/wal-payload.ts";
import { blockOf } from "#tests/support/crash-model.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
const sequences = fc.maxSafeNat();
const printable = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });

/** readRecord is what the reader does with a record's bytes. */
function readRecord(record: Buffer): { sequence: number; payload: Buffer } | null {
  const header = readRecordHeader(record, 0);
  if (header === null || RECORD_HEADER_BYTES + header.payloadBytes > record.length) return null;
  const payload = record.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + header.payloadBytes);
  return isChecksumRight(header, record.subarray(0, RECORD_HEADER_BYTES), payload)
    ? { sequence: header.sequence, payload }
    : null;
}

describe("a record", () => {
  it("reads back as it was written, in however many pieces", () => {
    fc.assert(
      fc.property(sequences, fc.array(bytes, { minLength: 1, maxLength: 5 }), (sequence, chunks) => {
        const payload = Buffer.concat(chunks);
        expect(readRecord(Buffer.concat([recordHeader(sequence, chunks), ...chunks]))).toEqual({ sequence, payload });
      }),
    );
  });

  it("is refused in every truncation and with every bit flipped", () => {
    fc.assert(
      fc.property(sequences, bytes, (sequence, payload) => {
        const record = Buffer.concat([recordHeader(sequence, [payload]), payload]);
        for (let length = 0; length < record.length; length++)
          expect(readRecord(record.subarray(0, length))).toBeNull();
        for (let bit = 0; bit < record.length * 8; bit++) {
          const flipped = Buffer.from(record);
          flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          expect(readRecord(flipped)).toBeNull();
        }
      }),
      { numRuns: 20 },
    );
  });

  it("is never made of zeros, nor of zeros behind a right header", () => {
    for (const length of [RECORD_HEADER_BYTES, 100, 4096]) expect(readRecord(Buffer.alloc(length))).toBeNull();
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 5_000 }), (sequence, length) => {
        const header = recordHeader(sequence, [Buffer.alloc(length, 1)]);
        expect(readRecord(Buffer.concat([header, Buffer.alloc(length)]))).toBeNull();
        const emptied = Buffer.from(header);
        emptied.fill(0, 4, 12);
        expect(readRecord(Buffer.concat([emptied, Buffer.alloc(length)]))).toBeNull();
      }),
    );
  });
});

it("the marker stands in no text, so that no line can pass for a record when what surrounds it is damaged", () => {
  const text = fc.string({ unit: "binary", maxLength: 8 }).map((characters) => Buffer.from(characters));
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(isUtf8(Buffer.concat([before, RECORD_MARKER_BYTES, after]))).toBe(false);
      for (let end = 0; end <= before.length; end++) {
        for (let start = 0; start <= after.length; start++) {
          expect(isUtf8(Buffer.concat([before.subarray(0, end), RECORD_MARKER_BYTES, after.subarray(start)]))).toBe(
            false,
          );
        }
      }
    }),
    { numRuns: 30 },
  );
});

describe("a payload", () => {
  it("of a build that named no claims has one that nobody holds", () => {
    const before = { key: "k", digest: "d", answer: "{}" } as WalIdempotency;
    const pieces = encodeEntries("00000000-0000-4000-8000-00000000000a", 1, blockOf(["m"], 1_700_000_000_000), before);
    const claimId = "00000000-0000-0000-0000-000000000000";
    expect(decodePayload(Buffer.concat(pieces))).toMatchObject({ idempotency: { ...before, claimId } });
  });

  it("of entries decodes to what was encoded", () => {
    const idempotency = fc.option(
      fc.record({ key: printable, claimId: printable, digest: printable, answer: printable }),
    );
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.nat(),
        fc.array(printable, { minLength: 1, maxLength: 20 }),
        idempotency,
        (projectId, receivedAtMs, messages, key) => {
          const block = blockOf(messages, 1_700_000_000_000);
          const decoded = decodePayload(Buffer.concat(encodeEntries(projectId, receivedAtMs, block, key)));
          expect(decoded).toEqual({
            type: "entries",
            projectId,
            receivedAtMs,
            count: messages.length,
            lines: block.bytes,
            idempotency: key,
          });
        },
      ),
    );
  });

  it("of a seal decodes to what was encoded", () => {
    const ranges = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 10 });
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), printable, fc.nat(), ranges, (projectId, batchNo, objectKey, entries, all) => {
        const seal: SealRecord = {
          type: "seal",
          projectId,
          batchNo,
          objectKey,
          sha256: "0".repeat(64),
          entries,
          ranges: all,
        };
        expect(decodePayload(Buffer.concat(encodeSeal(seal)))).toEqual(seal);
      }),
    );
  });

  it("of a type that only a newer version knows says so", () => {
    expect(() => decodePayload(Buffer.from([9, 1, 2]))).toThrow(/type 9.*newer version/);
  });
});

it("file names sort like the sequence numbers they start with", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 40 }), (a, b) => {
      expect(walFileName(a) < walFileName(b)).toBe(a < b);
    }),
  );
});
