import { z } from "zod";
import { HexDigest, type PreflightFix, type PreflightReport } from "../contracts/index.ts";
import { type Head, installedHeads } from "../index-db/index.ts";
import { Fault } from "../kernel/index.ts";
import {
  type ChangedManifests,
  changedManifests,
  type Fixed,
  fixSource,
  preflight as judge,
  type PreflightWorld,
} from "../lifecycle/index.ts";
import { openPlane, type Plane } from "../plane/index.ts";
import { preflightDocument, preflightReport, type Runtime, renderPreflight } from "../preflight/index.ts";
import { FORMATS, renderReport } from "../reports/index.ts";
import { type Context, operation } from "./define.ts";
import { make } from "./faults.ts";
import { dryRun } from "./fields.ts";
import { runtimeOf } from "./runtime.ts";
import { asVersion, wholeVersion } from "./versions.ts";

const flags = z.strictObject({
  subjects: z.array(z.string().min(1)).optional().meta({
    description: "Manifests, their folders, archives or package ids.",
    positional: 0,
  }),
  changed: z.string().min(1).optional().meta({
    description: "Judge every manifest that differs from this git commit or branch.",
  }),
  exclude: z.array(z.string().min(1)).optional().meta({
    description: "With --changed: glob of paths to leave out, such as test/**; repeat for several.",
  }),
  host: asVersion("this program"),
  api: asVersion("the plugin API"),
  python: asVersion("Python"),
  node: asVersion("Node"),
  digest: HexDigest.optional().meta({ description: "sha256 of the archive, vouched for by you." }),
  require_all: z.boolean().default(false).meta({ description: "Fail also where a check could not run." }),
  fix: z.boolean().default(false).meta({
    description: "Mend in the manifests what can be mended safely, then judge them.",
  }),
  dry_run: dryRun,
  sarif: z.boolean().default(false).meta({ description: "Print SARIF 2.1.0." }),
  junit: z.boolean().default(false).meta({ description: "Print JUnit XML." }),
  github: z.boolean().default(false).meta({ description: "Print annotations for GitHub Actions." }),
  markdown: z.boolean().default(false).meta({ description: "Print Markdown." }),
});
type Input = z.output<typeof flags>;

interface Result {
  readonly report: PreflightReport;
  readonly version: string;
}

export const preflight = operation({
  name: "preflight",
  summary:
    "Judge packages before they enter: manifest, ranges, permissions, dependencies, ownership, signatures.",
  examples: [
    "pkg preflight modules/notes",
    "pkg preflight PKG-T1-RUNTIME-001 --host 2.0.0 --json",
    "pkg preflight --changed origin/main --github",
    "pkg preflight modules/notes --fix --dry-run",
  ],
  authorised: false,
  input: flags,
  run: async (context, input) => {
    const changes =
      input.changed === undefined
        ? undefined
        : await changedManifests(context.effects, input.changed, input.exclude);
    const subjects = subjectsOf(input, changes);
    const { plane, no_plane } = planeIfAny(context);
    const runtime = remembered(context, input);
    let heads: readonly Head[] | undefined;
    const installed = (): readonly Head[] => {
      heads ??= plane === undefined ? [] : installedHeads(context.effects, plane.root);
      return heads;
    };
    const world: PreflightWorld = {
      effects: context.effects,
      plane,
      no_plane,
      installed,
      runtime,
      digest: input.digest,
    };
    const fixed = input.fix ? await fixAll(context, subjects, input.dry_run) : undefined;
    const judged = [];
    for (const subject of subjects) judged.push(await judge(world, subject));
    const { host, api, node, python } = await runtime(false);
    const about = { plane: plane?.root ?? null, runtime: { host, api, node, python: python ?? null } };
    const report = { ...preflightReport(judged, about, changes), ...fixed };
    const passed = report.healthy && (report.complete || !input.require_all);
    return { result: { report, version: context.version }, exit_code: passed ? 0 : 1 };
  },
  json: ({ report }: Result) => report,
  text: ({ report, version: own }, input) => {
    const format = FORMATS.find((one) => input[one]);
    return format === undefined
      ? renderPreflight(report)
      : renderReport(preflightDocument(report, own), format);
  },
});

async function fixAll(
  { effects }: Context,
  subjects: readonly string[],
  dry_run: boolean,
): Promise<{ fixes: PreflightFix[]; diff: string }> {
  const fixed: Fixed[] = [];
  for (const subject of subjects) fixed.push(await fixSource(effects, subject, dry_run));
  return { fixes: fixed.flatMap(({ fixes }) => fixes), diff: fixed.map(({ diff }) => diff).join("") };
}

/** @throws INPUT_MISSING */
function subjectsOf({ subjects = [] }: Input, changes: ChangedManifests | undefined): readonly string[] {
  if (changes !== undefined) return [...subjects, ...changes.manifests];
  if (subjects.length > 0) return subjects;
  throw make("INPUT_MISSING", "name a manifest, a folder, an archive or a package id", {
    field: "subjects",
    command: "pkg preflight",
  });
}

/** Authors and CI have no plane, and that is no fault; one that is named must be there. @throws PLANE_* */
function planeIfAny({ effects, root, wait_ms }: Context): { plane: Plane | undefined; no_plane: string } {
  try {
    return { plane: { ...openPlane(effects, root), wait_ms }, no_plane: "" };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "PLANE_NOT_FOUND" || root !== undefined) throw error;
    return { plane: undefined, no_plane: "there is no plane here; name one with --root" };
  }
}

/** The versions of this machine, asked for once, with those the command line gives in their place. */
function remembered(
  context: Context,
  { host, api, python, node }: Input,
): (needs_python: boolean) => Promise<Runtime> {
  const given = { host, api, python, node };
  const known = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, wholeVersion(value)]],
    ),
  );
  let with_python: Runtime | undefined;
  let without: Runtime | undefined;
  return async (needs_python) => {
    if (with_python !== undefined) return with_python;
    if (!needs_python || known["python"] !== undefined) {
      without ??= { ...(await runtimeOf(context, false)), ...known };
      return without;
    }
    with_python = { ...(await runtimeOf(context, true)), ...known };
    return with_python;
  };
}
