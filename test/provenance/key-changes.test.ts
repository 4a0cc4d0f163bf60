import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import {
  ensureSigningKeys,
  firstKeyName,
  loadSigningKey,
  TRUSTED_KEYS_PATH,
  type TrustedKey,
} from "../../src/keys/index.ts";
import { readEntries } from "../../src/ledger/index.ts";
import { GOVERNANCE_STREAM, planeStream } from "../../src/plane/index.ts";
import {
  acceptKeys,
  acceptPolicy,
  compareKeys,
  generateKey,
  POLICY_PATH,
  placesOf,
  readPolicy,
  restoreKeys,
  revokeKey,
  rotateKey,
  rotationHolds,
  trustedKeys,
  trustKey,
} from "../../src/provenance/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";
import { testKey } from "./test-key.ts";

const WHO = { user: "ann" };

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "none";
}

/** Effects in which the rename onto a path that ends like this fails, once. */
function failing(effects: Effects, suffix: string): Effects {
  let armed = true;
  const rename = (from: string, to: string): void => {
    if (armed && to.endsWith(suffix)) {
      armed = false;
      throw Object.assign(new Error("EIO"), { code: "EIO" });
    }
    effects.fs.rename(from, to);
  };
  return { ...effects, fs: { ...bound(effects.fs), rename } };
}

const bound = <T extends object>(thing: T): T =>
  new Proxy(thing, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
    ownKeys: (target) => [
      ...new Set([...Reflect.ownKeys(target), ...Reflect.ownKeys(Object.getPrototypeOf(target) as object)]),
    ],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });

function entriesOf({ effects, plane }: LibraryPlane, event: string) {
  return [...readEntries(effects.fs, planeStream(plane, GOVERNANCE_STREAM))]
    .flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
    .filter(({ event_type }) => event_type === event);
}
const nameOf = ({ plane }: LibraryPlane): string => firstKeyName(plane.config.plane_uid, "package");
const statuses = ({ effects, plane }: LibraryPlane): string[] =>
  trustedKeys(effects, plane)
    .filter(({ uses }) => uses.includes("package"))
    .map(({ name, status }) => `${name.replace(/^plane-[0-9a-f]+-/, "")} ${status}`);
const inForce = ({ effects, plane }: LibraryPlane): string | undefined =>
  loadSigningKey(effects, placesOf(plane), { use: "package" })?.vkey;

function editList(one: LibraryPlane, edit: (keys: TrustedKey[]) => unknown): void {
  const path = `${one.root}/${TRUSTED_KEYS_PATH}`;
  const list = JSON.parse(readFileSync(path, "utf8")) as { keys: TrustedKey[] };
  edit(list.keys);
  writeFileSync(path, JSON.stringify(list));
}

test("a new plane publishes what is pinned", async () => {
  const one = await libraryPlane();
  expect(compareKeys(one.effects.fs, one.plane).differences).toEqual([]);
  expect(statuses(one)).toEqual(["package active"]);
});

