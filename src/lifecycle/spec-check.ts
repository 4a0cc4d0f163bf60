/** The pre-deployment checklist of a spec, each line run for real. */
import { checkEntryPath } from "../archive/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import { removeTree } from "../journal/index.ts";
import { prefixed, sha256Hex } from "../kernel/index.ts";
import { appendEntries, readEntries } from "../ledger/index.ts";
import { authorise, GOVERNANCE_STREAM, type Plane, planeStream } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import { readSpecPack, readYaml } from "./chain.ts";
import { make } from "./faults.ts";

/** The nine documents of a spec pack, in order (facts, spec pack). */
const SPEC_DOCUMENTS = [
  "00_overview.md",
  "01_problem.md",
  "02_solution.md",
  "03_requirements.md",
  "04_design.md",
  "05_testing.md",
  "06_rollout.md",
  "07_registry.md",
  "08_commit.md",
];

export interface SpecCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string;
  readonly next_step: string;
}

export interface SpecReport {
  readonly spec_id: string;
  readonly title: string;
  readonly passed: boolean;
  readonly checks: readonly SpecCheck[];
}

interface SpecDocument {
  readonly assets: readonly string[];
  readonly tests: readonly string[];
  readonly dependencies: readonly string[];
}

const OUTPUT_BYTES_MAX = 4 << 20;

/** @throws SPEC_NOT_FOUND, METADATA faults of an unreadable manifest.yaml */
export async function checkSpec(
  effects: Effects,
  plane: Plane,
  spec_id: string,
  limits: { readonly timeout_ms: number },
): Promise<SpecReport> {
  const pack = readSpecPack(effects, plane.root, spec_id);
  if (pack === undefined)
    throw make("SPEC_NOT_FOUND", `specs/${spec_id}/manifest.yaml does not describe ${spec_id}`, { spec_id });
  const spec = readDocument(effects, plane, spec_id);
  const checks = [
    checkDocuments(effects, plane, spec_id),
    checkFiles(effects, plane, spec_id, spec.assets),
    await checkTests(effects, plane, spec_id, spec.tests, limits.timeout_ms),
    checkInstalled(effects, plane, spec.dependencies),
    checkReview(effects, plane, spec_id, spec.assets),
  ];
  return { spec_id, title: pack.title, passed: checks.every(({ passed }) => passed), checks };
}

function readDocument({ fs }: Effects, plane: Plane, spec_id: string): SpecDocument {
  const raw = readYaml({ fs }, plane.root, `specs/${spec_id}/manifest.yaml`);
  const texts = (value: unknown): string[] =>
    (Array.isArray(value) ? value : []).flatMap((item: unknown) => {
      if (typeof item === "string") return [item];
      const named = (item as { path?: unknown; command?: unknown; id?: unknown } | null) ?? {};
      const text = named.path ?? named.command ?? named.id;
      return typeof text === "string" ? [text] : [];
    });
  const acceptance = (raw["acceptance"] ?? {}) as Record<string, unknown>;
  return {
    assets: texts(raw["assets"]),
    tests: texts(acceptance["tests"]),
    dependencies: texts(raw["dependencies"]),
  };
}

function checkDocuments({ fs }: Effects, plane: Plane, spec_id: string): SpecCheck {
  const missing = SPEC_DOCUMENTS.filter(
    (name) => (fs.stat(`${plane.root}/specs/${spec_id}/${name}`)?.size_bytes ?? 0) === 0,
  );
  return {
    name: "documents",
    passed: missing.length === 0,
    message:
      missing.length === 0
        ? `${SPEC_DOCUMENTS.length} of ${SPEC_DOCUMENTS.length} present`
        : `missing or empty: ${missing.join(", ")}`,
    next_step: `Write specs/${spec_id}/${missing[0] ?? ""}, then run "pkg spec check ${spec_id}".`,
  };
}

