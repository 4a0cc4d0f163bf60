import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  ensureSigningKeys,
  firstKeyName,
  formatVerifierKey,
  initAuth,
  keysDirectory,
  keysPlaces,
  loadSigningKey,
  parseVerifierKey,
  readPinnedKeys,
  verifyEd25519,
  writePinnedKeys,
} from "../../src/keys/index.ts";
import { aPlane, faultOf, PLANE_UID } from "./plane-keys.ts";

/** RFC 8032, section 7.1, test 3: key, message, signature. */
const RFC = {
  public_key: Buffer.from("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "hex"),
  message: Buffer.from("af82", "hex"),
  signature: Buffer.from(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    "hex",
  ),
};
/** The key of the Go checksum database, as published with the go command. */
const SUM_GOLANG_ORG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

function signed() {
  const made = aPlane();
  const places = keysPlaces(keysDirectory(made.effects.host, PLANE_UID));
  const keys = ensureSigningKeys(made.effects, places, PLANE_UID);
  return { ...made, places, keys };
}

test("the published vector verifies; every changed bit, short key and long signature does not", () => {
  const { public_key, message, signature } = RFC;
  expect(verifyEd25519(public_key, message, signature)).toBe(true);
  for (let bit = 0; bit < 512; bit += 37) {
    const changed = Buffer.from(signature);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(verifyEd25519(public_key, message, changed)).toBe(false);
  }
  expect(verifyEd25519(public_key, Buffer.from("af83", "hex"), signature)).toBe(false);
  expect(verifyEd25519(public_key.subarray(1), message, signature)).toBe(false);
  expect(verifyEd25519(public_key, message, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
  expect(verifyEd25519(Buffer.alloc(32, 255), message, signature)).toBe(false);
});

test("a published verifier key is read and written back the same; near misses are not keys", () => {
  const parsed = parseVerifierKey(SUM_GOLANG_ORG);
  expect(parsed).toMatchObject({ name: "sum.golang.org", key_hash: "033de0ae" });
  expect(formatVerifierKey("sum.golang.org", parsed?.public_key ?? new Uint8Array())).toBe(SUM_GOLANG_ORG);
  for (const bad of [
    "",
    `${SUM_GOLANG_ORG}\n`,
    SUM_GOLANG_ORG.replace("033de0ae", "033de0af"),
    SUM_GOLANG_ORG.replace("033de0ae", "033DE0AE"),
    SUM_GOLANG_ORG.replace("sum", "s m"),
    SUM_GOLANG_ORG.replace("sum.golang.org", ""),
    SUM_GOLANG_ORG.replace("+Ac4z", "+Bc4z"),
    `${SUM_GOLANG_ORG}=`,
    SUM_GOLANG_ORG.slice(0, -4),
  ]) {
    expect(parseVerifierKey(bad), bad).toBeUndefined();
  }
});

test("a new plane gets a ledger and a package key, private from creation, that sign what verifies", async () => {
  const made = aPlane();
  const directory = keysDirectory(made.effects.host, PLANE_UID);
  const before = process.umask(0);
  try {
    await initAuth(made.effects, { directory, ...made.plane, force: false });
  } finally {
    process.umask(before);
  }
  const places = keysPlaces(directory);
  expect(statSync(places.signing).mode & 0o777).toBe(0o700);
  const bytes = Buffer.from("any bytes");
  for (const use of ["ledger", "package"] as const) {
    const name = firstKeyName(PLANE_UID, use);
    expect(statSync(`${places.signing}/${name}.key`).mode & 0o777).toBe(0o600);
    const key = loadSigningKey(made.effects, places, { use });
    expect(key?.name).toBe(name);
    expect(verifyEd25519(key?.public_key ?? bytes, bytes, key?.sign(bytes) ?? bytes)).toBe(true);
    expect(parseVerifierKey(key?.vkey ?? "")?.public_key).toEqual(key?.public_key);
    expect(JSON.stringify(key)).not.toContain("PRIVATE");
  }
  expect(statSync(places.pinned_keys).mode & 0o777).toBe(0o600);
});

test("replacing the secret keeps the signing keys", async () => {
  const made = aPlane();
  const directory = keysDirectory(made.effects.host, PLANE_UID);
  await initAuth(made.effects, { directory, ...made.plane, force: false });
  const before = readFileSync(keysPlaces(directory).pinned_keys, "utf8");
  await initAuth(made.effects, { directory, ...made.plane, force: true });
  expect(readFileSync(keysPlaces(directory).pinned_keys, "utf8")).toBe(before);
});

test("keys made before the pin was written are taken up again, not replaced", () => {
  const { effects, places, keys } = signed();
  effects.fs.remove(places.pinned_keys);
  expect(ensureSigningKeys(effects, places, PLANE_UID).map(({ vkey }) => vkey)).toEqual(
    keys.map(({ vkey }) => vkey),
  );
});

test("without keys there is none to sign with; a revoked or retired one is none either", () => {
  const { effects, places, keys } = signed();
  expect(loadSigningKey(effects, places, { use: "package", name: "other" })).toBeUndefined();
  writePinnedKeys(
    effects,
    places,
    keys.map((key) => ({ ...key, status: "retired" as const })),
  );
  expect(loadSigningKey(effects, places, { use: "package" })).toBeUndefined();
  const elsewhere = keysPlaces(`${places.directory}-none`);
  expect(readPinnedKeys(effects.fs, elsewhere)).toBeUndefined();
  expect(loadSigningKey(effects, elsewhere, { use: "ledger" })).toBeUndefined();
  expect(existsSync(elsewhere.directory)).toBe(false);
});

test.each([
  ["not a key", "secret-looking text"],
  [
    "another algorithm",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n",
  ],
])("a key file that is %s is damage, and its content is never shown", async (_, text) => {
  const { effects, places } = signed();
  const path = `${places.signing}/${firstKeyName(PLANE_UID, "package")}.key`;
  writeFileSync(path, text);
  const fault = await faultOf(() => loadSigningKey(effects, places, { use: "package" }));
  expect(fault.code).toBe("SIGNING_STATE_DAMAGED");
  expect(JSON.stringify(fault)).not.toContain(text.slice(0, 12));
});

test("a private key that is not the pinned one is not used", async () => {
  const { effects, places } = signed();
  const [ledger, own] = (["ledger", "package"] as const).map(
    (use) => `${places.signing}/${firstKeyName(PLANE_UID, use)}.key`,
  );
  writeFileSync(own ?? "", readFileSync(ledger ?? ""));
  const fault = await faultOf(() => loadSigningKey(effects, places, { use: "package" }));
  expect(fault.code).toBe("SIGNING_STATE_DAMAGED");
});

test.each([
  [
    "key",
    (places: ReturnType<typeof keysPlaces>) => `${places.signing}/${firstKeyName(PLANE_UID, "ledger")}.key`,
    0o644,
  ],
  ["pin", (places: ReturnType<typeof keysPlaces>) => places.pinned_keys, 0o660],
  ["folder", (places: ReturnType<typeof keysPlaces>) => places.signing, 0o770],
])("a %s others could use is refused", async (_, pathOf, mode) => {
  const { effects, places } = signed();
  chmodSync(pathOf(places), mode);
  const fault = await faultOf(() => loadSigningKey(effects, places, { use: "ledger" }));
  expect(fault.code).toBe("AUTH_SECRET_EXPOSED");
});

test.each([
  ["no JSON", "{", "it is not JSON"],
  ["another version", '{"format_version": 2, "keys": []}', "its format_version is not 1"],
  ["an unknown member", '{"format_version": 1, "keys": [], "__proto__": {}}', "it is not a list of keys"],
  [
    "no verifier key",
    '{"format_version": 1, "keys": [{"name": "a", "vkey": "a"}]}',
    "keys[0]: vkey is not an Ed25519 verifier key",
  ],
])("a pin with %s is damage, told where", async (_, text, problem) => {
  const { effects, places } = signed();
  writeFileSync(places.pinned_keys, text);
  const fault = await faultOf(() => readPinnedKeys(effects.fs, places));
  expect(fault.code).toBe("SIGNING_STATE_DAMAGED");
  expect(fault.message).toContain(problem);
});
