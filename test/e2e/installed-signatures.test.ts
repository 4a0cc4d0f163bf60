/** What was rightly signed when it came in is judged again by the keys and the policy of today. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PlaneUnderTest } from "../support/cli.ts";
import { checked, ok, planesLike, put } from "./scenes.ts";
import {
  archiveOf,
  DEMO,
  edited,
  flipped,
  keyOf,
  names,
  OTHER,
  policy,
  signedPlane,
  unsigned,
  waiver,
} from "./signed-plane.ts";

const newPlane = planesLike((folder) => {
  const plane = signedPlane(folder);
  ok(plane, "pkg", "install", DEMO);
  return plane;
});
/** Codes of errors, the unrecorded configuration aside. */
const errors = (plane: PlaneUnderTest): string[] =>
  checked(plane).errors.filter((code) => !/^(CONFIG|WAIVERS)_(EDITED|UNRECORDED)$/.test(code));

test("a package that is signed as the policy wants is no finding", () => {
  expect(errors(newPlane())).toEqual([]);
});

describe("an installed package is a finding", () => {
  test.each<[string, string, (plane: PlaneUnderTest) => void]>([
    [
      "whose key was revoked since",
      "SIGNING_KEY_REVOKED",
      (plane) => ok(plane, "pkg", "keys", "revoke", keyOf(plane), "--reason", "laptop lost"),
    ],
    ["whose signature went", "SIGNATURE_MISSING", unsigned],
    ["whose signature was changed", "SIGNATURE_INVALID", (plane) => edited(plane, ".sig", flipped)],
    [
      "whose provenance went",
      "PROVENANCE_MISSING",
      (plane) => names().forEach((name) => rmSync(join(plane.root, `${name}.intoto.jsonl`))),
    ],
    [
      "that the policy wants signed by others now",
      "SIGNING_KEY_UNTRUSTED",
      (plane) => policy(plane, "", ["release-team"]),
    ],
    [
      "that no archive vouches for any more",
      "SIGNATURE_MISSING",
      (plane) => names().forEach((name) => rmSync(join(plane.root, name))),
    ],
    [
      "once its waiver expired",
      "WAIVER_EXPIRED",
      (plane) => {
        unsigned(plane);
        policy(plane, waiver("2026-01-01"));
      },
    ],
    [
      "while the policy cannot be read",
      "POLICY_INVALID",
      (plane) => put(plane, "config/policy.toml", "[[signatures]]\n"),
    ],
    [
      "while the list of keys is not the accepted one",
      "TRUSTED_KEYS_CHANGED",
      (plane) => {
        const path = join(plane.root, "config/trusted_keys.json");
        writeFileSync(path, readFileSync(path, "utf8").replace("active", "retired"));
      },
    ],
    [
      "where nobody pinned a key",
      "SIGNING_KEYS_UNKNOWN",
      (plane) => rmSync(join(plane.home, ".holdfast/planes", plane.plane_uid, "signing/trusted.json")),
    ],
  ])("%s", (_what, code, spoil) => {
    const plane = newPlane();
    spoil(plane);
    expect(errors(plane)).toContain(code);
    const finding = checked(plane).find(code);
    expect(JSON.stringify(finding)).not.toContain(plane.root);
    expect(finding?.next_step).toMatch(/"pkg |config\/|fetch/);
  });
});

test("other packages than those that are installed are not judged", () => {
  const plane = newPlane();
  for (const name of [archiveOf(OTHER), `packages_store/${OTHER}.tar.gz`])
    rmSync(join(plane.root, `${name}.sig`));
  expect(errors(plane)).toEqual([]);
});

test("a revoked key is excused by a recorded waiver, and a policy's own waiver lifts what it demands", () => {
  const plane = newPlane();
  ok(plane, "pkg", "keys", "revoke", keyOf(plane), "--reason", "laptop lost");
  put(
    plane,
    "config/waivers.toml",
    '[[waiver]]\ncode = "SIGNING_KEY_REVOKED"\nowner = "carol"\nreason = "rebuilt next week"\nexpires = 2999-01-01\n',
  );
  const { report, status, find } = checked(plane, "--record");
  expect(find("SIGNING_KEY_REVOKED")?.waived).toMatchObject({ owner: "carol" });
  expect([status, report.healthy]).toEqual([0, true]);
  const other = newPlane();
  unsigned(other);
  policy(other, waiver("2999-01-01"));
  expect(errors(other)).toEqual([]);
});
