/** Making signatures and keys with the real programs. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ok, planesLike, put, steadyTree } from "./scenes.ts";
import { archiveOf, DEMO, keyOf, names, signedPlane, unsigned } from "./signed-plane.ts";

const newPlane = planesLike(signedPlane);

describe("pack", () => {
  test("the same source and key give the same signature and provenance, byte for byte; a time is written when asked for", () => {
    const [one, two] = [newPlane(), newPlane()];
    for (const name of readdirSync(join(two.root, "packages_store")))
      rmSync(join(two.root, "packages_store", name));
    ok(two, "pkg", "pack", "--src", "modules/demo", "--sign", "--attest");
    for (const name of names().flatMap((path) => [`${path}.sig`, `${path}.intoto.jsonl`]))
      expect(readFileSync(join(two.root, name), "utf8"), name).toBe(
        readFileSync(join(one.root, name), "utf8"),
      );
    ok(two, "pkg", "pack", "--src", "modules/demo", "--attest", "--attest-time");
    const line = JSON.parse(readFileSync(join(two.root, `${archiveOf(DEMO)}.intoto.jsonl`), "utf8"));
    expect(Buffer.from(line.payload, "base64").toString()).toMatch(/"finishedOn":"\d{4}-/);
    expect(ok(two, "pkg", "verify", DEMO, "--json").json().verified).toBe(true);
  });

  test("a second signer adds to the first, and a threshold counts them", () => {
    const plane = newPlane();
    ok(plane, "pkg", "keys", "generate", "release");
    const both = [keyOf(plane), "release"];
    put(plane, "config/policy.toml", `[[signatures]]\nsigners = ${JSON.stringify(both)}\nthreshold = 2\n`);
    expect(plane.pkg("install", DEMO, "--json").json().error.code).toBe("SIGNING_KEY_UNTRUSTED");
    const packed = ok(
      plane,
      "pkg",
      "pack",
      "--src",
      "modules/demo",
      "--sign-key",
      "release",
      "--json",
    ).json();
    expect([packed.changed, packed.signed_by.length]).toEqual([false, 2]);
    ok(plane, "pkg", "install", DEMO);
  });

  test("after the ledger's key was revoked and another signs, receipts from before hold against it", () => {
    const plane = newPlane();
    rmSync(join(plane.root, "config/policy.toml"));
    ok(plane, "pkg", "install", DEMO);
    const { keys } = plane.pkg("keys", "list", "--json").json() as {
      keys: { name: string; uses: string[] }[];
    };
    const ledger_key = keys.find(({ uses }) => uses.includes("ledger"))?.name ?? "";
    ok(plane, "pkg", "keys", "revoke", ledger_key, "--reason", "stolen");
    expect(plane.pkg("ledger", "verify").status).toBe(1);
    ok(plane, "pkg", "keys", "generate", "fresh", "--use", "ledger");
    ok(plane, "pkg", "ledger", "rebuild");
    const verdict = ok(plane, "pkg", "ledger", "verify", "--json").json();
    expect(verdict.receipts.heads_count).toBeGreaterThan(0);
    // A ledger that was made anew without what the receipts saw is still told.
    const stream = join(plane.root, "ledger/packages.jsonl");
    const lines = readFileSync(stream, "utf8").trimEnd().split("\n");
    writeFileSync(stream, `${lines.slice(0, 1).join("\n")}\n`);
    expect(plane.pkg("ledger", "verify").status).toBe(1);
  });

  test("after a key was revoked, packing again with the one in force is all it takes", () => {
    const plane = newPlane();
    const old = keyOf(plane);
    rmSync(join(plane.root, "config/policy.toml"));
    ok(plane, "pkg", "install", DEMO);
    ok(plane, "pkg", "keys", "rotate", old);
    const id = plane
      .pkg("keys", "list", "--json")
      .json()
      .keys.find(({ name, status }: { name: string; status: string }) => name === old && status === "retired")
      .vkey as string;
    ok(plane, "pkg", "keys", "revoke", id, "--reason", "stolen");
    const verified = () => plane.pkg("verify", DEMO, "--json").json();
    expect(verified().verified).toBe(false);
    for (const more of [[], ["--attest"]]) {
      ok(plane, "pkg", "pack", "--src", "modules/demo", "--sign", ...more);
      const { verified: is_verified, signed_by } = verified();
      expect([is_verified, signed_by.length]).toEqual([true, 1]);
    }
    expect(plane.run("integrity-check", []).status).toBe(0);
  });

  test("without a key to sign with nothing is packed, and the next step makes one", () => {
    const plane = newPlane();
    ok(plane, "pkg", "keys", "revoke", keyOf(plane), "--reason", "lost");
    put(plane, "modules/demo/holdfast.toml", `id = "${DEMO}"\nversion = "2.0.0"\n`);
    const before = steadyTree(plane);
    const refused = plane.pkg("pack", "--src", "modules/demo", "--sign", "--json");
    expect([refused.status, refused.json().error.code]).toEqual([3, "SIGNING_KEY_NONE"]);
    expect(steadyTree(plane)).toEqual(before);
    ok(plane, "pkg", "keys", "generate", "--use", "package");
    ok(plane, "pkg", "pack", "--src", "modules/demo", "--sign");
  });

  test("the older HMAC form: written with the shared key, read back with it, never with the secret of tokens", () => {
    const plane = newPlane();
    unsigned(plane);
    const pack = ["pack", "--src", "modules/demo", "--sign-hmac", "--json"];
    expect(plane.pkg(...pack).json().error.code).toBe("HMAC_KEY_MISSING");
    const keys_folder = join(plane.home, ".holdfast/planes", plane.plane_uid);
    const secret = /=(.+)/.exec(readFileSync(join(keys_folder, "secrets.env"), "utf8"))?.[1] ?? "";
    const withKey = (key: string) => ({ env: { ...plane.env, CONTROL_PLANE_SIGNING_KEY: key } });
    const unfit = plane.run("pkg", pack, withKey(secret));
    expect(unfit.json().error.code).toBe("HMAC_KEY_UNFIT");
    expect(unfit.stdout + unfit.stderr).not.toContain(secret);
    writeFileSync(join(plane.home, "shared.key"), "shared-key-text\n");
    expect(plane.run("pkg", pack, withKey(join(plane.home, "shared.key"))).status).toBe(0);
    const sig = JSON.parse(readFileSync(join(plane.root, `${archiveOf(DEMO)}.sig`), "utf8"));
    const script =
      "import base64,hashlib,hmac,sys;print(base64.b64encode(hmac.new(b'shared-key-text',sys.argv[1].encode(),hashlib.sha256).digest()).decode())";
    expect(ok(plane, "python3", "-c", script, sig.archive_hash).stdout.trim()).toBe(sig.signature);
    const verdict = (key: string) =>
      plane.run("pkg", ["verify", DEMO, "--json"], withKey(key)).json().checks[3].verdict;
    expect(["shared-key-text", "another", ""].map(verdict)).toEqual(["pass", "fail", "not_verifiable"]);
    for (const place of ["ledger/governance.jsonl", `${archiveOf(DEMO)}.sig`])
      expect(readFileSync(join(plane.root, place), "utf8")).not.toContain("shared-key-text");
  });

  test("the Python launcher hands --sign and --attest on", () => {
    const plane = newPlane();
    unsigned(plane);
    const revision = "0123456789".repeat(4);
    const source = [
      "--source-repo",
      "https://example.com/demo",
      "--source-revision",
      revision,
      "--source-branch",
      "main",
    ];
    ok(plane, "python3", "scripts/package_pack.py", "--src", "modules/demo", "--sign", "--attest", ...source);
    const { payload } = JSON.parse(readFileSync(join(plane.root, `${archiveOf(DEMO)}.intoto.jsonl`), "utf8"));
    expect(Buffer.from(payload, "base64").toString()).toContain(`{"gitCommit":"${revision}"}`);
    ok(plane, "pkg", "install", DEMO);
  });
});

describe("keys", () => {
  test("no command ever shows a private key, and changing keys wants an admin", () => {
    const plane = newPlane();
    const signing = join(plane.home, ".holdfast/planes", plane.plane_uid, "signing");
    const said = [
      ok(plane, "pkg", "keys", "generate", "release", "--json"),
      ok(plane, "pkg", "keys", "list", "--json"),
      ok(plane, "pkg", "keys", "list"),
      ok(plane, "pkg", "pack", "--src", "modules/demo", "--sign", "--json"),
    ].map(({ stdout, stderr }) => stdout + stderr);
    for (const name of readdirSync(signing).filter((one) => one.endsWith(".key"))) {
      const secret = readFileSync(join(signing, name), "utf8").split("\n")[1] ?? "";
      expect(said.join("")).not.toContain(secret);
      expect(readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8")).not.toContain(secret);
    }
    const { token } = ok(
      plane,
      "pkg",
      "auth",
      "issue",
      "--user",
      "m",
      "--role",
      "maintainer",
      "--json",
    ).json();
    const env = { ...plane.env, HOLDFAST_TOKEN: token as string };
    for (const words of [
      ["generate", "x"],
      ["rotate", "release"],
      ["revoke", "release", "--reason", "r"],
      ["trust", "--accept"],
    ])
      expect(plane.run("pkg", ["keys", ...words, "--json"], { env }).json().error.code).toBe("AUTH_ROLE");
    expect(existsSync(join(signing, "release.key"))).toBe(true);
  });

  test("a difference is shown by keys list with what to do, and both ways of settling it work", () => {
    const plane = newPlane();
    const path = join(plane.root, "config/trusted_keys.json");
    const before = readFileSync(path, "utf8");
    writeFileSync(path, before.replace('"active"', '"retired"'));
    const listed = plane.pkg("keys", "list");
    expect([listed.status, listed.stdout.includes("pkg keys trust --restore")]).toEqual([1, true]);
    ok(plane, "pkg", "keys", "trust", "--restore");
    expect(readFileSync(path, "utf8")).toBe(before);
    writeFileSync(path, before.replace('"active"', '"retired"'));
    ok(plane, "pkg", "keys", "trust", "--accept");
    expect(ok(plane, "pkg", "keys", "list", "--json").json().keys[0].status).toBe("retired");
    const unclear = plane.pkg("keys", "trust", "--accept", "--restore", "--json");
    expect([unclear.status, unclear.json().error.code]).toEqual([2, "INPUT_MISSING"]);
  });

  test("nobody can record a key event by hand", () => {
    const plane = newPlane();
    const forged = plane.pkg("ledger", "append", "--event", "key_rotated", "--subject", "x", "--json");
    expect(forged.json().error.code).toBe("EVENT_RESERVED");
  });
});
