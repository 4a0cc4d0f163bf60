/** The steps every case of a code goes through. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Finding, PreflightSubject } from "../../src/contracts/index.ts";
import type { FaultJson } from "../../src/kernel/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { parseToml } from "../../src/metadata/index.ts";
import type { Case } from "./case.ts";
import { filesOf } from "./cases.ts";
import { GOOD_FILES, ID, MARK, placeOfMark, unmarked } from "./good.ts";
import { forge, type Scene } from "./scene.ts";

export interface Stage {
  readonly at: Scene;
  readonly given: Case;
  /** The source folder, relative to the plane. */
  readonly folder: string;
  /** Words after `pkg preflight`. */
  words: string[];
}

type Files = Readonly<Record<string, string | null>>;

const below = (folder: string, files: Files): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text === null ? null : unmarked(text)]),
  );

export async function prepare(at: Scene, given: Case): Promise<Stage> {
  const folder = `src/${given.code.toLowerCase()}/notes`;
  at.put(below(folder, filesOf(given)));
  await given.plane?.(at, folder);
  const stage: Stage = { at, given, folder, words: [folder] };
  if (given.archive === "packed") stage.words = [`packages_store/${ID}-1.0.0.tar.gz`];
  if (given.archive === "forged") {
    const { path, digest } = await forged(stage);
    const is_vouched_for = given.code !== "NOT_REGISTERED" && given.code !== "DIGEST_MISMATCH";
    stage.words = is_vouched_for ? [path, "--digest", digest] : [path];
  }
  return stage;
}

export async function judged({ at, words }: Stage): Promise<PreflightSubject> {
  const ran = await at.pkg("preflight", ...words, "--json");
  const { subjects, error } = ran.json() as { subjects?: PreflightSubject[]; error?: FaultJson };
  const [subject] = subjects ?? [];
  if (subject === undefined) throw new Error(`${error?.code}: ${error?.message}`);
  expect(ran.status).toBe(subject.healthy ? 0 : 1);
  for (const { verdict, examined, reason } of subject.checks) {
    if (verdict === "pass") expect(examined).toBeGreaterThan(0);
    if (verdict === "not_run") expect(reason).not.toBe("");
  }
  return subject;
}

/** Exactly this code, once. */
export function onlyFinding({ findings, healthy }: PreflightSubject, { code, refused }: Case): Finding {
  expect([...new Set(findings.map((finding) => finding.code))]).toEqual([code]);
  expect(healthy).toBe(refused === "advice");
  return findings[0] as Finding;
}

/** The mark stands where an editor must jump to. */
export function expectPlace({ given, folder }: Stage, { path, field, line, column }: Finding): void {
  const marked = Object.entries(filesOf(given)).find(([, text]) => text?.includes(MARK) === true);
  if (marked === undefined) return expect(field).toBe(given.field);
  const [name, text] = marked;
  expect({ path, field, line, column }).toEqual({
    path: `${folder}/${name}`,
    field: given.field,
    ...placeOfMark(text ?? ""),
  });
}

/** What cannot be packed never becomes an archive: pack says the same. */
export async function expectPackRefusal(
  { at, folder }: Stage,
  { code, next_step, message }: Finding,
): Promise<void> {
  const ran = await at.pkg("pack", "--src", folder, "--json");
  expect(ran.status).toBeGreaterThan(0);
  const { error } = ran.json() as { error: FaultJson };
  expect({ code: error.code, message: error.message, next_step: error.next_step }).toEqual({
    code,
    message,
    next_step,
  });
}

