/** Who may vouch for a package: each way to get past the signature policy is refused with its own code, and changes nothing. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest } from "../support/cli.ts";
import { ok, planesLike, put, steadyTree } from "./scenes.ts";

const DEMO = "PKG-T1-DEMO-001";
const OTHER = "PKG-T1-OTHER-001";
const archiveOf = (id: string, version = "1.0.0") => `packages_store/${id}-${version}.tar.gz`;

/** Two signed and attested packages, and a policy that wants both signed by the plane's key, with provenance. */
const newPlane = planesLike((folder) => {
  const plane = makePlane({ folder });
  for (const [name, id] of [
    ["demo", DEMO],
    ["other", OTHER],
  ] as const) {
    put(plane, `modules/${name}/__init__.py`, `NAME = "${name}"\n`);
    put(plane, `modules/${name}/holdfast.toml`, `id = "${id}"\nversion = "1.0.0"\n`);
    ok(plane, "pkg", "pack", "--src", `modules/${name}`, "--sign", "--attest");
  }
  policy(plane, "");
  return plane;
});

const keyOf = (plane: PlaneUnderTest): string => `plane-${plane.plane_uid.slice(0, 12)}-package`;

function policy(plane: PlaneUnderTest, more: string, signers = [keyOf(plane)]): void {
  const rule = `[[signatures]]\nsigners = ${JSON.stringify(signers)}\nrequire_provenance = true\n`;
  put(plane, "config/policy.toml", `${rule}${more}`);
}

const waiver = (expires: string): string =>
  `[[waivers]]\npackage = "${DEMO}"\nowner = "carol"\nreason = "old package"\nexpires = ${expires}\n`;

/** Both names of a package's archive in the store. */
const names = (id = DEMO): string[] => [archiveOf(id), `packages_store/${id}.tar.gz`];

const unsigned = (plane: PlaneUnderTest): void => {
  for (const name of names())
    for (const end of [".sig", ".intoto.jsonl"]) rmSync(join(plane.root, name + end));
};
const edited = (plane: PlaneUnderTest, end: string, edit: (text: string) => string): void => {
  for (const name of names()) {
    const path = join(plane.root, name + end);
    writeFileSync(path, edit(readFileSync(path, "utf8")));
  }
};
const ofOther = (plane: PlaneUnderTest, end: string): void => {
  for (const [index, name] of names().entries())
    cpSync(join(plane.root, (names(OTHER)[index] ?? "") + end), join(plane.root, name + end));
};
/** Another first character of the signature. */
const flipped = (text: string): string =>
  text.replace(/("signature": ")(.)/, (_, head: string, one: string) => head + (one === "A" ? "B" : "A"));

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
});

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
