/** A source folder, or a manifest alone: what a pack and the install that follows would say of it. */
import type { Manifest, PreflightSubject, SourceMetadata } from "../../contracts/index.ts";
import { Fault } from "../../kernel/index.ts";
import { inspectSource, type SourceInspection } from "../../metadata/index.ts";
import {
  checkCompat,
  checkOf,
  checkPlugin,
  checkRanges,
  checkTiers,
  type Locate,
  RUNTIMES,
  Tally,
} from "../../preflight/index.ts";
import { buildManifest, decideId } from "../build-manifest.ts";
import { judgeTarget } from "../check-target.ts";
import type { SourceFile } from "../collect.ts";
import { addAdvice, addFaults, countManifest, type Judged, runtimeFor } from "./judge.ts";
import { below, collected, inFolder } from "./source-files.ts";
import { judgeSourceInPlane, SOURCE_IN_PLANE } from "./source-in-plane.ts";
import { type PreflightWorld, shownPath } from "./world.ts";

export interface SourceSubject {
  /** As the user named it. */
  readonly subject: string;
  readonly kind: "source" | "manifest";
  /** Absolute. */
  readonly folder: string;
  /** Reads the manifest where it has another name. */
  readonly fs: PreflightWorld["effects"]["fs"];
}

export async function judgeSource(world: PreflightWorld, source: SourceSubject): Promise<PreflightSubject> {
  const { effects } = world;
  const { subject, kind, folder } = source;
  const tally = new Tally();
  const inspection = await inspectSource(source.fs, folder, subject);
  const shown = shownPath(effects, folder);
  const locate = shownIn(inspection, shown);
  const about = { subject, subject_kind: kind } as const;
  const { metadata, problems } = inspection;
  for (const problem of problems) tally.add(checkOf(problem.code), [inFolder(problem, shown)]);
  const named = metadata === undefined ? undefined : settled(() => decideId(metadata, undefined, subject));
  if (named instanceof Fault) await addFaults({ tally, locate, source: subject }, [named]);
  if (metadata === undefined || typeof named !== "string") {
    tally.skipped(AFTER_MANIFEST, "the manifest cannot be read");
    const { id, version } = metadata ?? {};
    return tally.report({ ...about, package_id: id ?? null, version: version ?? null });
  }
  const target = metadata.target ?? `modules/${folder.slice(folder.lastIndexOf("/") + 1)}`;
  const files =
    kind === "manifest" ? [] : await collected(world, folder, { metadata, target, tally, subject, shown });
  const manifest = assembled(metadata, named, { subject, target }, files);
  if (manifest instanceof Fault) {
    await addFaults({ tally, locate, source: subject }, [manifest]);
    tally.skipped(AFTER_MANIFEST, "the manifest cannot be built");
    return tally.report({ ...about, package_id: named, version: metadata.version ?? null });
  }
  await judgeReadable(world, source, { judged: { tally, manifest, locate, source: subject }, files, target });
  return tally.report({ ...about, package_id: named, version: manifest.version });
}

interface Readable {
  readonly judged: Judged;
  readonly files: readonly SourceFile[];
  readonly target: string;
}

async function judgeReadable(
  world: PreflightWorld,
  { subject, kind }: SourceSubject,
  { judged, files, target }: Readable,
): Promise<void> {
  const { plane, no_plane } = world;
  const { tally, manifest } = judged;
  countManifest(judged);
  await addFaults(judged, refusedTargets(target, files));
  await addFaults(judged, await ownFaults(world, manifest, subject));
  await addAdvice(judged);
  if (kind === "manifest")
    tally.skipped(["archive-safety", "ownership"], "a manifest alone has no files to pack");
  if (plane === undefined) tally.skipped(concerned(manifest, kind), no_plane);
  else await judgeSourceInPlane({ ...world, plane }, judged, files);
}

/** What cannot be judged without a readable manifest. */
const AFTER_MANIFEST = ["permissions", "dependencies", "ownership", "archive-safety"] as const;

const concerned = ({ dependencies, spec_id, framework_id, plugin }: Manifest, kind: SourceSubject["kind"]) =>
  SOURCE_IN_PLANE.filter((id) => {
    if (id === "dependencies") return dependencies.length > 0;
    if (id === "governance-chain") return spec_id !== undefined || framework_id !== undefined;
    if (id === "permission-policy") return plugin !== undefined;
    return id !== "ownership" || kind === "source";
  });

/** As a pack judges them: the folder first, then its files. */
const refusedTargets = (target: string, files: readonly SourceFile[]): Fault[] =>
  [target, ...files.map(({ path }) => path)].flatMap((path) => judgeTarget(path) ?? []).slice(0, 1);

/** Everything that can be said without a plane. */
async function ownFaults(
  { runtime, plane }: PreflightWorld,
  manifest: Manifest,
  subject: string,
): Promise<Fault[]> {
  const versions = await runtimeFor(manifest, runtime);
  return [
    ...checkRanges(manifest, subject),
    ...RUNTIMES.flatMap((name) => checkCompat(manifest, name, versions[name], subject)),
    ...checkPlugin(manifest, subject),
    // A plane knows the tiers of what is installed, too.
    ...(plane === undefined ? checkTiers(manifest, new Map(), subject) : []),
  ];
}

/** @returns the manifest a pack would write, or why it would write none */
function assembled(
  metadata: SourceMetadata,
  package_id: string,
  { subject, target }: { readonly subject: string; readonly target: string },
  files: readonly SourceFile[],
): Manifest | Fault {
  // A manifest alone, or one whose files are refused, is judged for what it says itself.
  const some = files.length > 0 ? files : [placeholder(target, metadata.plugin?.entrypoint)];
  return settled(() => buildManifest(metadata, package_id, target, some, subject));
}

const placeholder = (target: string, name = "file"): SourceFile => ({
  file: target,
  path: `${target}/${name}`,
  digest: { sha256: "0".repeat(64), size_bytes: 0, executable: false },
});

function settled<T>(work: () => T): T | Fault {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function shownIn({ locate }: SourceInspection, shown: string): Locate {
  return async (pointers) => {
    // An author says where the plugin lies with the folder of the package.
    const places = await locate(
      pointers.map((pointer) => (pointer === "/plugin/root" ? "/target" : pointer)),
    );
    return places.map((place) => ({ ...place, path: below(shown, place.path) }));
  };
}
