/** Packages the harness can find by id: sources in a checkout or a plane. */
import type { SourceMetadata } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { nearest } from "../kernel/index.ts";
import { inspectSource } from "../metadata/index.ts";
import { raise } from "./faults.ts";

export interface Subject {
  readonly package_id: string;
  readonly version: string;
  /** Absolute folder of the source. */
  readonly folder: string;
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
