import { expect, test } from "vitest";
import { asFault } from "../../src/cli/system-fault.ts";

test.each([
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EACCES", "PERMISSION_DENIED"],
  ["EPERM", "PERMISSION_DENIED"],
  ["EROFS", "READ_ONLY_FILE_SYSTEM"],
  ["EMFILE", "TOO_MANY_OPEN_FILES"],
  ["EIO", "INPUT_OUTPUT_ERROR"],
  ["ENOENT", "FILE_MISSING"],
  ["ELOOP", "PATH_NOT_USABLE"],
  ["EISDIR", "PATH_NOT_USABLE"],
  ["ENAMETOOLONG", "PATH_NOT_USABLE"],
])("%s becomes %s with path and next step", (code, fault_code) => {
  const fault = asFault(Object.assign(new Error("x"), { code, path: "/p" }));
  expect(fault).toMatchObject({ code: fault_code, details: { path: "/p" } });
  expect(fault?.next_step.length).toBeGreaterThan(10);
});

test("what may not be made or removed is refused by its folder", () => {
  const error = Object.assign(new Error("x"), { code: "EACCES", path: "/a/b/c", syscall: "mkdir" });
  expect(asFault(error)).toMatchObject({ code: "PERMISSION_DENIED", details: { path: "/a/b" } });
});

test("anything else is a bug, not a fault", () => {
  expect(asFault(new TypeError("x is not a function"))).toBeUndefined();
});
