/** What is this, whose is it, why is it here, who allowed it, what breaks without it: for anything in a plane. */
import type { Finding, TraceReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { holdingIndex } from "../index-db/index.ts";
import { bare } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Answer, reportOf } from "./answer.ts";
import { traceArtifact } from "./artifact.ts";
import { frameworkFacts, specFacts } from "./chain.ts";
import { traceCheckpoint } from "./checkpoint.ts";
import { nearCodes, traceCode } from "./code.ts";
import { traceDigest } from "./digest.ts";
import { traceDirectory } from "./directory.ts";
import { make } from "./faults.ts";
import { traceFile } from "./file.ts";
import { traceFramework, traceSpec } from "./governance.ts";
import type { Line } from "./history.ts";
import { findLine, traceLedgerEntry } from "./ledger-subjects.ts";
import { locatePath } from "./locate.ts";
import { momentOf } from "./moment.ts";
import { shown } from "./near-names.ts";
import type { TraceOptions } from "./options.ts";
import { tracePackage } from "./package.ts";
import { tracePackageAt } from "./past.ts";
import { packageOfPlugin } from "./plugins.ts";
import { Sight } from "./sight.ts";
import { StateThen } from "./state-then.ts";
import {
  artifactStatements,
  digestStatements,
  entryStatements,
  fileStatements,
  frameworkStatements,
  packageStatements,
  specStatements,
} from "./statements.ts";
import { traceTransaction } from "./transaction.ts";
import { traceUnknown } from "./unknown.ts";
import { traceVersion } from "./version.ts";
import { traceWho } from "./who.ts";

/**
 * Reads and changes nothing; run it inside `reading` so that no transaction changes the plane meanwhile.
 * Damage it meets is a finding of the report. `findings` are sorted by path, line and code.
 * With `options.at` a package or path is explained as of then.
 * @throws TRACE_TIME_INVALID, TRACE_TIME_MISPLACED, and TRACE_SUBJECT_UNKNOWN for what was not there then
 */
export async function explain(
  effects: Effects,
  plane: Plane,
  subject: string,
  options: TraceOptions = {},
): Promise<TraceReport> {
  return holdingIndex(effects, plane.root, () => explained(new Sight(effects, plane, options), subject));
}

async function explained(sight: Sight, subject: string): Promise<TraceReport> {
  const { at } = sight.options;
  if (at !== undefined) return explainThen(sight, subject, at);
  const answer = await answerFor(sight, subject);
  const unknown = { type: "unknown" as const, statements: [] };
  const near_codes = answer === undefined ? await nearCodes(subject) : [];
  return reportOf(sight, answer ?? { ...unknown, data: traceUnknown(sight, subject, near_codes) }, null);
}

/** Only packages and the paths they own have a past that the ledger tells. */
function explainThen(sight: Sight, subject: string, at: string): TraceReport {
  const state = new StateThen(sight, momentOf(sight, at));
  if (/^PKG-/i.test(subject))
    return reportOf(sight, { type: "package_at", ...tracePackageAt(sight, state, subject) }, state.at);
  if (/^(?:SPEC-|FMWK-|LED-|TX-)/i.test(subject) || /^(?:sha256:)?[0-9a-f]{64}$/i.test(subject))
    throw make("TRACE_TIME_MISPLACED", `${shown(subject)} has no state that changes with time`, {
      subject: shown(subject),
    });
  return reportOf(sight, { type: "who", ...traceWho(sight, state, subject) }, state.at);
}

/** 0 for what is known and nothing wrong with it; 1 for a package that is not installed too: the rollout relies on that. */
export function traceExitCode(report: TraceReport): 0 | 1 {
  if (!report.found || hasError(report)) return 1;
  return report.type === "package" && !report.data.installed ? 1 : 0;
}

/** Notes and informations are no failed check. */
export const hasError = ({ findings }: { readonly findings: readonly Finding[] }): boolean =>
  findings.some(({ severity }) => severity === "error");

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
  if (framework !== undefined) {
    const data = await traceFramework(sight, framework);
    return { type: "framework", data, statements: frameworkStatements(sight, data) };
  }
  const spec = await specFacts(sight, id);
  if (spec !== undefined) {
    const data = await traceSpec(sight, spec);
    return { type: "spec", data, statements: specStatements(sight, data) };
  }
  const package_id = packageOfPlugin(sight, id) ?? id;
  if (sight.table("packages_registry").has(package_id) || sight.installedAs(package_id).length > 0) {
    const data = await tracePackage(sight, package_id);
    return { type: "package", data, statements: packageStatements(sight, data) };
  }
  const artifact = sight.table("control_plane_registry").get(id);
  if (artifact === undefined) return undefined;
  const data = await traceArtifact(sight, id, artifact);
  return { type: "artifact", data, statements: artifactStatements(sight, data) };
}

async function answerForShape(sight: Sight, subject: string): Promise<Answer | undefined> {
  if (/^LED-[0-9a-f]{8,32}$/i.test(subject))
    return entryAnswer(findLine(sight, `LED-${subject.slice(4).toLowerCase()}`), sight);
  if (/^TX-[0-9A-Za-z-]{4,128}$/.test(subject)) {
    const told = traceTransaction(sight, subject);
    return told === undefined ? undefined : { type: "transaction", ...told };
  }
  if (/^PKG-[^@]+@/i.test(subject)) {
    const told = await traceVersion(sight, subject);
    return told === undefined ? undefined : { type: "package_version", ...told };
  }
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^plugin(?:_[a-z]+)+$|^invalid_actor_kind$/.test(subject))
    return codeAnswer(sight, subject);
  if (!/^(?:sha256:)?[0-9a-f]{64}$/i.test(subject)) return undefined;
  const data = await traceDigest(sight, bare(subject.toLowerCase()));
  const is_entry = data.matches.length === 1 && data.matches[0]?.kind === "ledger_entry";
  return (
    entryAnswer(is_entry ? findLine(sight, data.digest) : undefined, sight) ?? {
      type: "digest",
      data,
      statements: digestStatements(data),
    }
  );
}

async function codeAnswer(sight: Sight, subject: string): Promise<Answer | undefined> {
  const told = await traceCode(sight, subject);
  return told === undefined ? undefined : { type: "code", ...told };
}

function entryAnswer(line: Line | undefined, sight: Sight): Answer | undefined {
  if (line === undefined) return undefined;
  const data = traceLedgerEntry(sight, line);
  return { type: "ledger_entry", data, statements: entryStatements(data) };
}

async function answerForPath(sight: Sight, subject: string): Promise<Answer | undefined> {
  const path = locatePath(sight, subject);
  if (path === undefined) return codeAnswer(sight, subject);
  if (path === "" || sight.stat(path)?.kind === "directory")
    return { type: "directory", data: await traceDirectory(sight, path), statements: [] };
  const checkpoint = /(?:^|\/)checkpoint[^/]*$/.test(path) ? traceCheckpoint(sight, path) : undefined;
  if (checkpoint !== undefined) return { type: "checkpoint", ...checkpoint };
  const data = await traceFile(sight, path);
  return { type: "file", data, statements: fileStatements(sight, data) };
}
