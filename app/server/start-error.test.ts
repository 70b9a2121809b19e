import { expect, test } from "vitest";
import { AkavelogError } from "#app/core/errors.ts";
import { StartError, toStartError } from "#app/server/start-error.ts";

function systemError(fields: Record<string, unknown>): Error {
  return Object.assign(new Error(`${String(fields["code"])}: of the system`), fields);
}

test.each([
  [{ code: "ENOSPC", syscall: "write" }, "cannot start: the disk is full; make room for DATA_DIR ./data"],
  [{ code: "EACCES", syscall: "open", path: "/d/lock" }, "the user of this process may not use /d/lock; give DATA_DIR"],
  [{ code: "EROFS", syscall: "open" }, "DATA_DIR ./data is on a file system that cannot be written to"],
  [{ code: "EEXIST", syscall: "mkdir", path: "/etc/hostname" }, "/etc/hostname is no folder; set another DATA_DIR"],
  [
    { code: "EADDRINUSE", syscall: "listen", address: "::1", port: 514 },
    "syslog on ::1:514 (EADDRINUSE); see SYSLOG_HOST",
  ],
])("%j becomes a sentence without a place in the code", (fields, sentence) => {
  const failure = toStartError(systemError(fields), "./data") as StartError;
  expect(failure).toBeInstanceOf(StartError);
  expect(failure.message).toContain(sentence);
  expect(failure.stack).toBe(`StartError: ${failure.message}`);
});

test("a message that names its remedy is kept, and what nobody foresaw keeps its stack", () => {
  const locked = new AkavelogError("DATA_DIR_LOCKED", "cannot use ./data: process 1 is using it");
  expect(toStartError(locked, "./data")).toMatchObject({ code: "CANNOT_START", message: locked.message });
  for (const error of [new TypeError("undefined is not a function"), new AkavelogError("WAL_CORRUPT", "odd")])
    expect(toStartError(error, "./data")).toBe(error);
});
