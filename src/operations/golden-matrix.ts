/** `golden matrix`: plugin version × host program × API version × Python, each cell really run. */
import { z } from "zod";
import {
  GoldenMatrix,
  type MatrixCell,
  type MatrixFile,
  type MatrixPoint,
  type MatrixWaiver,
} from "../contracts/index.ts";
import type { Recorded } from "../gates/index.ts";
import {
  closeMatrix,
  findSubjects,
  type HostProgram,
  inShard,
  lostCell,
  type MatrixVersion,
  OWN_NAME,
  packVersions,
  planMatrix,
  programsOf,
  readMatrix,
  readWaivers,
  requireSubject,
  requireTrusted,
  type Subjects,
  shardOf,
  steadyMatrix,
  storedSubject,
  subjectAt,
  sweepFolders,
  withStoredDependencies,
} from "../harness/index.ts";
import { API_VERSION } from "../lifecycle/index.ts";
import { absolute } from "../plane/index.ts";
import { findInterpreters } from "../python/index.ts";
import { type Context, type Outcome, operation } from "./define.ts";
import { environmentOf, workerFlags } from "./golden.ts";
import { driverOf } from "./golden-driver.ts";
import { formFlags, planeToRecordIn, reportText, settleReport } from "./golden-forms.ts";
import { harnessHere, hostsIn } from "./golden-harness.ts";
import { runTogether } from "./golden-workers.ts";

const words = (description: string) => z.string().min(1).max(1000).optional().meta({ description });

export const goldenMatrix = operation({
  name: "golden matrix",
  summary: "Run a plugin on every host program, API version and Python its ranges claim, and on their edges.",
  examples: [
    "golden matrix modules/example_gate",
    "golden matrix PKG-T3-PALETTE-001@1.0.0 --hosts workbench@2.0.0 --record",
    "golden matrix modules/example_gate --format html --out matrix.html",
    "golden matrix PKG-T3-PALETTE-001 --hosts holdfast --pythons 3.11,3.13",
    "golden matrix golden/notes.matrix.toml --shard 1/4 --json > cells-1.json",
  ],
  authorised: true,
  input: z.strictObject({
    subject: z.string().min(1).meta({
      description:
        "A matrix file, the source folder of a plugin, its package id, or ID@VERSION in the store.",
      positional: 0,
    }),
    versions: words(
      "Versions of the plugin, with commas: those of a matrix file, or what a source is packed under.",
    ),
    hosts: words(
      "Host programs, with commas: workbench@2.0.0, workbench, 2.0.0, holdfast. Default: from the ranges.",
    ),
    apis: words("API versions, with commas. Default: from the ranges."),
    pythons: words("Pythons, with commas: 3.9,3.13. Default: the ends of the ranges, of those found."),
    trust_hosts: z.boolean().default(false).meta({
      description: "Run host programs of this checkout too. They have no sandbox.",
    }),
    list: z.boolean().default(false).meta({ description: "Name the cells, and run nothing." }),
    ...workerFlags,
    ...formFlags,
  }),
  run: async (context, input): Promise<Outcome<Result>> => {
    const { effects, root } = context;
    const { host, clock } = effects;
    const plane = planeToRecordIn(context, input);
    const base = plane?.root ?? (root === undefined ? host.cwd : absolute(host.cwd, root));
    const swept = sweepFolders(effects).removed.length;
    const shard = input.shard === undefined ? undefined : shardOf(input.shard);
    const began_at = new Date(clock.now_ms()).toISOString();
    const from_ms = clock.elapsed_ms();
    const sources = await findSubjects(effects, base);
    const { matrix: asked_for, directory, archives } = await wanted(context, base, sources, input);
    const subjects = await withStoredDependencies(effects, base, sources, archives);
    const packed = await packVersions(effects, asked_for, {
      driver: driverOf(context),
      subjects,
      directory,
      path: input.subject,
    });
    try {
      const { versions } = packed;
      const hosts = [...hostsIn(context, base), ownHost(context)];
      const pythons = await findInterpreters(effects);
      const asked = askedOf(input, asked_for);
      const { points, edges } = planMatrix(versions, asked, {
        hosts,
        pythons: pythons.map(({ version }) => version),
      });
      const pieces = inShard(shard, points);
      if (input.list) return { result: { cells: pieces.map(({ id }) => id) } };
      if (!input.trust_hosts) requireTrusted(hosts, pieces, input.subject);
      const job = {
        kind: "cells" as const,
        pieces,
        versions,
        hosts,
        pythons: pythons.map(({ version, executable }) => ({ version, executable })),
        subjects: [...subjects.values()],
      };
      const { results, lost } = await runTogether(context, job, {
        workers: input.workers,
        onDoing: (at, doing) => context.onProgress(`cell ${at + 1}/${pieces.length} ${doing}`),
      });
      const closed = closeMatrix(
        {
          schema_version: "1.0",
          package_id: versions[0]?.package_id ?? "",
          harness: harnessHere(context),
          ...programsOf(effects, { hosts, versions, points }),
          environment: await environmentOf(context),
          began_at,
          duration_ms: Math.round(clock.elapsed_ms() - from_ms),
          shard: input.shard ?? null,
          swept_folders: swept,
          versions: versions.map(stated),
          edges: [...edges],
          waivers: waiversOf(context, base, asked_for),
          planned: [...points],
          cells: pieces.map((point, at) => cellAt(point, results.get(at), lost.get(at))),
        },
        began_at.slice(0, 10),
      );
      // Parsed, so that fields stand in one order whoever wrote them.
      const matrix = GoldenMatrix.parse(input.steady ? steadyMatrix(closed) : closed);
      // Evidence says when it was made, also where the report does not.
      const recorded = await settleReport(context, input, plane === undefined ? matrix : closed, plane);
      return { result: { matrix, recorded }, exit_code: closed.healthy ? 0 : 1 };
    } finally {
      packed.end();
    }
  },
  text: (result, input) =>
    "matrix" in result
      ? reportText(input, result.matrix, result.recorded)
      : result.cells.map((id) => `${id}\n`).join(""),
  json: (result) => ("matrix" in result ? result.matrix : result),
});

