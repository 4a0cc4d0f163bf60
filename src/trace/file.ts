/** A file: whose it is, why it is there, who put it there, and whether its bytes are those on record. */
import type { FileTrace } from "../contracts/index.ts";
import type { FileStat } from "../effects/index.ts";
import { prefixed, sameDigest } from "../kernel/index.ts";
import { frameworkFacts, specFacts } from "./chain.ts";
import { neededBy } from "./dependency-graph.ts";
import {
  digestAll,
  fileFindings,
  judge,
  type Recorded,
  recordedInReceipt,
  recordedInRow,
  recordedLauncher,
  unrecorded,
} from "./file-list.ts";
import { roleOf, sourceOf } from "./path-role.ts";
import { readPurpose } from "./purpose.ts";
import { describePython, NO_OUTLINE } from "./python-outline.ts";
import { frameworkOf, shownReceipt, specOf } from "./receipts.ts";
import { LAUNCHER_OWNER, type Sight } from "./sight.ts";

/** `path` is plane-relative and plain. */
export async function traceFile(sight: Sight, path: string): Promise<FileTrace> {
  const recorded = recordOf(sight, path);
  const artifact = sight.artifactsByPath.get(path);
  const bytes = await bytesOf(sight, recorded);
  const is_readable = bytes.hash.current !== null;
  return {
    path,
    role: recorded.package === LAUNCHER_OWNER ? "launcher of this plane" : roleOf(path),
    artifact_id: artifact?.["id"] ?? null,
    purpose: artifact?.["purpose"] || (is_readable ? readPurpose(sight, path) : ""),
    classification: recorded.classification,
    origin: recorded.origin,
    ...bytes,
    ...(await ownerOf(sight, path, recorded.package)),
    ...(is_readable && path.endsWith(".py") ? await describePython(sight, path) : NO_OUTLINE),
  };
}

type Bytes = Pick<FileTrace, "exists" | "kind" | "hash" | "verdict" | "executable" | "size_bytes">;

/** A longer file, such as a ledger, is hashed only where there is a digest to hold it against. */
const UNRECORDED_BYTES_MAX = 16 << 20;

const isRead = ({ sha256 }: Recorded, file: FileStat | undefined): boolean =>
  file !== undefined && (sha256 !== null || file.size_bytes <= UNRECORDED_BYTES_MAX);

async function bytesOf(sight: Sight, recorded: Recorded): Promise<Bytes> {
  const { path, sha256 } = recorded;
  const stat = sight.stat(path);
  const file = stat?.kind === "file" ? stat : undefined;
  const digest = isRead(recorded, file) ? (await digestAll(sight, [path])).get(path) : undefined;
  const current = typeof digest === "object" ? prefixed(digest.sha256) : null;
  const verdict = judge(sight, recorded, digest);
  for (const finding of fileFindings([{ ...recorded, verdict }], restoreStep(sight, recorded)))
    sight.note(finding);
  if (verdict === "unowned") noteUnowned(sight, path);
  return {
    exists: stat !== undefined,
    kind: stat?.kind ?? null,
    hash: { recorded: sha256, current, verified: isSame(sha256, current) },
    verdict,
    executable: recorded.executable ?? file?.executable ?? null,
    size_bytes: file?.size_bytes ?? null,
  };
}

const isSame = (recorded: string | null, current: string | null): boolean =>
  recorded !== null && current !== null && sameDigest(recorded, current);

type OwnerFacts = Pick<
  FileTrace,
  "ownership" | "installed" | "why" | "dependents" | "dependents_left_out" | "source_of"
>;

async function ownerOf(sight: Sight, path: string, owner: string | null): Promise<OwnerFacts> {
  if (owner === null) {
    return {
      ownership: null,
      installed: null,
      why: null,
      dependents: [],
      dependents_left_out: 0,
      source_of: sourceOf(sight, path),
    };
  }
  if (owner === LAUNCHER_OWNER) {
    const ownership = {
      package: owner,
      spec_id: null,
      spec_title: null,
      framework_id: null,
      framework_title: null,
    };
    return { ownership, installed: null, why: null, dependents: [], dependents_left_out: 0, source_of: null };
  }
  const needed = neededBy(sight, owner);
  const installed = sight.ownedAt(path)?.installed;
  return {
    ownership: await ownershipOf(sight, owner),
    installed: installed === undefined ? null : shownReceipt(installed),
    why: needed.why,
    dependents: needed.listed.toSorted(),
    dependents_left_out: needed.count - needed.listed.length,
    source_of: null,
  };
}

/** What brings the recorded bytes back. */
function restoreStep(sight: Sight, { path, classification }: Recorded): string {
  if (sight.launchers.has(path)) {
    return `Run "integrity-check --fix" to restore it from the installed program.`;
  }
  if (sight.ownedAt(path) === undefined) return `Restore ${path} from version control or a backup.`;
  if (classification === "config" || classification === "state") {
    return `Leave it if the edit is yours: ${classification} files are made to be changed.`;
  }
  return `Run "integrity-check --fix" to restore it from the store.`;
}

/** What receipts, else the ownership registry, else the control plane registry say about a path. */
function recordOf(sight: Sight, path: string): Recorded {
  const owned = sight.ownedAt(path);
  if (owned !== undefined) {
    const { receipt } = owned.installed;
    const spec_id = specOf(sight, receipt.package_id);
    const [record] = recordedInReceipt({ ...receipt, files: [owned.file] }, spec_id);
    if (record !== undefined) return record;
  }
  const launcher = sight.launchers.get(path);
  if (launcher !== undefined) return recordedLauncher(path, launcher);
  const row = sight.ownershipRow(path)?.row;
  if (row !== undefined) return recordedInRow(row, specOf(sight, row["owner_package_id"] ?? ""));
  const artifact = sight.artifactsByPath.get(path);
  const sha256 = artifact?.["content_hash"] || null;
  return { ...unrecorded(path, artifact?.["source_spec_id"] || null), sha256 };
}

async function ownershipOf(sight: Sight, owner: string): Promise<FileTrace["ownership"]> {
  const spec_id = specOf(sight, owner);
  const framework_id = frameworkOf(sight, owner);
  return {
    package: owner,
    spec_id: spec_id ?? null,
    spec_title: spec_id === undefined ? null : ((await specFacts(sight, spec_id))?.title ?? null),
    framework_id: framework_id ?? null,
    framework_title: framework_id === undefined ? null : (frameworkFacts(sight, framework_id)?.title ?? null),
  };
}

function noteUnowned(sight: Sight, path: string): void {
  sight.note({
    code: "TRACE_FILE_UNOWNED",
    severity: "error",
    message: `${path} lies in a governed folder and no package owns it`,
    next_step: `Remove ${path}, or make it part of a package and run "pkg pack" and "pkg install".`,
    path,
  });
}
