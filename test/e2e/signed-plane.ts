/** A plane with signed and attested packages under a policy that wants both, and ways to spoil that. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlane, type PlaneUnderTest } from "../support/cli.ts";
import { ok, put } from "./scenes.ts";

export const DEMO = "PKG-T1-DEMO-001";
export const OTHER = "PKG-T1-OTHER-001";
export const archiveOf = (id: string, version = "1.0.0") => `packages_store/${id}-${version}.tar.gz`;

/** Two signed and attested packages, and a policy that wants both signed by the plane's key, with provenance. */
export function signedPlane(folder: string): PlaneUnderTest {
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
}

export const keyOf = (plane: PlaneUnderTest): string => `plane-${plane.plane_uid.slice(0, 12)}-package`;

export function policy(plane: PlaneUnderTest, more: string, signers = [keyOf(plane)]): void {
  const rule = `[[signatures]]\nsigners = ${JSON.stringify(signers)}\nrequire_provenance = true\n`;
  put(plane, "config/policy.toml", `${rule}${more}`);
}

export const waiver = (expires: string): string =>
  `[[waivers]]\npackage = "${DEMO}"\nowner = "carol"\nreason = "old package"\nexpires = ${expires}\n`;

/** Both names of a package's archive in the store. */
export const names = (id = DEMO): string[] => [archiveOf(id), `packages_store/${id}.tar.gz`];

export const unsigned = (plane: PlaneUnderTest): void => {
  for (const name of names())
    for (const end of [".sig", ".intoto.jsonl"]) rmSync(join(plane.root, name + end));
};
export const edited = (plane: PlaneUnderTest, end: string, edit: (text: string) => string): void => {
  for (const name of names()) {
    const path = join(plane.root, name + end);
    writeFileSync(path, edit(readFileSync(path, "utf8")));
  }
};
export const ofOther = (plane: PlaneUnderTest, end: string): void => {
  for (const [index, name] of names().entries())
    cpSync(join(plane.root, (names(OTHER)[index] ?? "") + end), join(plane.root, name + end));
};
/** Another first character of the signature. */
export const flipped = (text: string): string =>
  text.replace(/("signature": ")(.)/, (_, head: string, one: string) => head + (one === "A" ? "B" : "A"));
