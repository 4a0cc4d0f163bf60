/** What is this, whose is it, why is it here, who allowed it, what breaks without it: for anything in a plane. */
import type { TraceReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { traceArtifact } from "./artifact.ts";
import { frameworkFacts, specFacts } from "./chain.ts";
import { traceDigest } from "./digest.ts";
import { traceDirectory } from "./directory.ts";
import { traceFile } from "./file.ts";
import { sorted } from "./findings.ts";
import { traceFramework, traceSpec } from "./governance.ts";
import { findLine, traceLedgerEntry, traceTransaction } from "./ledger-subjects.ts";
import { locatePath } from "./locate.ts";
import { tracePackage } from "./package.ts";
import { Sight, type TraceOptions } from "./sight.ts";
import { traceUnknown } from "./unknown.ts";

type Answer = { [R in TraceReport as R["type"]]: Pick<R, "type" | "data"> }[TraceReport["type"]];

/**
 * Reads and changes nothing; run it inside `reading` so that no transaction changes the plane meanwhile.
 * Damage it meets is a finding of the report. `findings` are sorted by path, line and code.
 */
export async function explain(
  effects: Effects,
  plane: Plane,
  subject: string,
  options: TraceOptions = {},
): Promise<TraceReport> {
  const sight = new Sight(effects, plane, options);
  const answer = await answerFor(sight, subject);
  const known = answer ?? { type: "unknown" as const, data: traceUnknown(sight, subject) };
  const found = known.type !== "unknown" && (known.type !== "digest" || known.data.matches.length > 0);
  return { ...known, found, findings: sorted(sight.findings) };
}

/** 0 for what is known, except a package that is not installed: the rollout relies on that. Else 1. */
export function traceExitCode(report: TraceReport): 0 | 1 {
  if (!report.found) return 1;
  return report.type === "package" && !report.data.installed ? 1 : 0;
}

/** Names first, then what has the shape of an id or digest, then paths. */
async function answerFor(sight: Sight, subject: string): Promise<Answer | undefined> {
  for (const name of new Set([subject, subject.toUpperCase()])) {
    const named = await answerForName(sight, name);
    if (named !== undefined) return named;
  }
  return (await answerForShape(sight, subject)) ?? answerForPath(sight, subject);
}

async function answerForName(sight: Sight, id: string): Promise<Answer | undefined> {
  const framework = frameworkFacts(sight, id);
  if (framework !== undefined) return { type: "framework", data: await traceFramework(sight, framework) };
  const spec = await specFacts(sight, id);
  if (spec !== undefined) return { type: "spec", data: await traceSpec(sight, spec) };
  if (sight.table("packages_registry").has(id) || sight.installedAs(id).length > 0) {
    return { type: "package", data: await tracePackage(sight, id) };
  }
  const artifact = sight.table("control_plane_registry").get(id);
  return artifact === undefined
    ? undefined
    : { type: "artifact", data: await traceArtifact(sight, id, artifact) };
}

async function answerForShape(sight: Sight, subject: string): Promise<Answer | undefined> {
  if (/^LED-[0-9a-f]{8,32}$/i.test(subject)) {
    const line = findLine(sight, `LED-${subject.slice(4).toLowerCase()}`);
    return line === undefined ? undefined : { type: "ledger_entry", data: traceLedgerEntry(sight, line) };
  }
  if (/^TX-[0-9A-Za-z-]{4,128}$/.test(subject)) {
    const data = traceTransaction(sight, subject);
    return data === undefined ? undefined : { type: "transaction", data };
  }
  if (!/^(?:sha256:)?[0-9a-f]{64}$/i.test(subject)) return undefined;
  const data = await traceDigest(sight, bare(subject.toLowerCase()));
  const line =
    data.matches.length === 1 && data.matches[0]?.kind === "ledger_entry"
      ? findLine(sight, data.digest)
      : undefined;
  return line === undefined
    ? { type: "digest", data }
    : { type: "ledger_entry", data: traceLedgerEntry(sight, line) };
}

async function answerForPath(sight: Sight, subject: string): Promise<Answer | undefined> {
  const path = locatePath(sight, subject);
  if (path === undefined) return undefined;
  if (path === "" || sight.stat(path)?.kind === "directory")
    return { type: "directory", data: await traceDirectory(sight, path) };
  return { type: "file", data: await traceFile(sight, path) };
}