type Result =
  | { readonly matrix: GoldenMatrix; readonly recorded: Recorded | undefined }
  | { readonly cells: readonly string[] };

interface AxisWords {
  readonly hosts?: string | undefined;
  readonly apis?: string | undefined;
  readonly pythons?: string | undefined;
}

/** What a flag names goes before what the file says. */
const askedOf = ({ hosts, apis, pythons }: AxisWords, matrix: MatrixFile) => ({
  hosts: listOf(hosts) ?? matrix.hosts,
  apis: listOf(apis) ?? matrix.apis,
  pythons: listOf(pythons) ?? matrix.pythons,
});

const listOf = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

interface Wanted {
  readonly matrix: MatrixFile;
  /** Absolute. */
  readonly directory: string;
  /** Absolute paths of the archives in the store that versions are. */
  readonly archives: readonly string[];
}

/** @throws MATRIX_INVALID, SUBJECT_UNKNOWN, SCENARIO_PACKAGE */
async function wanted(
  { effects }: Context,
  base: string,
  subjects: Subjects,
  { subject, versions }: { readonly subject: string; readonly versions?: string | undefined },
): Promise<Wanted> {
  const path = absolute(effects.host.cwd, subject);
  const chosen = listOf(versions);
  if (effects.fs.stat(path)?.kind === "file") {
    const matrix = readMatrix(effects, path, subject);
    const packages = Object.entries(matrix.packages).filter(
      ([handle, { version }]) => chosen === undefined || chosen.includes(version ?? handle),
    );
    const directory = path.slice(0, path.lastIndexOf("/"));
    return { matrix: { ...matrix, packages: Object.fromEntries(packages) }, directory, archives: [] };
  }
  const { package_id, version, folder, archive } =
    (await subjectAt(effects, path)) ??
    (await storedSubject(effects, base, subject)) ??
    requireSubject(subjects, subject);
  const bytes = archive === undefined ? { source: folder } : { archive };
  const packages = Object.fromEntries(
    // Bytes from the store stay as they are, unless another version is asked of them.
    (chosen ?? [archive === undefined ? version : undefined]).map((number) => [
      `v${(number ?? version).toLowerCase().replaceAll("+", "-")}`,
      { ...bytes, ...(number === undefined ? {} : { version: number }), edits: [] },
    ]),
  );
  const name = package_id.toLowerCase();
  return {
    matrix: { schema_version: "1.0", name, packages, settings: {}, waive: [] },
    directory: base,
    archives: archive === undefined ? [] : [archive],
  };
}

const stated = ({ version, digest, metadata }: MatrixVersion): GoldenMatrix["versions"][number] => ({
  version,
  digest,
  compat: { ...metadata.compat } as Record<string, string>,
});

const cellAt = (point: MatrixPoint, found: unknown, why: string | undefined): MatrixCell =>
  (found as MatrixCell | undefined) ?? lostCell(point, why ?? "it was lost");

const ownHost = ({ version }: Context): HostProgram => ({
  name: OWN_NAME,
  version,
  apis: [API_VERSION],
  command: ["pkg", "run"],
  folder: null,
  is_built_in: true,
});

function waiversOf({ effects }: Context, base: string, { waive }: MatrixFile): MatrixWaiver[] {
  const path = "golden/waivers.toml";
  return [...readWaivers(effects, `${base}/${path}`, path), ...waive];
}
