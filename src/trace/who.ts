/** `trace --who PATH`: owner, class, receipt, and who let the owner in. */
import type { Evidence, TracedOwner, TraceStatement, WhoTrace } from "../contracts/index.ts";
import { registryPath } from "../plane/index.ts";
import { entryEvidence, evidence, inJson, rowEvidence } from "./evidence.ts";
import { make } from "./faults.ts";
import { locatePath } from "./locate.ts";
import { shown } from "./near-names.ts";
import { roleOf, sourceOf } from "./path-role.ts";
import { LAUNCHER_OWNER, type Sight } from "./sight.ts";
import type { State } from "./state.ts";
import { traceUnknown } from "./unknown.ts";

/** @throws TRACE_SUBJECT_UNKNOWN for a path that neither exists nor is owned nor is registered */
export function traceWho(
  sight: Sight,
  state: State,
  subject: string,
): { data: WhoTrace; statements: TraceStatement[] } {
  const path = pathOf(sight, state, subject);
  const owners = state.ownersOf(path).map(
    ({ standing, file }): TracedOwner => ({
      package: standing.package_id,
      plane_id: standing.plane_id,
      version: standing.version,
      classification: file.classification,
      origin: file.origin,
      sha256: file.sha256,
      size_bytes: file.size_bytes,
      executable: file.executable,
      receipt: standing.receipt,
      admission: state.admissionOf(standing),
    }),
  );
  if (state.at === null) owners.push(...otherOwners(sight, path, owners));
  const source_of = state.at === null && owners.length === 0 ? sourceOf(sight, path) : null;
  return {
    data: { path, exists: sight.stat(path) !== undefined, role: roleOf(path), owners, source_of },
    statements: [
      ...owners.flatMap((owner, index) => ownerStatements(sight, path, owner, index)),
      ...sourceStatement(sight, path, source_of),
    ],
  };
}

function pathOf(sight: Sight, state: State, subject: string): string {
  const path = locatePath(sight, subject);
  if (path !== undefined) return path;
  // What is gone now may have been there then.
  if (state.at !== null && state.ownersOf(subject).length > 0) return subject;
  const { near } = traceUnknown(sight, subject);
  const hint = near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
  throw make("TRACE_SUBJECT_UNKNOWN", `there is no path ${shown(subject)}${hint}`, {
    subject: shown(subject),
    near,
  });
}

/** Launchers, and what only the ownership registry claims. A registry that contradicts the receipt is a finding. */
function otherOwners(sight: Sight, path: string, owners: readonly TracedOwner[]): TracedOwner[] {
  const unknown = { version: "", plane_id: "ho3", receipt: null, origin: null, admission: null };
  const sha256 = sight.launchers.get(path);
  if (sha256 !== undefined && owners.length === 0) {
    const bytes = { sha256, size_bytes: null, executable: null, classification: "code" };
    return [{ ...unknown, package: LAUNCHER_OWNER, ...bytes }];
  }
  const found = sight.ownershipRow(path);
  const owner = found?.row["owner_package_id"] ?? "";
  if (owner === "" || owners.some((one) => one.package === owner)) return [];
  sight.note({
    code: "TRACE_OWNER_DIFFERS",
    severity: "error",
    message: `${registryPath("file_ownership")} gives ${path} to ${owner}; ${owners.length === 0 ? "no receipt does" : `a receipt to ${owners[0]?.package ?? ""}`}`,
    next_step: `Run "integrity-check --json" to see which of them is right.`,
    path: registryPath("file_ownership"),
    ...(found === undefined ? {} : { line: found.line }),
    package_id: owner,
  });
  const cell = (column: string): string | null => found?.row[column] || null;
  const bytes = { sha256: cell("sha256"), size_bytes: null, executable: null };
  return [{ ...unknown, package: owner, ...bytes, classification: cell("classification") }];
}

function ownerStatements(sight: Sight, path: string, owner: TracedOwner, index: number): TraceStatement[] {
  const found = sight.options.at === undefined ? sight.ownershipRow(path) : undefined;
  const places: Evidence[] = [];
  if (owner.receipt !== null)
    places.push(inJson(sight, "receipt", owner.receipt, ['"files"', JSON.stringify(path)]));
  if (found?.row["owner_package_id"] === owner.package)
    places.push(evidence("registry", registryPath("file_ownership"), { line: found.line, key: path }));
  if (owner.package === LAUNCHER_OWNER) places.push(evidence("program", "templates", { key: path }));
  const statements: TraceStatement[] = [
    {
      about: `/owners/${index}`,
      says: `${path} belongs to ${owner.package} ${owner.version}`.trim(),
      evidence: places,
    },
  ];
  const { admission } = owner;
  if (admission === null) return statements;
  const says = `${admission.user ?? "somebody unrecorded"} let ${owner.package} ${owner.version} in at ${admission.at}`;
  const entry = admission.entry === null ? [] : [entryEvidence(admission.entry)];
  const receipt = owner.receipt === null ? [] : [inJson(sight, "receipt", owner.receipt, ['"installed_by"'])];
  statements.push({ about: `/owners/${index}/admission`, says, evidence: [...entry, ...receipt] });
  return statements;
}

function sourceStatement(sight: Sight, path: string, source_of: string | null): TraceStatement[] {
  if (source_of === null) return [];
  const row = rowEvidence(sight, "packages_registry", source_of);
  return [
    {
      about: "/source_of",
      says: `${path} lies in the source tree of ${source_of}`,
      evidence: row === undefined ? [] : [row],
    },
  ];
}
