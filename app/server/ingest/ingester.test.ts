import { describe, expect, it } from "vitest";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { walFiles } from "#app/server/ingest/wal-reader.ts";
import { blockOf, closeMachine, committedMessages, visibleMessages } from "#tests/support/crash-model.ts";
import { FIRST_WAL, PROJECT, accept, boot, pass } from "#tests/support/ingest-machine.ts";
import { failure } from "#tests/support/memory-file-system.ts";

describe("a WAL file that cannot be removed", () => {
  it("holds up neither later batches nor, once it can, its own removal", async () => {
    let failures = 0;
    const steps: string[] = [];
    const machine = boot({
      onStep: (step) => steps.push(step),
      disk: {
        onCall(operation, filePath) {
          if (operation === "remove" && filePath.endsWith(".wal") && failures++ < 3) throw failure("EIO");
        },
      },
      maxEntries: 2,
    });
    await machine.ingester.start();
    const sent = Array.from({ length: 30 }, (_, i) => `m${i}`);
    for (const message of sent) {
      await accept(machine, message);
      await pass(machine.clock, 300);
    }
    await pass(machine.clock, 10_000);
    expect(failures).toBeGreaterThan(3);
    expect(steps).not.toContain("commit again");
    expect(committedMessages(machine.outside.now).sort()).toEqual(sent.sort());
    expect((await walFiles(machine.fileSystem, FIRST_WAL)).length).toBeLessThanOrEqual(2);
    await closeMachine(machine);
    expect(await machine.fileSystem.list("/data/wal")).toEqual([]);
  });

  it("does not have the WAL let go twice of a batch that the catalog refuses for ever", async () => {
    let commits = 0;
    const machine = boot({
      onStep(step) {
        if (step !== "before commit") return;
        commits++;
        throw new CatalogError("commit batch", "data", "it is refused");
      },
      disk: {
        onCall(operation, filePath) {
          if (operation === "remove" && filePath.endsWith(".wal")) throw failure("EIO");
        },
      },
      maxEntries: 2,
    });
    await machine.ingester.start();
    for (let i = 0; i < 30; i++) {
      await accept(machine, `m${i}`);
      await pass(machine.clock, 300);
    }
    await pass(machine.clock, 10_000);
    expect(commits).toBe(15);
  });
});

describe("entries whose Idempotency-Key waits for the database", () => {
  it("are told as not searchable yet, so that an alert does not count without them", async () => {
    let isAway = true;
    const machine = boot({
      onStep(step) {
        if (step === "before settle" && isAway) throw new CatalogError("settle key", "unavailable", "it is away");
      },
    });
    await machine.ingester.start();
    const receivedAtMs = machine.clock.nowMs();
    const asked = { projectId: PROJECT, key: "k", digest: "d", walId: machine.walId };
    const claimed = await machine.outside.idempotency.claim(asked, 1_000);
    const claimId = claimed.state === "claimed" ? claimed.claimId : "";
    const idempotency = { key: "k", claimId, digest: "d", answer: "{}" };
    const block = blockOf(["a"], receivedAtMs);
    await machine.ingester.accept({ projectId: PROJECT, block, receivedAtMs, idempotency });
    await pass(machine.clock, 2_500);
    expect(machine.ingester.searchableThroughMs(machine.clock.nowMs())).toBe(receivedAtMs);
    expect(await visibleMessages(machine)).toEqual([]);
    isAway = false;
    await pass(machine.clock, 2_500);
    expect(machine.ingester.searchableThroughMs(machine.clock.nowMs())).toBe(machine.clock.nowMs());
    expect(await visibleMessages(machine)).toEqual(["a"]);
    await closeMachine(machine);
  });
});

describe("a query that begins before the first batch", () => {
  it("asks the ledger for whatever the WAL gets, so that a batch stored meanwhile is not counted twice", async () => {
    const machine = boot();
    await machine.ingester.start();
    expect(machine.ingester.local.floors(PROJECT)).toEqual([{ walId: machine.walId, batchNo: 0 }]);
    await closeMachine(machine);
  });
});
