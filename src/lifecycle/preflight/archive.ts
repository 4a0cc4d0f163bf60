/** An archive, or an id in the store: what an install or update would say of it, by the very plan of an install. */
import { readArchive } from "../../archive/index.ts";
import type { Manifest, PreflightCheckId, PreflightSubject } from "../../contracts/index.ts";
import { Fault, type FaultJson } from "../../kernel/index.ts";
import { locate } from "../../metadata/index.ts";
import type { Plane } from "../../plane/index.ts";
import {
  checkCompat,
  checkOf,
  checkPlugin,
  checkRanges,
  checkTiers,
  RUNTIMES,
  Tally,
} from "../../preflight/index.ts";
import { type Candidate, checkContent, readCandidateFile, type Wanted } from "../candidate.ts";
import { chooseNeeded } from "../choose.ts";
import { type Chosen, planInstall, withConflict } from "../install-plan.ts";
import { addAdvice, addFaults, countManifest, type Judged, runtimeFor } from "./judge.ts";
import { addStoredConfig } from "./stored-config.ts";
import { headsOf, type PreflightWorld, shownPath } from "./world.ts";

export interface ArchiveSubject {
  /** As the user named it. */
  readonly subject: string;
  /** Absolute path of the archive. */
  readonly path: string;
  /** The id it was named by, where it lies in the store. */
  readonly id?: string | undefined;
}

export async function judgeArchive(world: PreflightWorld, named: ArchiveSubject): Promise<PreflightSubject> {
  const { effects, plane, no_plane } = world;
  const { subject, path } = named;
  const tally = new Tally();
  const about = { subject, subject_kind: "archive" } as const;
  const shown = shownPath(effects, path);
  const read = await opened(world, path, subject, tally);
  if (read === undefined) return tally.report({ ...about, package_id: null, version: null });
  const { candidate } = read;
  const { manifest, listing } = candidate;
  // An archive has its manifest inside; the path says so.
  const judged: Judged = {
    tally,
    manifest,
    locate: await placesIn(candidate, `${shown}/${candidate.layout.manifest_member}`),
  };
  countManifest(judged);
  tally.ran("archive-safety", listing.members.length);
  await addAdvice(judged);
  if (plane === undefined) {
    await addFaults(judged, [...checkContent(candidate), ...(await alone(world, manifest))]);
    tally.skipped(concerned(manifest), no_plane);
  } else {
    await judgeInPlane({ ...world, plane }, judged, candidate, named);
    await addStoredConfig({ ...world, plane }, judged);
  }
  return tally.report({ ...about, package_id: manifest.package_id, version: manifest.version });
}

const IN_PLANE: readonly PreflightCheckId[] = [
  "permission-policy",
  "dependencies",
  "governance-chain",
  "version",
  "ownership",
  "signature-policy",
];
const concerned = ({ dependencies, spec_id, framework_id, plugin }: Manifest): PreflightCheckId[] =>
  IN_PLANE.filter((id) => {
    if (id === "dependencies") return dependencies.length > 0;
    if (id === "governance-chain") return spec_id !== undefined || framework_id !== undefined;
    return id !== "permission-policy" || plugin !== undefined;
  });

async function opened(
  { effects }: PreflightWorld,
  path: string,
  subject: string,
  tally: Tally,
): Promise<{ candidate: Candidate } | undefined> {
  const shown = shownPath(effects, path);
  try {
    return { candidate: await readCandidateFile(effects, path, shown, subject) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const is_manifest = checkOf(error.code) === "manifest";
    const listed = error.details["findings"];
    const faults = Array.isArray(listed)
      ? listed.map((one) => new Fault({ ...(one as unknown as FaultJson), exit_code: error.exit_code }))
      : [error];
    for (const fault of faults)
      await addFaults({ tally, locate: async () => [] }, [
        withPath(fault, is_manifest ? `${shown}/manifest.json` : shown),
      ]);
    if (is_manifest) tally.ran("archive-safety", (await readArchive(effects, path)).members.length);
    tally.skipped(
      ["permissions", "dependencies", "ownership", "signature-policy"],
      "the archive cannot be read",
    );
    return undefined;
  }
}

function withPath(fault: Fault, path: string): Fault {
  const { code, message, next_step, details, exit_code } = fault;
  return new Fault({ code, message, next_step, exit_code, details: { ...details, path } });
}

async function placesIn({ listing, layout }: Candidate, path: string): Promise<Judged["locate"]> {
  const bytes =
    layout.manifest_member === "manifest.json"
      ? listing.manifest_bytes
      : listing.kept.get(layout.manifest_member);
  const text = new TextDecoder().decode(bytes);
  return async (pointers) => {
    const places = await locate(
      text,
      "json",
      pointers.map((pointer) => ({ pointer, of: "value" })),
    );
    return pointers.map((field, index) => ({ path, field, ...places[index] }));
  };
}

async function alone({ runtime }: PreflightWorld, manifest: Manifest): Promise<Fault[]> {
  const versions = await runtimeFor(manifest, runtime);
  return [
    ...checkRanges(manifest),
    ...RUNTIMES.flatMap((name) => checkCompat(manifest, name, versions[name])),
    ...checkPlugin(manifest),
    ...checkTiers(manifest, new Map()),
  ];
}

async function judgeInPlane(
  world: PreflightWorld & { readonly plane: Plane },
  judged: Judged,
  candidate: Candidate,
  { path, id }: ArchiveSubject,
): Promise<void> {
  const { effects, plane, runtime, digest } = world;
  const { tally, manifest } = judged;
  for (const check of concerned(manifest)) tally.ran(check, 1);
  tally.ran("ownership", manifest.assets.length);
  const wanted: Wanted = { archive: path, id, digest };
  const chosen: Chosen = { candidate, wanted, requested: true };
  const is_there = headsOf(world).some(({ package_id }) => package_id === manifest.package_id);
  const mode = is_there ? "update" : "install";
  const versions = await runtimeFor(manifest, runtime);
  try {
    const choice = { allow_downgrade: false, runtime: versions };
    const wish = { wanted: [wanted], from: undefined, to: undefined, mode } as const;
    const needed = await chooseNeeded(effects, plane, wish, [chosen], choice);
    const all = "chosen" in needed ? needed.chosen : [chosen];
    const options = {
      mode,
      tiers: undefined,
      runtime: versions,
      accept_drift: false,
      allow_downgrade: false,
    } as const;
    const { problems } = await planInstall(effects, plane, all, options);
    await addFaults(judged, withConflict(problems, "conflict" in needed ? needed.conflict : undefined));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    await addFaults(judged, [error]);
  }
}
