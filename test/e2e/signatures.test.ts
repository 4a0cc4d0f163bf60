/** Who may vouch for a package: each way to get past the signature policy is refused with its own code, and changes nothing. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makePlane, type PlaneUnderTest, startProgram } from "../support/cli.ts";
import { ok, planesLike, put, steadyTree } from "./scenes.ts";
import {
  archiveOf,
  DEMO,
  edited,
  flipped,
  keyOf,
  names,
  OTHER,
  ofOther,
  policy,
  signedPlane,
  unsigned,
  waiver,
} from "./signed-plane.ts";

const newPlane = planesLike(signedPlane);

interface Attack {
  readonly code: string;
  readonly prepare: (plane: PlaneUnderTest) => void;
  /** What `pkg verify` says of the archive itself; it has no verdict on files of the plane. */
  readonly verify?: string;
}

const ATTACKS: Record<string, Attack> = {
  unsigned: { code: "SIGNATURE_MISSING", prepare: unsigned },
  "wrongly signed": {
    code: "SIGNATURE_INVALID",
    prepare: (plane) => edited(plane, ".sig", flipped),
  },
  "with another package's signature": {
    code: "SIGNATURE_INVALID",
    prepare: (plane) => ofOther(plane, ".sig"),
  },
  "signed by a key that was revoked since": {
    code: "SIGNING_KEY_REVOKED",
    prepare: (plane) => ok(plane, "pkg", "keys", "revoke", keyOf(plane), "--reason", "laptop lost"),
  },
  "signed by a retired key that was revoked since": {
    code: "SIGNING_KEY_REVOKED",
    prepare: (plane) => {
      const { keys } = ok(plane, "pkg", "keys", "list", "--json").json();
      const old = keys.find(({ name }: { name: string }) => name === keyOf(plane));
      ok(plane, "pkg", "keys", "rotate", keyOf(plane));
      ok(plane, "pkg", "keys", "revoke", `${old.name}+${old.key_hash}`, "--reason", "replaced");
    },
  },
  "unsigned, with an expired waiver": {
    code: "WAIVER_EXPIRED",
    prepare: (plane) => {
      unsigned(plane);
      policy(plane, waiver("2026-01-01"));
    },
  },
  "with another package's provenance": {
    code: "PROVENANCE_MISMATCH",
    prepare: (plane) => ofOther(plane, ".intoto.jsonl"),
  },
  "with provenance whose payload was exchanged": {
    code: "PROVENANCE_INVALID",
    prepare: (plane) =>
      edited(plane, ".intoto.jsonl", (text) => {
        const line = JSON.parse(text) as { payload: string };
        const body = Buffer.from(line.payload, "base64").toString().replace("modules/demo", "modules/evil");
        return `${JSON.stringify({ ...line, payload: Buffer.from(body).toString("base64") })}\n`;
      }),
  },
  "signed, without the provenance": {
    code: "PROVENANCE_MISSING",
    prepare: (plane) => {
      for (const name of names()) rmSync(join(plane.root, `${name}.intoto.jsonl`));
    },
  },
  "signed by somebody else than the policy wants": {
    code: "SIGNING_KEY_UNTRUSTED",
    prepare: (plane) => policy(plane, "", ["release-team"]),
  },
  "signed by a key somebody wrote into the plane's list": {
    code: "TRUSTED_KEYS_CHANGED",
    prepare: (plane) => {
      const path = join(plane.root, "config/trusted_keys.json");
      const list = JSON.parse(readFileSync(path, "utf8")) as { keys: object[] };
      const eve = {
        name: "sum.golang.org",
        vkey: "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        uses: ["package"],
        status: "active",
        since: "2026-01-01T00:00:00Z",
      };
      writeFileSync(path, JSON.stringify({ ...list, keys: [...list.keys, eve] }));
    },
  },
  "unsigned, after the accepted policy was deleted": {
    code: "POLICY_CHANGED",
    prepare: (plane) => {
      ok(plane, "pkg", "keys", "trust", "--accept");
      unsigned(plane);
      rmSync(join(plane.root, "config/policy.toml"));
    },
  },
};

describe("install refuses an archive", () => {
  test.each(Object.entries(ATTACKS))("%s", (_, { code, prepare }) => {
    const plane = newPlane();
    prepare(plane);
    const before = steadyTree(plane);
    const refused = plane.pkg("install", DEMO, "--json");
    const { error } = refused.json();
    expect([refused.status, error.code]).toEqual([3, code]);
    expect(error.next_step.length).toBeGreaterThan(20);
    expect(steadyTree(plane)).toEqual(before);
    const verified = plane.pkg("verify", DEMO, "--json");
    expect([verified.status, verified.json().verified]).toEqual([1, false]);
    expect(JSON.stringify(verified.json().checks)).toContain(code);
    // What was not touched still installs, unless the plane's own files are in question.
    if (/CHANGED|REVOKED|UNTRUSTED/.test(code)) return;
    ok(plane, "pkg", "install", OTHER);
  });

  test("update is held to the same: the version before stays", () => {
    const plane = newPlane();
    ok(plane, "pkg", "install", DEMO);
    put(plane, "modules/demo/holdfast.toml", `id = "${DEMO}"\nversion = "1.1.0"\n`);
    ok(plane, "pkg", "pack", "--src", "modules/demo");
    // The new latest archive must not stand beside the old one's signature.
    expect(readdirSync(join(plane.root, "packages_store")).filter((name) => /DEMO.*sig$/.test(name))).toEqual(
      [`${DEMO}-1.0.0.tar.gz.sig`],
    );
    const before = steadyTree(plane);
    const refused = plane.pkg("update", DEMO, "--json");
    expect([refused.status, refused.json().error.code]).toEqual([3, "SIGNATURE_MISSING"]);
    expect(steadyTree(plane)).toEqual(before);
    ok(plane, "pkg", "pack", "--src", "modules/demo", "--sign", "--attest");
    expect(ok(plane, "pkg", "update", DEMO, "--json").json().packages[0].version).toBe("1.1.0");
  });
});

