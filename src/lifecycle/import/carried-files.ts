/** Where each file of a Python plane goes in ours. Pure over what was listed. */
import { PLANE_STREAMS } from "../../plane/index.ts";

export type Area =
  | "plain"
  | "registry"
  | "derived"
  | "store"
  | "installed"
  | "ledger"
  | "session"
  | "script"
  | "left";

export interface Carried {
  /** Where it lies in the source, relative. */
  readonly from: string;
  readonly area: Area;
  /** Where its bytes go, plane-relative; undefined for what is left and for ledgers, which are named by their digest. */
  readonly to: string | undefined;
}

/** Registries people keep by hand come over byte for byte; those rebuilt from receipts are rebuilt. */
const CURATED =
  /^registries\/(packages_registry|control_plane_registry|specs_registry|frameworks_registry)\.csv$/;
const DERIVED = /^registries\/(file_ownership|packages_state)\.csv$/;
const LEDGER = /^(planes\/[^/]+\/)?ledger\/[^/]+\.jsonl$/;
const LEDGER_FOLDER = /^(planes\/[^/]+\/)?ledger\//;
const SESSION = /^planes\/[^/]+\/sessions\/[^/]+\/ledger\/[^/]+\.jsonl$/;
const INSTALLED = /^(planes\/[^/]+\/)?installed\//;

/** Where the older tools keep their secret and tokens, by themselves outside the plane. */
export const holdsSecrets = (path: string): boolean =>
  /(^|\/)(secrets\.env|_external_secrets\/.*)$/s.test(path);

/**
 * @param legacy folder for originals that something of ours takes the place of
 * @param launchers plane-relative paths of our own scripts
 */
export function carry(from: string, legacy: string, launchers: ReadonlySet<string>): Carried {
  const aside = `${legacy}/${from}`;
  if (/(^|\/)__pycache__\/|\.py[co]$/.test(from) || from.startsWith(".pytest_cache/"))
    return { from, area: "left", to: undefined };
  if (from.startsWith(".holdfast/") || holdsSecrets(from)) return { from, area: "left", to: undefined };
  if (CURATED.test(from)) return { from, area: "registry", to: from };
  if (DERIVED.test(from)) return { from, area: "derived", to: aside };
  if (from.startsWith("packages_store/")) return { from, area: "store", to: from };
  if (INSTALLED.test(from)) return { from, area: "installed", to: aside };
  if (LEDGER.test(from) && !from.endsWith("/index.jsonl")) return { from, area: "ledger", to: undefined };
  if (LEDGER_FOLDER.test(from)) return { from, area: "plain", to: aside };
  if (SESSION.test(from)) return { from, area: "session", to: aside };
  if (launchers.has(from)) return { from, area: "script", to: aside };
  return { from, area: "plain", to: from };
}

/** `governance-20260203-061146.jsonl` is a later part of `governance.jsonl`. */
const ROTATED = /-\d{8}-\d{6}(?=\.jsonl$)/;

export interface LedgerGroup {
  /** Stream the parts belong to, as it was named there. */
  readonly name: string;
  /** Stream of ours whose first entry seals them. */
  readonly stream: string;
  /** Oldest first. */
  readonly parts: readonly string[];
}

/** Parts of one stream in the order they were written: the file without a time first, then by time. */
export function groupLedgers(paths: readonly string[]): LedgerGroup[] {
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const name = path.replace(ROTATED, "");
    const parts = groups.get(name);
    if (parts === undefined) groups.set(name, [path]);
    else parts.push(path);
  }
  return [...groups]
    .map(([name, parts]) => ({ name, stream: streamFor(name), parts: parts.sort(byTime) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const byTime = (a: string, b: string): number => {
  const [time_a, time_b] = [ROTATED.exec(a)?.[0] ?? "", ROTATED.exec(b)?.[0] ?? ""];
  return time_a < time_b ? -1 : time_a > time_b ? 1 : 0;
};

/** A stream we do not have is sealed by the one of its tier. */
function streamFor(name: string): string {
  const own = PLANE_STREAMS.find((stream) => stream === name);
  if (own !== undefined) return own;
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  return (
    PLANE_STREAMS.find((stream) => stream.startsWith(folder) && folder !== "ledger/") ?? PLANE_STREAMS[0]
  );
}
