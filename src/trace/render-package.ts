/** A package for people. */
import type { PackageTrace, TracedPlugin, TracedReceipt, TracedWhy } from "../contracts/index.ts";
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

const SHOWN_MAX = 20;

export function packageLines(data: PackageTrace): string[] {
  const { package_id, name, version, package_type, tier, status, spec, framework } = data;
  return [
    `# ${package_id}`,
    "",
    [name, version].filter(Boolean).join(" "),
    "",
    ...labelled("what", [package_type, tier === "" ? "" : `tier ${tier}`, status].filter(Boolean).join(", ")),
    ...labelled("spec", spec === null ? "" : titled(spec.id, spec.title, spec.status)),
    ...labelled("framework", framework === null ? "" : titled(framework.id, framework.title)),
    ...data.receipts.flatMap((receipt) => labelled("installed", installedText(receipt))),
    ...(data.installed ? [] : labelled("installed", "no")),
    ...labelled("archive", archiveText(data.archive)),
    ...(data.next_step === null ? [] : ["", ...wrapped(data.next_step)]),
    ...section("Contents", [
      ...fileTable(data.files),
      ...(data.files.length === 0 ? [] : ["", ...bytesLines(data.files)]),
    ]),
    ...section("Plugin", (data.plugins ?? []).flatMap(pluginLines)),
    ...section(
      "Needs",
      limited(data.dependencies, 50, (one) => [dependencyLine(one)]),
    ),
    ...section("Why", data.installed ? whyLines(package_id, data.why) : []),
    ...section("Used by", usedByLines(data)),
    ...section(
      "Conflicts with",
      data.conflicts.map(({ id, installed }) => `${id}${installed ? " (installed!)" : ""}`),
    ),
    ...section("Tier Status", tierLines(data)),
    ...section("Frameworks Covered", nameList(data.frameworks)),
    ...section("History", historyLines(data.history, data.history_left_out)),
  ];
}

function pluginLines({ namespace, version, state, reason, granted, approvals }: TracedPlugin): string[] {
  return [
    ...wrapped(`${namespace} ${version} is ${state}${reason === null ? "" : ` (${reason})`}`),
    ...wrapped(
      granted === null
        ? "Nothing is granted to it."
        : `Granted by ${granted.by} at ${granted.at} for ${granted.version_range}${granted.pinned ? ", pinned" : ""}: ${granted.scopes.join(", ")}`,
    ),
    ...approvals.flatMap((one) =>
      wrapped(`Approved by ${one.by} until ${one.expires_at}: ${one.scopes.join(", ")} (${one.reason})`),
    ),
  ];
}

export const titled = (id: string, title: string, status?: string): string =>
  `${id}${title === "" ? "" : ` ${title}`}${status === undefined || status === "" ? "" : ` (${status})`}`;

export function installedText({
  plane_id,
  version,
  installed_at,
  installed_by,
  transaction_id,
  generation,
}: TracedReceipt): string {
  return `${version} in ${plane_id.toUpperCase()} by ${installed_by} at ${installed_at} ${transaction_id} generation ${generation}`;
}

function archiveText(archive: PackageTrace["archive"]): string {
  if (archive === null) return "";
  if (!archive.present) return `${archive.path} (not in the store)`;
  if (archive.verified) return `${archive.path} (digest verified)`;
  return `${archive.path} (${archive.expected === null ? "no digest on record" : "OTHER BYTES than recorded"})`;
}

function dependencyLine({
  id,
  range,
  installed_version,
  satisfied,
}: PackageTrace["dependencies"][number]): string {
  const state =
    installed_version === null
      ? "not installed"
      : `installed ${installed_version}${satisfied ? "" : ", OUT OF RANGE"}`;
  return `${id} ${range} (${state})`;
}

/** Sentences and chains that say why an installed package is there. */
export function whyLines(package_id: string, { requested, chains, chains_left_out }: TracedWhy): string[] {
  if (requested) return wrapped(`${package_id} was asked for by name: no installed package depends on it.`);
  const lines = chains.flatMap((chain) => wrapped(chain.join(" -> ")));
  return chains_left_out > 0 ? [...lines, `… and ${chains_left_out} more chains.`] : lines;
}

function usedByLines({ installed, dependents, dependents_left_out }: PackageTrace): string[] {
  if (dependents.length === 0) return installed ? ["Nothing installed needs it."] : [];
  const lineOf = (one: PackageTrace["dependents"][number]): string =>
    `${one.id} ${one.direct ? `(needs ${one.range ?? "*"}${one.installed ? "" : ", not installed"})` : "(through others)"}`;
  return limited(dependents, SHOWN_MAX, (one) => [lineOf(one)], dependents_left_out);
}

/** Worth a section only where more than the plane root, or a kernel, is concerned. */
function tierLines({ package_id, tier_status, parity, receipts }: PackageTrace): string[] {
  const concerned = package_id.includes("KERNEL") || receipts.some(({ plane_id }) => plane_id !== "ho3");
  if (!concerned) return [];
  return [
    ...Object.entries(tier_status).map(([tier, status]) => `${tier}  ${status}`),
    `parity: ${parity ? "yes" : "NO"}`,
  ];
}