const lastEntry = (plane: PlaneUnderTest) =>
  JSON.parse(readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8").trim().split("\n").at(-1) ?? "");

describe("what is accepted", () => {
  test("a signed and attested package; the ledger says by whom", () => {
    const plane = newPlane();
    const verified = ok(plane, "pkg", "verify", DEMO, "--json").json();
    expect(verified).toMatchObject({ verified: true, package_id: DEMO });
    expect(
      verified.checks.map(({ check, verdict }: Record<string, string>) => `${check} ${verdict}`),
    ).toEqual([
      "digest pass",
      "canonical_form pass",
      "content pass",
      "signature pass",
      "provenance pass",
      "policy pass",
    ]);
    ok(plane, "pkg", "install", DEMO);
    expect(lastEntry(plane).metadata.signature).toEqual({
      signed_by: verified.signed_by,
      builders: [`urn:holdfast:plane:${plane.plane_uid}`],
    });
  });

  test("an unsigned one while a waiver is in force; the ledger names the waiver", () => {
    const plane = newPlane();
    unsigned(plane);
    policy(plane, waiver("2099-01-01"));
    ok(plane, "pkg", "install", DEMO);
    expect(lastEntry(plane).metadata.signature).toEqual({
      signed_by: [],
      builders: [],
      waiver: { owner: "carol", reason: "old package", expires: "2099-01-01T00:00:00.000Z" },
    });
    // Waived is not verified.
    expect(plane.pkg("verify", DEMO).status).toBe(1);
  });

  test("without a policy an unsigned one, but never one with a broken signature", () => {
    const plane = newPlane();
    rmSync(join(plane.root, "config/policy.toml"));
    edited(plane, ".sig", flipped);
    expect(plane.pkg("install", DEMO, "--json").json().error.code).toBe("SIGNATURE_INVALID");
    unsigned(plane);
    ok(plane, "pkg", "install", DEMO);
    expect(lastEntry(plane).metadata.signature).toBeUndefined();
  });

  test("one that came as a file with its signature, from a plane whose key is trusted; both enter the store", () => {
    const [from, to] = [newPlane(), makePlane()];
    const { keys } = ok(from, "pkg", "keys", "list", "--json").json();
    const { vkey } = keys.find(({ name }: { name: string }) => name === keyOf(from));
    put(
      to,
      "config/policy.toml",
      `[[signatures]]\nsigners = ["${keyOf(from)}"]\nrequire_provenance = true\n`,
    );
    const folder = join(to.root, "..", "in");
    mkdirSync(folder);
    for (const end of ["", ".sig", ".intoto.jsonl"])
      cpSync(join(from.root, archiveOf(DEMO) + end), join(folder, `demo.tar.gz${end}`));
    const { digest } = ok(from, "pkg", "verify", DEMO, "--json").json();
    const words = ["install", "--archive", join(folder, "demo.tar.gz"), "--digest", digest, "--json"];
    expect(to.pkg(...words).json().error.code).toBe("SIGNING_KEY_UNTRUSTED");
    ok(to, "pkg", "keys", "trust", vkey);
    ok(to, "pkg", ...words);
    expect(ok(to, "pkg", "verify", DEMO, "--json").json().verified).toBe(true);
  });

  test("one from a URL, with what lies beside it there; without that the rule for this source refuses it", async () => {
    const [from, to] = [newPlane(), makePlane()];
    const { keys } = ok(from, "pkg", "keys", "list", "--json").json();
    ok(to, "pkg", "keys", "trust", keys.find(({ name }: { name: string }) => name === keyOf(from)).vkey);
    const gone = new Set<string>();
    const server = createServer(({ url = "" }, response) => {
      const end = /\.tar\.gz(.*)$/.exec(url)?.[1] ?? "";
      if (gone.has(end)) response.writeHead(404).end();
      else response.end(readFileSync(join(from.root, archiveOf(DEMO) + end)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo.tar.gz`;
    policy(to, 'sources = ["http://127.0.0.1:*/**"]\n', [keyOf(from)]);
    const { digest } = ok(from, "pkg", "verify", DEMO, "--json").json();
    const install = async () => {
      const words = ["install", "--archive", url, "--digest", digest, "--json"];
      const done = await startProgram("pkg", words, { cwd: to.root, env: to.env }).ended;
      return done.status === 0 ? "installed" : JSON.parse(done.stdout).error.code;
    };
    gone.add(".sig").add(".intoto.jsonl");
    expect(await install()).toBe("SIGNATURE_MISSING");
    gone.delete(".sig");
    expect(await install()).toBe("PROVENANCE_MISSING");
    gone.clear();
    expect(await install()).toBe("installed");
    expect(ok(to, "pkg", "verify", DEMO, "--json").json().signed_by).toHaveLength(1);
  });
});
