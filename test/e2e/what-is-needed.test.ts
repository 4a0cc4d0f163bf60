/** A refusal for want of a token names the command as it was typed and a token that can be had; one rule says how long to wait. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evidencePlane, planesLike, put } from "./scenes.ts";

const newPlane = planesLike(evidencePlane);

test("integrity-check --fix without a token names itself and a token file; what it says works when pasted", () => {
  const plane = newPlane();
  put(plane, "modules/stdlib_evidence/__init__.py", "tampered\n");
  const { HOLDFAST_TOKEN: _, ...env } = plane.env;
  const done = plane.run("integrity-check", ["--fix"], { env });
  expect(done.status).toBe(3);
  const said = done.stdout + done.stderr;
  expect(said).toContain("integrity-check --fix needs a token");
  const [, command = ""] = /"(integrity-check --fix [^"]+)"/.exec(said) ?? [];
  expect(command).toContain(join(plane.home, ".holdfast/planes", plane.plane_uid, "admin.token"));
  const [program = "", ...words] = command.split(" ");
  expect(plane.run(program, words, { env }).status, command).toBe(0);
});

test("whoever cannot look beside the keys is told where tokens come from", () => {
  const plane = newPlane();
  const env = {
    PATH: plane.env["PATH"] ?? "",
    HOME: plane.home,
    HOLDFAST_HOME: join(plane.home, "elsewhere"),
  };
  const done = plane.run("pkg", ["gc", "--json"], { env });
  expect(done.json().error.next_step).not.toContain("admin.token");
});

test("help says how long a command waits", () => {
  const plane = newPlane();
  for (const command of ["install", "history", "status"])
    expect(plane.pkg(command, "--help").stdout.replace(/\s+/g, " ")).toContain(
      "Seconds to wait for another command that changes the plane. Default: 30.",
    );
});

test("a dry run of --record records nothing", () => {
  const plane = newPlane();
  put(
    plane,
    "config/plane.toml",
    `${readFileSync(join(plane.root, "config/plane.toml"), "utf8")}\n# edited\n`,
  );
  const before = readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8");
  const codes = (...args: string[]): string[] =>
    plane
      .run("integrity-check", ["--record", "--json", ...args])
      .json()
      .findings.map(({ code }: { code: string }) => code);
  expect(codes("--dry-run")).toContain("CONFIG_EDITED");
  expect(readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8")).toBe(before);
  expect(codes()).not.toContain("CONFIG_EDITED");
});

test("the history of a package that was only packed is empty, which is no error", () => {
  const plane = newPlane();
  put(plane, "modules/idle/holdfast.toml", 'id = "PKG-T1-IDLE-001"\nversion = "1.0.0"\n');
  expect(plane.pkg("pack", "--src", "modules/idle").status).toBe(0);
  const { status, stdout } = plane.pkg("history", "PKG-T1-IDLE-001");
  expect([status, stdout]).toEqual([0, "Nothing was ever done to PKG-T1-IDLE-001, which is registered.\n"]);
});

test("sizes have their unit in the name", () => {
  const plane = newPlane();
  expect(plane.pkg("gc", "--dry-run", "--json").json()).toMatchObject({
    downloads: { files: 0, size_bytes: 0 },
  });
});