function checkFiles({ fs }: Effects, plane: Plane, spec_id: string, assets: readonly string[]): SpecCheck {
  const bad = assets.filter(
    (path) =>
      checkEntryPath(path.replace(/^\//, "")) !== undefined ||
      fs.stat(`${plane.root}/${path.replace(/^\//, "")}`)?.kind !== "file",
  );
  const passed = assets.length > 0 && bad.length === 0;
  return {
    name: "files",
    passed,
    message:
      assets.length === 0
        ? "manifest.yaml names no assets"
        : bad.length === 0
          ? `${assets.length} of ${assets.length} present`
          : `missing: ${bad.slice(0, 5).join(", ")}`,
    next_step: `Create ${bad[0] ?? "the files"} or correct assets in specs/${spec_id}/manifest.yaml.`,
  };
}

/** Acceptance commands run without a shell, in the plane, with a private and empty place for bytecode. */
async function checkTests(
  effects: Effects,
  plane: Plane,
  spec_id: string,
  tests: readonly string[],
  timeout_ms: number,
): Promise<SpecCheck> {
  const failed: string[] = [];
  const bytecode_directory = `${effects.host.env["TMPDIR"] ?? "/tmp"}/holdfast-bytecode-${effects.random.hex(8)}`;
  effects.fs.makeDirectory(bytecode_directory, 0o700);
  try {
    for (const command of tests) {
      const problem = await runTest(effects, plane, command, bytecode_directory, timeout_ms);
      if (problem !== undefined) failed.push(problem);
    }
  } finally {
    removeTree(effects.fs, bytecode_directory);
  }
  return {
    name: "tests",
    passed: tests.length > 0 && failed.length === 0,
    message:
      tests.length === 0
        ? "manifest.yaml names no acceptance tests"
        : failed.length === 0
          ? `${tests.length} of ${tests.length} commands passed`
          : failed.join("; "),
    next_step: `Run the failing command in the plane, or correct acceptance.tests in specs/${spec_id}/manifest.yaml.`,
  };
}

async function runTest(
  effects: Effects,
  plane: Plane,
  command: string,
  bytecode_directory: string,
  timeout_ms: number,
): Promise<string | undefined> {
  const argv = command
    .replace(/^\$\s+/, "")
    .trim()
    .split(/\s+/);
  if (/[;&|<>`$"'\\]/.test(command.replace(/^\$\s+/, "")))
    return `"${command}" needs a shell, which is not used`;
  if (argv[0] === "python3") argv[0] = (await findPython(effects, {})).executable;
  const env = {
    PATH: effects.host.env["PATH"] ?? "/usr/bin:/bin",
    HOME: effects.host.home,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPYCACHEPREFIX: bytecode_directory,
    LC_ALL: "C.UTF-8",
  };
  const done = await effects.subprocess.run({
    argv,
    cwd: plane.root,
    env,
    limits: { timeout_ms, stdout_bytes_max: OUTPUT_BYTES_MAX },
    signal: effects.signal,
  });
  if (done.timed_out) return `"${command}" took longer than ${timeout_ms / 1000} s`;
  if (done.exit_code !== 0)
    return `"${command}" exited ${done.exit_code ?? done.signal ?? "?"}: ${lastLine(done.stderr)}`;
  // unittest says how many it ran; a run of none is no proof.
  return /Ran 0 tests/.test(done.stderr) ? `"${command}" ran 0 tests` : undefined;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";

function checkInstalled(effects: Effects, plane: Plane, dependencies: readonly string[]): SpecCheck {
  const installed = new Set(installedHeads(effects, plane.root).map(({ package_id }) => package_id));
  const wanted = dependencies.map((text) => text.split("@")[0] ?? "").filter((id) => id.startsWith("PKG-"));
  const missing = wanted.filter((id) => !installed.has(id));
  return {
    name: "dependencies",
    passed: missing.length === 0,
    message:
      missing.length === 0
        ? `${wanted.length} of ${wanted.length} installed`
        : `not installed: ${missing.join(", ")}`,
    next_step: `Run "pkg install --id ${missing[0] ?? ""}".`,
  };
}

/** A review counts for the bytes it saw: the newest entry must name today's digest of the spec and its files. */
function checkReview(effects: Effects, plane: Plane, spec_id: string, assets: readonly string[]): SpecCheck {
  const digest = reviewedDigest(effects, plane, spec_id, assets);
  let newest: { reviewer: string; decision: string; digest: string } | undefined;
  for (const { entry } of readEntries(effects.fs, planeStream(plane, GOVERNANCE_STREAM))) {
    if (entry?.event_type !== "spec_reviewed" || entry.submission_id !== spec_id) continue;
    const { reviewer, reviewed_digest } = entry.metadata as { reviewer?: unknown; reviewed_digest?: unknown };
    newest = { reviewer: String(reviewer), decision: entry.decision, digest: String(reviewed_digest) };
  }
  const passed = newest?.decision === "APPROVED" && newest.digest === digest;
  const stale = newest !== undefined && newest.digest !== digest;
  return {
    name: "review",
    passed,
    message:
      newest === undefined
        ? "no review is recorded"
        : stale
          ? `${newest.reviewer} reviewed other bytes than these`
          : `${newest.decision.toLowerCase()} by ${newest.reviewer}`,
    next_step: `After a person has read it: "pkg spec review ${spec_id} --reviewer NAME --decision approved".`,
  };
}

/** sha256 over the sorted `digest  path` lines of the spec pack and the assets it names. */
function reviewedDigest({ fs }: Effects, plane: Plane, spec_id: string, assets: readonly string[]): string {
  const folder = `specs/${spec_id}`;
  const documents = fs
    .list(`${plane.root}/${folder}`)
    .filter(({ kind }) => kind === "file")
    .map(({ name }) => `${folder}/${name}`);
  const lines = [...new Set([...documents, ...assets.map((path) => path.replace(/^\//, ""))])]
    .sort()
    .map((path) => {
      const there = checkEntryPath(path) === undefined && fs.stat(`${plane.root}/${path}`)?.kind === "file";
      return `${there ? sha256Hex(fs.read(`${plane.root}/${path}`)) : "missing"}  ${path}\n`;
    });
  return prefixed(sha256Hex(lines.join("")));
}

export interface ReviewResult {
  readonly spec_id: string;
  readonly reviewer: string;
  readonly decision: string;
  readonly reviewed_digest: string;
  readonly dry_run: boolean;
  readonly ledger_entry: string | null;
}

/** @throws AUTH_*, SPEC_NOT_FOUND */
export async function reviewSpec(
  effects: Effects,
  plane: Plane,
  request: {
    id: string;
    reviewer: string;
    decision: "approved" | "rejected";
    note: string;
    dry_run: boolean;
    token: string | undefined;
  },
): Promise<ReviewResult> {
  const { user } = await authorise(effects, plane, request.token, { action: "review" });
  if (readSpecPack(effects, plane.root, request.id) === undefined) {
    throw make("SPEC_NOT_FOUND", `specs/${request.id}/manifest.yaml does not describe ${request.id}`, {
      spec_id: request.id,
    });
  }
  const reviewed_digest = reviewedDigest(
    effects,
    plane,
    request.id,
    readDocument(effects, plane, request.id).assets,
  );
  const { reviewer, decision, dry_run } = request;
  const result = { spec_id: request.id, reviewer, decision, reviewed_digest, dry_run };
  if (dry_run) return { ...result, ledger_entry: null };
  const { entries } = await appendEntries(effects, planeStream(plane, GOVERNANCE_STREAM), [
    {
      event_type: "spec_reviewed",
      submission_id: request.id,
      decision: decision.toUpperCase(),
      reason: request.note === "" ? `${request.id} ${decision} by ${reviewer}` : request.note,
      metadata: { user, reviewer, reviewed_digest },
    },
  ]);
  return { ...result, ledger_entry: entries[0]?.id ?? null };
}
