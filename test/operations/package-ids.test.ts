import { describe, expect, test } from "vitest";
import { allIds } from "../../src/operations/fields.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { libraryPlane } from "../support/library-plane.ts";

const ODD = [
  "",
  "../x",
  "pkg-t1-a-001",
  "PKG",
  "PKG-X\n",
  "__proto__",
  "*",
  `PKG-${"A".repeat(5000)}`,
  "PKG-A-001 ",
];

describe("words that are no package ids", () => {
  test.each(["install", "update", "rollback", "uninstall"])(
    "are refused by pkg %s before anything is looked at",
    async (name) => {
      const on = await libraryPlane();
      const operation = await OPERATIONS[name]?.();
      if (operation === undefined) throw new Error(name);
      const context = { effects: on.effects, root: on.root, token: on.token, version: "1.0.0" } as never;
      for (const word of [...ODD, "PKG-A-001@"])
        await expect(
          operation.run(context, operation.input.parse({ ids: [word] })),
          word,
        ).rejects.toMatchObject({
          code: "PACKAGE_ID_MALFORMED",
          exit_code: 2,
        });
    },
  );

  test("a version is named only where it is taken, and then it is one", () => {
    const command = "pkg x";
    const versions = true;
    expect(
      allIds(["PKG-A-001@^1", "PKG-B-001", "PKG-B-001"], undefined, { command, versions, token: undefined }),
    ).toEqual(["PKG-A-001@^1", "PKG-B-001"]);
    expect(() => allIds(["PKG-A-001@"], undefined, { command, versions, token: undefined })).toThrow(
      "names no version after the @",
    );
    expect(() => allIds(undefined, "PKG-A-001@1.0.0", { command, token: undefined })).toThrow(
      "does not take",
    );
  });
});

describe("--to", () => {
  test.each(["update", "rollback"])("of pkg %s is a semver range", async (name) => {
    const operation = await OPERATIONS[name]?.();
    if (operation === undefined) throw new Error(name);
    const parse = (to: string) => operation.input.safeParse({ ids: ["PKG-A-001"], to }).success;
    for (const to of ["1.0.0", "^1.2", ">=1 <2 || 3.x", "*"]) expect(parse(to), to).toBe(true);
    for (const to of ["bogus", "", "1.0.0.0", "^", "latest"]) expect(parse(to), to).toBe(false);
  });
});
