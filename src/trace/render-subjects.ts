/** Versions, transactions, checkpoints and codes for people. */
import type {
  CheckpointTrace,
  CodeTrace,
  PackageVersionTrace,
  TransactionTrace,
} from "../contracts/index.ts";
import { historyLines, indented, labelled, limited, nameList, section, wrapped } from "./page.ts";
import { installedText } from "./render-package.ts";

export function versionLines(data: PackageVersionTrace): string[] {
  const { package_id, version, manifest, archive, receipts, registered } = data;
  return [
    `# ${package_id} ${version}`,
    "",
    ...labelled(
      "what",
      manifest === null ? "" : `${manifest.name}, ${manifest.package_type}, tier ${manifest.tier}`,
    ),
    ...labelled("spec", manifest?.spec_id ?? ""),
    ...labelled("framework", manifest?.framework_id ?? ""),
    ...receipts.flatMap((receipt) => labelled("installed", installedText(receipt))),
    ...(receipts.length === 0 ? labelled("installed", "no") : []),
    ...labelled("registered", registered ? "yes, the registry names this version" : "no"),
    ...labelled("archive", archiveText(archive)),
    ...labelled("manifest", manifest?.manifest_hash ?? "not kept"),
    ...labelled("others", data.other_versions.join(", ")),
    ...section(
      "Was in force",
      data.in_force.flatMap(({ plane_id, from, until }) =>
        wrapped(
          `${plane_id.toUpperCase()} from ${from.timestamp} (${from.id}) ${until === null ? "on" : `until ${until.timestamp} (${until.id})`}`,
        ),
      ),
    ),
    ...section("Needs", nameList(manifest?.dependencies.map(({ id, range }) => `${id} ${range}`) ?? [])),
    ...section(
      "Contents",
      limited(manifest?.files ?? [], 50, ({ path, size_bytes, classification, sha256 }) => [
        ...wrapped(`${path} (${classification}, ${size_bytes} bytes)`),
        `    ${sha256}`,
      ]),
    ),
    ...section("History", historyLines(data.history, data.history_left_out)),
  ];
}

function archiveText(archive: PackageVersionTrace["archive"]): string {
  if (archive === null) return "not in the store";
  const { path, sha256, size_bytes, verified } = archive;
  const state =
    verified === null ? "no digest on record" : verified ? "as recorded" : "OTHER BYTES than recorded";
  return `${path} sha256:${sha256} ${size_bytes} bytes (${state})`;
}

export function transactionLines(data: TransactionTrace): string[] {
  return [
    `# ${data.transaction_id}`,
    "",
    ...labelled("outcome", data.outcome),
    ...labelled("operation", data.operation ?? ""),
    ...labelled("who", data.user ?? "not recorded"),
    ...labelled("when", data.committed_at ?? data.entries.at(-1)?.timestamp ?? ""),
    ...labelled("generation", data.generation === null ? "" : String(data.generation)),
    ...labelled("packages", data.packages.join(" ")),
    ...labelled(
      "phases",
      data.timeline.map(({ phase, duration_ms }) => `${phase} ${duration_ms} ms`).join(", "),
    ),
    ...labelled("kept", data.kept ? "yes, a rollback needs neither store nor network" : "no"),
    ...section(
      "Did",
      data.steps.flatMap(({ package_id, plane_id, from, to }) =>
        wrapped(`${package_id} in ${plane_id.toUpperCase()}: ${from ?? "absent"} -> ${to ?? "absent"}`),
      ),
    ),
    ...section("Changed", limited(data.changes, 100, changeLines)),
    ...section(
      "Still in force",
      data.receipts.flatMap((receipt) => wrapped(`${receipt.package_id} ${installedText(receipt)}`)),
    ),
    ...section("History", historyLines(data.entries)),
  ];
}

const SIGNS = { added: "+", changed: "~", removed: "-", folder_made: "+", folder_removed: "-" } as const;

function changeLines({
  path,
  change,
  before_sha256,
  before_bytes,
  kept_as,
}: TransactionTrace["changes"][number]) {
  const folder = change.startsWith("folder") ? "/" : "";
  const before = before_sha256 === null ? "" : `was ${before_bytes ?? 0} bytes sha256:${before_sha256}`;
  return [
    `${SIGNS[change]} ${path}${folder}`,
    ...(before === "" ? [] : indented(before, 4)),
    ...(kept_as === null ? [] : indented(`kept as ${kept_as}`, 4)),
  ];
}

export function checkpointLines(data: CheckpointTrace): string[] {
  const { last_entry, root_verified } = data;
  const verdict =
    root_verified === null
      ? "not verified: no stream of this plane fits"
      : root_verified
        ? "recomputed, equal"
        : "NOT the root of the stream";
  return [
    `# ${data.path}`,
    "",
    ...labelled("what", `checkpoint of ${data.origin}`),
    ...labelled("entries", String(data.tree_size)),
    ...labelled("root", `${data.root_hash} (${verdict})`),
    ...labelled("stream", data.stream ?? "not found in this plane"),
    ...data.signatures.flatMap(({ name, key_id }) => labelled("signed by", `${name} (key ${key_id})`)),
    ...labelled(
      "last entry",
      last_entry === null ? "" : `${last_entry.id} ${last_entry.event} at ${last_entry.timestamp}`,
    ),
  ];
}

export function codeLines(data: CodeTrace): string[] {
  const { code, kind, room, exit_code, exit_meaning } = data;
  return [
    `# ${code}`,
    "",
    ...labelled("what", `${kind} of ${room}`),
    ...labelled("exit code", exit_code === null ? "" : `${exit_code}: ${exit_meaning ?? ""}`),
    ...section(
      "Says",
      data.messages.flatMap((message) => wrapped(message)),
    ),
    ...section(
      "Next step",
      data.next_steps.flatMap((step) => wrapped(step)),
    ),
    ...section("History", historyLines(data.history, data.history_left_out)),
  ];
}
