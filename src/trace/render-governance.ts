/** Specs, frameworks, ledger entries, transactions, digests and the unknown for people. */
import type {
  DigestTrace,
  FrameworkTrace,
  LedgerEntryTrace,
  SpecTrace,
  UnknownTrace,
} from "../contracts/index.ts";
import {
  bytesLines,
  fileTable,
  historyLines,
  labelled,
  limited,
  nameList,
  section,
  wrapped,
} from "./page.ts";
import { titled } from "./render-package.ts";

export function specLines(data: SpecTrace): string[] {
  const { framework_id, title } = data.framework;
  return [
    `# ${data.spec_id}`,
    "",
    ...labelled("what", ["spec", data.title, data.version, data.status].filter(Boolean).join(", ")),
    ...labelled(
      "framework",
      framework_id === ""
        ? "none"
        : titled(framework_id, title, data.framework_registered ? undefined : "not registered"),
    ),
    ...section("Contents", [
      ...fileTable(data.files),
      ...(data.files.length === 0 ? [] : ["", ...bytesLines(data.files)]),
    ]),
    ...section("Used by", nameList(data.packages)),
    ...section("History", historyLines(data.history, data.history_left_out)),
  ];
}

export function frameworkLines(data: FrameworkTrace): string[] {
  const files = data.specs.flatMap((spec) => spec.files);
  return [
    `# ${data.framework_id}`,
    "",
    ...labelled("what", ["framework", data.title, data.version, data.status].filter(Boolean).join(", ")),
    ...labelled("document", data.document ?? "none in the plane"),
    ...labelled("files", `${data.total_files} in ${data.specs.length} specs`),
    ...section(
      "Specs",
      limited(data.specs, 50, (spec) => [
        `${titled(spec.spec_id, spec.title, spec.status)}: ${spec.files.length} files`,
      ]),
    ),
    ...section("Contents", files.length === 0 ? [] : [...fileTable(files), "", ...bytesLines(files)]),
    ...section("Used by", nameList(data.packages)),
    ...section("History", historyLines(data.history, data.history_left_out)),
  ];
}

export function ledgerEntryLines(data: LedgerEntryTrace): string[] {
  const neighbour = (one: LedgerEntryTrace["chain"]["next"], absent: string): string =>
    one === null ? absent : `${one.event} ${one.id} (line ${one.line})`;
  return [
    `# ${data.id || data.entry_hash}`,
    "",
    ...labelled("what", `${data.event} ${data.submission_id}`),
    ...labelled("reason", data.reason),
    ...labelled("decision", data.decision),
    ...labelled("who", data.user ?? "not recorded"),
    ...labelled("when", data.timestamp),
    ...labelled("transaction", data.transaction_id ?? ""),
    ...labelled("where", `${data.stream}, line ${data.line} of ${data.entries_count}`),
    ...labelled(
      "hash",
      `${data.entry_hash} ${data.hash_verified ? "(recomputed, equal)" : "(DOES NOT HOLD)"}`,
    ),
    ...labelled(
      "covered",
      data.covered ? "yes, by the head beside the keys" : "NO, the head beside the keys does not reach it",
    ),
    ...labelled("in the log", IN_TREE[String(data.in_tree)] ?? ""),
    ...labelled("before it", neighbour(data.chain.previous, "nothing, it is the first")),
    ...labelled("after it", neighbour(data.chain.next, "nothing, it is the last")),
    ...section(
      "Metadata",
      Object.entries(data.metadata).flatMap(([key, value]) =>
        wrapped(`${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`),
      ),
    ),
  ];
}

const IN_TREE: Readonly<Record<string, string>> = {
  true: "yes, proven against the signed checkpoint",
  false: "NO, the signed tree does not hold it",
  null: "not yet, no checkpoint reaches it",
};

export function digestLines(data: DigestTrace): string[] {
  const state = (verified: boolean | null): string =>
    verified === null ? "" : verified ? " (verified now)" : " (NOT what lies there now)";
  return [
    `# sha256:${data.digest}`,
    ...(data.matches.length === 0 ? ["", "Nothing in this plane has or records this digest."] : []),
    ...section(
      "Matches",
      data.matches.flatMap(({ kind, path, package: owner, recorded_in, verified }) => [
        `${kind.replace("_", " ")}${owner === null ? "" : ` of ${owner}`}${path === null ? "" : ` ${path}`}${state(verified)}`,
        `    recorded in ${recorded_in}`,
      ]),
    ),
  ];
}

export function unknownLines(data: UnknownTrace): string[] {
  return [
    `# ${data.query}`,
    "",
    "Not found: no package, version, spec, framework, artifact, file, digest, ledger",
    "entry, checkpoint or transaction of this plane, and no code, has this name.",
    ...section("Did you mean", data.near),
    ...section("History", historyLines(data.history)),
    "",
    ...wrapped(data.next_step),
  ];
}