describe("rotation", () => {
  test("the entry is signed by both keys, for this plane; the old key only verifies, its private half is gone", async () => {
    const one = await libraryPlane();
    const before = inForce(one);
    const made = await rotateKey(one.effects, one.plane, { ...WHO, name: nameOf(one) });
    expect(statuses(one)).toEqual(["package retired", "package active"]);
    expect(inForce(one)).toBe(made.vkey);
    const [entry, ...more] = entriesOf(one, "key_rotated");
    expect(more).toEqual([]);
    const rotation = entry?.metadata ?? {};
    expect([rotation["old_vkey"], rotation["new_vkey"]]).toEqual([before, made.vkey]);
    const { plane_uid } = one.plane.config;
    expect(rotationHolds(plane_uid, rotation)).toBe(true);
    expect(rotationHolds("f".repeat(32), rotation)).toBe(false);
    for (const [name, value] of Object.entries({
      old_signature: rotation["new_signature"],
      new_signature: rotation["old_signature"],
      rotated_at: "2020-01-01T00:00:00.000Z",
      new_vkey: testKey("eve").vkey,
      old_vkey: rotation["new_vkey"],
    }))
      expect(rotationHolds(plane_uid, { ...rotation, [name]: value }), name).toBe(false);
    expect(readdirSync(placesOf(one.plane).signing).sort()).toEqual([
      `${firstKeyName(plane_uid, "ledger")}.key`,
      `${nameOf(one)}.key`,
      "trusted.json",
    ]);
  });

  test.each([
    ["before the pin", "trusted.json"],
    ["before the plane's list", "trusted_keys.json"],
    ["before the new key is in its place", ".key"],
  ])(
    "cut short %s it is completed: one entry, both signatures, a key to sign with throughout",
    async (_, suffix) => {
      const one = await libraryPlane();
      const name = nameOf(one);
      await expect(rotateKey(failing(one.effects, suffix), one.plane, { ...WHO, name })).rejects.toThrow();
      expect(inForce(one)).toBeDefined();
      await restoreKeys(one.effects, one.plane, WHO);
      const is_done = statuses(one).length === 2;
      if (!is_done) await rotateKey(one.effects, one.plane, { ...WHO, name });
      expect(statuses(one)).toEqual(["package retired", "package active"]);
      expect(entriesOf(one, "key_rotated").map(({ metadata }) => metadata["new_vkey"])).toEqual([
        inForce(one),
      ]);
      await rotateKey(one.effects, one.plane, { ...WHO, name });
      expect(statuses(one)).toEqual(["package retired", "package retired", "package active"]);
    },
  );

  test("cut short behind the pin, everything goes on, repeating completes it, and no revoked key is taken over", async () => {
    for (const next of ["rotate", "accept", "restore"]) {
      const one = await libraryPlane();
      const { effects, plane } = one;
      const request = { ...WHO, key: nameOf(one), reason: "lost" };
      const cut = failing(effects, "config/trusted_keys.json");
      await expect(revokeKey(cut, plane, request)).rejects.toThrow();
      expect(statuses(one)).toEqual(["package revoked"]);
      expect(compareKeys(effects.fs, plane).differences).toEqual([]);
      if (next === "rotate") await generateKey(effects, plane, { ...WHO, name: "next", use: "package" });
      if (next === "accept") expect(await acceptKeys(effects, plane, WHO)).toEqual([]);
      if (next === "restore") expect(await restoreKeys(effects, plane, WHO)).toHaveLength(1);
      expect(statuses(one)[0]).toBe("package revoked");
      const published = readFileSync(`${one.root}/${TRUSTED_KEYS_PATH}`, "utf8");
      expect(published).toContain('"revoked"');
      expect(readdirSync(placesOf(plane).signing)).not.toContain("publishing.sha256");
    }
  });

  test("an edit of the list is one also after a change was cut short", async () => {
    const one = await libraryPlane();
    const { effects, plane } = one;
    const cut = failing(effects, "config/trusted_keys.json");
    await expect(rotateKey(cut, plane, { ...WHO, name: nameOf(one) })).rejects.toThrow();
    editList(one, (keys) => keys.pop());
    expect(compareKeys(effects.fs, plane).differences).not.toEqual([]);
    expect(await codeOf(() => rotateKey(effects, plane, { ...WHO, name: nameOf(one) }))).toBe(
      "TRUSTED_KEYS_CHANGED",
    );
  });

  test("a key of somebody else or of another machine cannot be rotated here", async () => {
    const one = await libraryPlane();
    const eve = testKey("eve");
    await trustKey(one.effects, one.plane, { ...WHO, vkey: eve.vkey, use: "package" });
    const rotate = (name: string) => codeOf(() => rotateKey(one.effects, one.plane, { ...WHO, name }));
    expect(await rotate("eve")).toBe("SIGNING_KEY_NOT_HERE");
    expect(await rotate("../eve")).toBe("SIGNING_KEY_UNKNOWN");
  });
});

