import { describe, expect, test } from "vitest";
import { Fault } from "../../src/kernel/index.ts";
import { enforcePolicy, parsePolicy, type Voucher, type Vouching } from "../../src/provenance/index.ts";
import { revoked, testKey, trusted } from "./test-key.ts";

const DIGEST = "ab".repeat(32);
const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const [ann, bob] = [trusted(testKey("ann")), trusted(testKey("bob"))];
const subject = {
  package_id: "PKG-T2-DEMO-001",
  version: "1.0.0",
  tier: "T2",
  source: "packages_store/PKG-T2-DEMO-001.tar.gz",
  digest: DIGEST,
} as const;

const by = (key = ann, more: Partial<Voucher> = {}): Voucher => ({
  verdict: "valid",
  signer: `${key.name}+${key.key_hash}`,
  algorithm: "ed25519",
  keys: [key],
  ...more,
});
const attestedBy = (key = ann, builder_id = "urn:b") => by(key, { algorithm: "dsse", builder_id });

function judge(policy: string, vouchers: Partial<Vouching> = {}, about: Partial<typeof subject> = {}) {
  const vouching = {
    signature_path: "a.sig",
    provenance_path: "a.intoto.jsonl",
    signatures: [],
    provenance: [],
    ...vouchers,
  };
  const { problems, note } = enforcePolicy(parsePolicy(policy), { ...subject, ...about }, vouching, NOW_MS);
  return { codes: problems.map(({ code }) => code), problems, note };
}

const RULE = '[[signatures]]\nsigners = ["ann"]\n';
const waiver = (expires: string, more = "") =>
  `${RULE}[[waivers]]\npackage = "PKG-T2-*"\nowner = "carol"\nreason = "moving"\nexpires = ${expires}\n${more}`;

