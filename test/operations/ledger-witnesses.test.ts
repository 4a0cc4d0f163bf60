/** `pkg ledger verify --witness`: who verifies names the witnesses, whatever the plane says of itself. */
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest } from "../support/cli.ts";

const STREAM = "ledger/governance.jsonl";
let plane: PlaneUnderTest;
let keys: { readonly ann: string; readonly bob: string };

const beside = (name: string): string => join(plane.root, "..", name);
/** What a witness of this name with a key of its own signs; of the plane, or of a copy of it. @returns its key */
const cosign = (name: string, folder = name, root = plane.root): string =>
  plane.pkg("ledger", "cosign", "--witness", beside(folder), "--name", name, "--root", root, "--json").json()
    .witness_key;
const verify = (...args: string[]) => plane.pkg("ledger", "verify", STREAM, "--json", ...args);
const codes = (...args: string[]): string[] => {
  const { streams, error } = verify(...args).json();
  if (error !== undefined) return [error.code];
  return streams[0].findings.map(({ code }: { code: string }) => code);
};

beforeEach(() => {
  plane = makePlane();
  cpSync(plane.root, beside("copy"), { recursive: true });
  keys = { ann: cosign("ann"), bob: cosign("bob", "bob", beside("copy")) };
});

test("demands the signatures of all it names, or of as many as it says", () => {
  expect(codes("--witness", keys.ann)).toEqual([]);
  expect(verify("--witness", keys.ann).json().streams[0].log.cosigned.cosigned_by).toMatchObject([
    { name: expect.stringContaining("ann") },
  ]);
  const both = ["--witness", keys.ann, "--witness", keys.bob];
  expect(codes(...both)).toEqual(["LEDGER_WITNESS_MISSING"]);
  expect(verify(...both).status).toBe(1);
  expect(codes(...both, "--witnesses-min", "1")).toEqual([]);
  const text = plane.pkg("ledger", "verify", STREAM, "--witness", keys.ann);
  expect(text.stdout).toMatch(/witnessed by \S*ann/);
});

test("is refused where its memory would share the fate of the plane or of the heads", () => {
  const home = join(plane.home, ".holdfast");
  const keys_directory = join(home, "planes", plane.plane_uid);
  symlinkSync(keys_directory, beside("link"));
  for (const folder of [
    join(plane.root, "witness"),
    keys_directory,
    join(keys_directory, "heads/witness"),
    join(home, "witness"),
    home,
    join(beside("link"), "witness"),
  ]) {
    const { error } = plane.pkg("ledger", "cosign", "--witness", folder, "--json").json();
    expect(error?.code, folder).toBe("LEDGER_WITNESS_UNUSABLE");
    expect(existsSync(join(folder, "seen"))).toBe(false);
  }
  expect(plane.pkg("ledger", "cosign", "--witness", join(plane.home, ".holdfast-witness")).status).toBe(0);
});

test("takes keys from a file; what is no key, too few, or a file that is not there is refused", () => {
  const file = join(plane.root, "..", "witnesses.txt");
  writeFileSync(file, `# ours\n${keys.ann}\n\n`);
  expect(codes("--witness", file)).toEqual([]);
  writeFileSync(file, "# nobody\n");
  expect(codes("--witness", file)).toEqual(["WITNESSES_TOO_FEW"]);
  expect(codes("--witness", keys.ann, "--witnesses-min", "2")).toEqual(["WITNESSES_TOO_FEW"]);
  // The same key twice is one witness.
  expect(codes("--witness", keys.ann, "--witness", keys.ann, "--witnesses-min", "2")).toEqual([
    "WITNESSES_TOO_FEW",
  ]);
  writeFileSync(file, "ann+00000000+AAAA\n");
  expect(codes("--witness", file)).toEqual(["LEDGER_KEY_MALFORMED"]);
  expect(codes("--witness", `${file}.not`)).toEqual(["FILE_MISSING"]);
});

test("a cosignature by another key of the same name, or of other entries, counts for nothing", () => {
  const other = cosign("ann", "ann-too", beside("copy"));
  expect(other).not.toBe(keys.ann);
  const path = join(plane.root, "ledger/governance/cosigned");
  const own = readFileSync(path, "utf8");
  cpSync(join(beside("copy"), "ledger/governance/cosigned"), path);
  expect(codes("--witness", keys.ann)).toContain("LEDGER_WITNESS_MISSING");
  expect(codes("--witness", other)).toEqual([]);
  writeFileSync(path, own.replace(/\n2\n/, "\n1\n"));
  expect(codes("--witness", keys.ann)).toContain("LEDGER_WITNESS_MISSING");
  rmSync(path);
  expect(codes("--witness", keys.ann)).toEqual(["LEDGER_WITNESS_MISSING"]);
});