describe("generate, trust, revoke", () => {
  test("a second key of a name, a bad name and a bad verifier key are refused, and nothing is recorded", async () => {
    const one = await libraryPlane();
    const { effects, plane } = one;
    const generate = (name: string) =>
      codeOf(() => generateKey(effects, plane, { ...WHO, name, use: "package" }));
    expect(await generate(nameOf(one))).toBe("SIGNING_KEY_EXISTS");
    for (const bad of ["../x", "", "a b", "a+b", "x".repeat(65)])
      expect(await generate(bad)).toBe("SIGNING_KEY_NAME_INVALID");
    const trust = (vkey: string) => codeOf(() => trustKey(effects, plane, { ...WHO, vkey, use: "package" }));
    expect(await trust("x")).toBe("VERIFIER_KEY_INVALID");
    expect(await trust(inForce(one) ?? "")).toBe("SIGNING_KEY_EXISTS");
    for (const event of ["key_generated", "key_trusted"]) expect(entriesOf(one, event)).toEqual([]);
  });

  test("a generated key is trusted, recorded, and never shown", async () => {
    const one = await libraryPlane();
    const made = await generateKey(one.effects, one.plane, { ...WHO, name: "release", use: "package" });
    const pem = readFileSync(`${placesOf(one.plane).signing}/release.key`, "utf8");
    const [entry] = entriesOf(one, "key_generated");
    expect(entry?.metadata["vkey"]).toBe(made.vkey);
    const secret = pem.split("\n")[1] ?? "";
    expect(secret.length).toBeGreaterThan(40);
    expect(
      JSON.stringify([made, entry, readFileSync(`${one.root}/${TRUSTED_KEYS_PATH}`, "utf8")]),
    ).not.toContain(secret);
  });

  test("revoking names when and why, destroys the private half, and cannot be repeated or undone by trusting again", async () => {
    const one = await libraryPlane();
    const { effects, plane } = one;
    const vkey = inForce(one) ?? "";
    const revoke = (key: string) => revokeKey(effects, plane, { ...WHO, key, reason: "laptop lost" });
    const gone = await revoke(nameOf(one));
    expect(gone.revoked?.reason).toBe("laptop lost");
    expect(existsSync(`${placesOf(plane).signing}/${nameOf(one)}.key`)).toBe(false);
    expect(inForce(one)).toBeUndefined();
    expect(await codeOf(() => revoke(nameOf(one)))).toBe("SIGNING_KEY_UNKNOWN");
    expect(await codeOf(() => trustKey(effects, plane, { ...WHO, vkey, use: "package" }))).toBe(
      "SIGNING_KEY_EXISTS",
    );
    const next = await generateKey(effects, plane, { ...WHO, use: "package" });
    expect([next.name, next.vkey === vkey]).toEqual([nameOf(one), false]);
    expect(inForce(one)).toBe(next.vkey);
  });

  test("after a rotation a name is not enough: the id says which", async () => {
    const one = await libraryPlane();
    const { effects, plane } = one;
    const old = inForce(one) ?? "";
    await rotateKey(effects, plane, { ...WHO, name: nameOf(one) });
    const revoke = (key: string) => revokeKey(effects, plane, { ...WHO, key, reason: "old" });
    expect(await codeOf(() => revoke(nameOf(one)))).toBe("SIGNING_KEY_AMBIGUOUS");
    await revoke(old.split("+").slice(0, 2).join("+"));
    expect(statuses(one)).toEqual(["package revoked", "package active"]);
    // As `pkg keys list` shows it, and as one would paste it.
    const shown = inForce(one) ?? "";
    expect(shown).not.toBe("");
    expect((await revoke(shown)).vkey).toBe(shown);
  });
});