describe("what a rule demands", () => {
  test.each([
    ["nothing signed", RULE, {}, ["SIGNATURE_MISSING"]],
    ["signed by the named key", RULE, { signatures: [by()] }, []],
    ["signed by another trusted key", RULE, { signatures: [by(bob)] }, ["SIGNING_KEY_UNTRUSTED"]],
    [
      "signed by a key nobody knows",
      RULE,
      { signatures: [by(ann, { verdict: "untrusted", keys: [] })] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "two wanted, one there",
      '[[signatures]]\nsigners = ["ann", "bob"]\nthreshold = 2\n',
      { signatures: [by()] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "two wanted, two there",
      '[[signatures]]\nsigners = ["ann", "bob"]\nthreshold = 2\n',
      { signatures: [by(), by(bob)] },
      [],
    ],
    [
      "two wanted, one key under two names",
      '[[signatures]]\nsigners = ["ann", "bob"]\nthreshold = 2\n',
      { signatures: [by(), by({ ...ann, name: "bob" })] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "HMAC where it is not accepted",
      RULE,
      { signatures: [by(ann, { algorithm: "hmac-sha256", keys: [] })] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "HMAC where it is accepted",
      `${RULE}accept_hmac = true\n`,
      { signatures: [by(ann, { algorithm: "hmac-sha256", keys: [] })] },
      [],
    ],
    [
      "provenance wanted, none there",
      `${RULE}require_provenance = true\n`,
      { signatures: [by()] },
      ["PROVENANCE_MISSING"],
    ],
    [
      "provenance wanted, by another key",
      `${RULE}require_provenance = true\n`,
      { signatures: [by()], provenance: [attestedBy(bob)] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "provenance by another builder",
      `${RULE}require_provenance = true\nbuilders = ["urn:b"]\n`,
      { signatures: [by()], provenance: [attestedBy(ann, "urn:c")] },
      ["SIGNING_KEY_UNTRUSTED"],
    ],
    [
      "provenance by the wanted builder",
      `${RULE}require_provenance = true\nbuilders = ["urn:b"]\n`,
      { signatures: [by()], provenance: [attestedBy()] },
      [],
    ],
    ["a rule of other packages", `${RULE}packages = ["PKG-T3-*"]\n`, {}, []],
    ["a rule of other tiers", `${RULE}tiers = ["T3"]\n`, {}, []],
    ["a rule of other sources", `${RULE}sources = ["https://**"]\n`, {}, []],
    ["a rule of this source", `${RULE}sources = ["packages_store/*"]\n`, {}, ["SIGNATURE_MISSING"]],
    ["no policy", "", {}, []],
  ])("%s", (_, policy, vouchers, codes) => {
    expect(judge(policy, vouchers).codes).toEqual(codes);
  });

  test("the next step signs with a key the rule names, and names the builder where only that is wrong", () => {
    const step = (policy: string, vouchers: Partial<Vouching>) =>
      judge(policy, vouchers).problems[0]?.next_step ?? "";
    expect(step(RULE, {})).toContain('"pkg pack --src DIR --sign-key ann"');
    expect(step(RULE, { signatures: [by(bob)] })).toContain('"pkg pack --src DIR --sign-key ann"');
    const attested = `${RULE}require_provenance = true\n`;
    expect(step(attested, { signatures: [by()] })).toContain("--sign-key ann --attest");
    const built = judge(`${attested}builders = ["urn:b"]\n`, {
      signatures: [by()],
      provenance: [attestedBy(ann, "urn:c")],
    }).problems[0];
    expect(built?.message).toContain("built by urn:b");
    expect(built?.next_step).toContain("Have it built by urn:b");
  });

  test("all rules that concern an archive must hold", () => {
    const both = `${RULE}\n[[signatures]]\nsigners = ["bob"]\n`;
    expect(judge(both, { signatures: [by()] }).codes).toEqual(["SIGNING_KEY_UNTRUSTED"]);
    expect(judge(both, { signatures: [by(), by(bob)] }).codes).toEqual([]);
  });
});

describe("what no policy and no waiver makes good", () => {
  const broken: Record<string, [Partial<Vouching>, string]> = {
    "a broken signature": [{ signatures: [by(ann, { verdict: "invalid", keys: [] })] }, "SIGNATURE_INVALID"],
    "a revoked key": [
      { signatures: [by({ ...ann, ...revoked }, { verdict: "revoked" })] },
      "SIGNING_KEY_REVOKED",
    ],
    "a revoked key beside a good one": [
      { signatures: [by(bob), by({ ...ann, ...revoked }, { verdict: "revoked" })] },
      "SIGNING_KEY_REVOKED",
    ],
    "broken provenance": [{ provenance: [by(ann, { verdict: "invalid", keys: [] })] }, "PROVENANCE_INVALID"],
    "swapped provenance": [
      { provenance: [by(ann, { verdict: "mismatch", keys: [], subject: "cd".repeat(32) })] },
      "PROVENANCE_MISMATCH",
    ],
  };
  test.each(Object.entries(broken))("%s", (_, [vouchers, code]) => {
    for (const policy of ["", waiver("2027-01-01")]) expect(judge(policy, vouchers).codes).toEqual([code]);
  });

  test("an unknown signer without a policy is as good as no signature", () => {
    const { codes, note } = judge("", { signatures: [by(ann, { verdict: "untrusted", keys: [] })] });
    expect([codes, note.signed_by]).toEqual([[], []]);
  });
});

describe("waivers", () => {
  test("one in force lifts the demand and is told", () => {
    const { codes, note } = judge(waiver("2027-01-01"));
    expect(codes).toEqual([]);
    expect(note.waiver).toEqual({ owner: "carol", reason: "moving", expires: "2027-01-01T00:00:00.000Z" });
  });
  test("none is noted where none was needed", () => {
    expect(judge(waiver("2027-01-01"), { signatures: [by()] }).note.waiver).toBeUndefined();
  });
  test.each(["2026-06-01T00:00:00Z", "2026-05-31", '"2026-06-01"', "2026-06-01T02:00:00+02:00"])(
    "one that ends at %s has expired",
    (expires) => {
      const { codes, problems } = judge(waiver(expires));
      expect(codes).toEqual(["WAIVER_EXPIRED", "SIGNATURE_MISSING"]);
      expect(problems[0]?.next_step).toContain("carol");
    },
  );
  test("one of another version or package does not count, expired or not", () => {
    expect(judge(waiver("2027-01-01", 'version = "2.0.0"\n')).codes).toEqual(["SIGNATURE_MISSING"]);
    expect(judge(waiver("2020-01-01"), {}, { package_id: "PKG-OTHER" as never }).codes).toEqual([
      "SIGNATURE_MISSING",
    ]);
  });
});

describe("a policy that cannot be read is refused, naming the place", () => {
  test.each([
    ["[[signatures]\n", "line 1"],
    ["[[signatures]]\n", "/signatures/0/signers"],
    ["[[signatures]]\nsigners = []\n", "/signatures/0/signers"],
    [`${RULE}threshold = 2\n`, "/signatures/0/threshold"],
    [`${RULE}signer = "ann"\n`, "/signatures/0/signer"],
    [`${RULE}tiers = ["T9"]\n`, "/signatures/0/tiers/0"],
    ['[[waivers]]\npackage = "*"\nowner = "a"\nreason = "b"\n', "/waivers/0/expires"],
    ['[[waivers]]\npackage = "*"\nowner = "a"\nreason = "b"\nexpires = "soon"\n', "/waivers/0/expires"],
    ['[[waivers]]\npackage = "*"\nreason = "b"\nexpires = 2027-01-01\n', "/waivers/0/owner"],
  ])("%j", (text, field) => {
    let fault: unknown;
    try {
      parsePolicy(text);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(Fault);
    expect((fault as Fault).code).toBe("POLICY_INVALID");
    expect((fault as Fault).details["field"]).toContain(field);
  });

  test("the spelling of config/waivers.toml is told, and the right one is named", () => {
    const text = '[[waiver]]\npackage = "*"\nowner = "a"\nreason = "b"\nexpires = 2027-01-01\n';
    expect(() => parsePolicy(text)).toThrow(
      "config/policy.toml takes [[waivers]], not [[waiver]]; that is the spelling of config/waivers.toml",
    );
    expect(parsePolicy(text.replace("[[waiver]]", "[[waivers]]")).waivers).toHaveLength(1);
  });
});