/** An archive with the same manifest: preflight and install find the same, code by code and word by word. */
export async function expectInstallRefusal(stage: Stage, finding: Finding): Promise<void> {
  const { at, given, words } = stage;
  const { path, digest } =
    given.archive === "packed" ? { path: words[0] ?? "", digest: undefined } : await forged(stage);
  const is_vouched_for = words.length > 1 || given.archive === undefined;
  const vouched = is_vouched_for && digest !== undefined ? ["--digest", digest] : [];
  const preflight = await judged({ ...stage, words: [path, ...vouched] });
  const errors = preflight.findings.filter(({ severity }) => severity === "error");
  const is_there = existsSync(join(at.root, "installed", ID));
  const before = await at.pkg("list", "--json");
  const refusal = await installed(
    stage,
    { archive: path, ...(vouched.length > 0 ? { digest } : {}) },
    is_there,
  );
  expect((await at.pkg("list", "--json")).stdout).toBe(before.stdout);
  const told = refusal.details["findings"] as unknown as readonly FaultJson[];
  const plain = ({ code, next_step }: { code: string; next_step: string }) => ({ code, next_step });
  expect(told.map(plain).sort(byCode)).toEqual(errors.map(plain).sort(byCode));
  expect(told.map(({ code }) => code)).toContain(finding.code);
  const same = told.find(({ code }) => code === finding.code);
  const shown = errors.find(({ code }) => code === finding.code);
  expect(same?.details["field"]).toBe(shown?.field);
  if (finding.field !== undefined && finding.field !== "/version")
    expect(archived(shown?.field)).toBe(archived(finding.field));
}

const byCode = (a: { code: string }, b: { code: string }): number => (a.code < b.code ? -1 : 1);
/** Only the folder of the plugin has another name in an archive. */
const archived = (field: string | undefined): string | undefined => field?.replace("/target", "/plugin/root");

async function installed(
  { at }: Stage,
  wanted: { archive: string; digest?: string | undefined },
  is_there: boolean,
): Promise<FaultJson> {
  const run = is_there
    ? at.plane.update([], { wanted: [wanted] })
    : at.plane.install([], { wanted: [wanted] });
  return run.then(
    () => ({ code: "INSTALLED", message: "", next_step: "", details: {} }),
    (fault: FaultJson) => fault,
  );
}

/** The manifest of the source as an archive would carry it, unjudged. */
async function forged({ at, given, folder }: Stage): Promise<{ path: string; digest: string }> {
  const files = { ...GOOD_FILES, ...filesOf(given) };
  const target = /target = "([^"]+)"/.exec(unmarked(files["holdfast.toml"] ?? ""))?.[1] ?? "modules/notes";
  const assets = Object.fromEntries(
    Object.entries(files).flatMap(([name, text]) =>
      text === null ? [] : [[`${target}/${name}`, unmarked(text)]],
    ),
  );
  const out = join(at.root, folder, "..", "forged.tar.gz");
  const names = at.plane.effects.fs.list(join(at.root, folder)).filter(({ kind }) => kind === "file");
  const there = Object.fromEntries(
    names.map(({ name }) => [`${target}/${name}`, readFileSync(join(at.root, folder, name), "utf8")]),
  );
  const all = { ...assets, ...there };
  if (given.packed !== undefined)
    return forge(at.plane.effects, out, unmarked(given.packed).replace("ASSETS", listed(all)), all);
  const {
    id,
    target: _,
    plugin,
    ...rest
  } = parseToml(unmarked(files["holdfast.toml"] ?? ""), "holdfast.toml");
  return forge(
    at.plane.effects,
    out,
    {
      ...rest,
      package_id: id,
      ...(plugin === undefined ? {} : { plugin: { ...(plugin as object), root: target } }),
    },
    all,
  );
}

const listed = (files: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    Object.entries(files).map(([path, text]) => ({
      path,
      sha256: `sha256:${sha256Hex(text)}`,
      size_bytes: Buffer.byteLength(text),
      executable: false,
      classification: "code",
    })),
  );

/** Carries the next step out: by its own commands, or as the case says a person would. */
export async function mend(stage: Stage, { next_step }: Finding): Promise<void> {
  const { at, given, folder } = stage;
  if (given.run !== undefined) await given.run(next_step, at, folder);
  else at.put(below(folder, { ...GOOD_FILES, ...given.mended }));
  if (given.archive !== "forged") return;
  // A person who mended the source packs it anew; one who vouches for the bytes names their digest.
  const mended_stage = { ...stage, given: { ...given, files: { ...given.files, ...given.mended } } };
  const { path, digest } = await forged(mended_stage);
  stage.words = [path, "--digest", digest];
}
