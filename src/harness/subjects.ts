/** Packages the harness can find by id: sources in a checkout or a plane. */
import type { SourceMetadata } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { nearest } from "../kernel/index.ts";
import { inspectSource } from "../metadata/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { raise } from "./faults.ts";
import { unpackSource } from "./world/archive-source.ts";
import { makeFolder, removeTree } from "./world/folder.ts";

export interface Subject {
  readonly package_id: string;
  readonly version: string;
  /** Absolute folder of the source; of one in the store, the folder its scenario is relative to. */
  readonly folder: string;
  /** Absolute, where it is taken from an archive. */
  readonly archive?: string;
  readonly metadata: SourceMetadata;
}

export type Subjects = ReadonlyMap<string, Subject>;

/** Every folder one level below `modules/` of `root` that declares a package that can be read. */
export async function findSubjects({ fs }: Pick<Effects, "fs">, root: string): Promise<Subjects> {
  const found = new Map<string, Subject>();
  const base = `${root}/modules`;
  if (fs.stat(base)?.kind !== "directory") return found;
  for (const { name, kind } of fs.list(base)) {
    if (kind !== "directory") continue;
    const subject = await subjectAt({ fs }, `${base}/${name}`);
    if (subject !== undefined) found.set(subject.package_id, subject);
  }
  return found;
}

/** Undefined where the folder declares no package, or one that cannot be read. */
export async function subjectAt({ fs }: Pick<Effects, "fs">, folder: string): Promise<Subject | undefined> {
  if (fs.stat(folder)?.kind !== "directory") return undefined;
  const { metadata } = await inspectSource(fs, folder);
  if (metadata?.id === undefined || metadata.version === undefined) return undefined;
  return { package_id: metadata.id, version: metadata.version, folder, metadata };
}

/** As a word names it: `PKG-T1-NAME-001@1.2.0`. */
const STORED = /^(PKG(?:-[A-Z0-9]+)+)@(\d[0-9A-Za-z.+-]*)$/;

/**
 * The archive in the store that a word names with its version; undefined for a word that names none.
 * @throws SUBJECT_UNKNOWN where the store has no such archive, SCENARIO_PACKAGE where no source is in it
 */
export async function storedSubject(
  effects: Pick<Effects, "fs" | "host" | "random">,
  root: string,
  word: string,
): Promise<Subject | undefined> {
  const [, package_id = "", version = ""] = STORED.exec(word) ?? [];
  if (package_id === "") return undefined;
  const archive = `${root}/${versionedArchivePath(package_id, version)}`;
  if (effects.fs.stat(archive)?.kind !== "file")
    return raise("SUBJECT_UNKNOWN", `the store has no archive ${package_id} ${version}`, {
      subject: word,
      near: [],
    });
  const metadata = await metadataIn(effects, archive, word);
  return { package_id, version, folder: root, archive, metadata };
}

/** Adds what archives depend on and no source here gives, from the newest in the store; others are left to the install. */
export async function withStoredDependencies(
  effects: Pick<Effects, "fs" | "host" | "random">,
  root: string,
  subjects: Subjects,
  archives: readonly string[],
): Promise<Subjects> {
  const found = new Map(subjects);
  const visit = async (archive: string): Promise<void> => {
    const { dependencies = [] } = await metadataIn(effects, archive, archive);
    for (const { id } of dependencies) {
      const stored = `${root}/${latestArchivePath(id)}`;
      if (found.has(id) || effects.fs.stat(stored)?.kind !== "file") continue;
      const metadata = await metadataIn(effects, stored, id);
      const { version = "" } = metadata;
      found.set(id, { package_id: id, version, folder: root, archive: stored, metadata });
      await visit(stored);
    }
  };
  for (const archive of archives) await visit(archive);
  return found;
}

/** Looked at in a folder of its own, which does not stay. */
async function metadataIn(
  effects: Pick<Effects, "fs" | "host" | "random">,
  archive: string,
  word: string,
): Promise<SourceMetadata> {
  const { fs } = effects;
  const folder = makeFolder(effects);
  try {
    const unpacked = await unpackSource(effects, archive, `${folder}/source`);
    const subject = typeof unpacked === "string" ? undefined : await subjectAt({ fs }, unpacked.folder);
    if (subject !== undefined) return subject.metadata;
    const problem = typeof unpacked === "string" ? unpacked : "declares no id and version";
    return raise("SCENARIO_PACKAGE", `${word}: package ${problem}`, { path: archive, package: word });
  } finally {
    removeTree(fs, folder);
  }
}

/** @throws SUBJECT_UNKNOWN */
export function requireSubject(subjects: Subjects, id: string): Subject {
  const found = subjects.get(id);
  if (found !== undefined) return found;
  const near = nearest(id, subjects.keys());
  return raise("SUBJECT_UNKNOWN", `there is no source, scenario or package "${id}" here`, {
    subject: id,
    near,
  });
}