describe("who can write only the plane", () => {
  const eve = testKey("eve");
  const edits: Record<string, (keys: TrustedKey[]) => unknown> = {
    "adds a key": (keys) =>
      keys.push({
        name: "eve",
        vkey: eve.vkey,
        uses: ["package"],
        status: "active",
        since: "2026-01-01T00:00:00Z",
      }),
    "takes a key away": (keys) => keys.pop(),
    "widens a use": (keys) => keys.splice(0, 1, { ...(keys[0] as TrustedKey), uses: ["ledger", "package"] }),
    "retires a key": (keys) => keys.splice(0, 1, { ...(keys[0] as TrustedKey), status: "retired" }),
  };
  test.each(Object.entries(edits))(
    "%s: nothing signed is accepted and no key can be changed",
    async (_, edit) => {
      const one = await libraryPlane();
      const { effects, plane } = one;
      editList(one, edit);
      expect(await codeOf(() => trustedKeys(effects, plane))).toBe("TRUSTED_KEYS_CHANGED");
      expect(await codeOf(() => generateKey(effects, plane, { ...WHO, name: "x", use: "package" }))).toBe(
        "TRUSTED_KEYS_CHANGED",
      );
      expect(compareKeys(effects.fs, plane).differences).toHaveLength(1);
      expect(await restoreKeys(effects, plane, WHO)).toHaveLength(1);
      expect(statuses(one)).toEqual(["package active"]);
    },
  );

  test("takes a revocation back: refused", async () => {
    const one = await libraryPlane();
    const before = readFileSync(`${one.root}/${TRUSTED_KEYS_PATH}`);
    await revokeKey(one.effects, one.plane, { ...WHO, key: nameOf(one), reason: "lost" });
    writeFileSync(`${one.root}/${TRUSTED_KEYS_PATH}`, before);
    expect(await codeOf(() => trustedKeys(one.effects, one.plane))).toBe("TRUSTED_KEYS_CHANGED");
  });

  test.each([
    ["deletes the list", undefined],
    ["damages it", "{"],
  ])("%s: refused, and it cannot be accepted, only restored", async (_, text) => {
    const one = await libraryPlane();
    const path = `${one.root}/${TRUSTED_KEYS_PATH}`;
    if (text === undefined) one.effects.fs.remove(path);
    else writeFileSync(path, text);
    expect(await codeOf(() => acceptKeys(one.effects, one.plane, WHO))).toBe("TRUSTED_KEYS_CHANGED");
    await restoreKeys(one.effects, one.plane, WHO);
    expect(statuses(one)).toEqual(["package active"]);
  });

  test("an operator's own edit is accepted by name, with an entry that says what changed", async () => {
    const one = await libraryPlane();
    editList(one, edits["adds a key"] ?? (() => undefined));
    expect(await acceptKeys(one.effects, one.plane, WHO)).toEqual([`${eve.vkey} was added`]);
    expect(statuses(one)).toEqual(["package active", "eve active"]);
    expect(entriesOf(one, "trusted_keys_accepted")[0]?.metadata["differences"]).toEqual([
      `${eve.vkey} was added`,
    ]);
    expect(await acceptKeys(one.effects, one.plane, WHO)).toEqual([]);
  });

  test("on a machine that never saw this plane nothing is trusted until somebody accepts it", async () => {
    const one = await libraryPlane();
    one.effects.fs.remove(placesOf(one.plane).pinned_keys);
    expect(await codeOf(() => trustedKeys(one.effects, one.plane))).toBe("TRUSTED_KEYS_CHANGED");
    expect(await codeOf(() => restoreKeys(one.effects, one.plane, WHO))).toBe("TRUSTED_KEYS_CHANGED");
    await acceptKeys(one.effects, one.plane, WHO);
    expect(statuses(one)).toEqual(["package active"]);
  });
});

test("a second machine of the plane keeps the keys it made when it accepts the plane's list", async () => {
  const one = await libraryPlane();
  const { effects, plane } = one;
  const first = inForce(one);
  rmSync(placesOf(plane).signing, { recursive: true });
  ensureSigningKeys(effects, placesOf(plane), plane.config.plane_uid);
  const second = inForce(one);
  expect(second).not.toBe(first);
  await acceptKeys(effects, plane, WHO);
  expect(inForce(one)).toBe(second);
  expect(trustedKeys(effects, plane).map(({ vkey }) => vkey)).toEqual(
    expect.arrayContaining([first, second]),
  );
  expect(compareKeys(effects.fs, plane).differences).toEqual([]);
});

test("an accepted policy cannot be edited or deleted unnoticed; one never accepted is enforced as it lies there", async () => {
  const one = await libraryPlane();
  const { effects, plane } = one;
  const path = `${one.root}/${POLICY_PATH}`;
  expect(readPolicy(effects, plane)).toEqual({ signatures: [], waivers: [] });
  expect(await acceptPolicy(effects, plane, "ann")).toBe(false);
  writeFileSync(path, '[[signatures]]\nsigners = ["ann"]\n');
  expect(readPolicy(effects, plane).signatures).toHaveLength(1);
  expect(await acceptPolicy(effects, plane, "ann")).toBe(true);
  expect(await acceptPolicy(effects, plane, "ann")).toBe(false);
  expect(entriesOf(one, "policy_accepted")).toHaveLength(1);
  for (const change of [() => writeFileSync(path, "# nothing\n"), () => effects.fs.remove(path)]) {
    change();
    expect(await codeOf(() => readPolicy(effects, plane))).toBe("POLICY_CHANGED");
  }
  expect(await acceptPolicy(effects, plane, "ann")).toBe(true);
  writeFileSync(path, '[[signatures]]\nsigners = ["eve"]\n');
  expect(await codeOf(() => readPolicy(effects, plane))).toBe("POLICY_CHANGED");
});
