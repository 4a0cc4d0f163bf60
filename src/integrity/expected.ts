/** What every owned path should be: receipts, and the launchers of the plane itself. */
import type { Classification, Receipt } from "../contracts/index.ts";
import { prefixed } from "../kernel/index.ts";
import type { Installed } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

export interface Expected {
  readonly path: string;
  /** `sha256:` and 64 hex digits. */
  readonly sha256: string;
  /** Undefined where nothing was recorded. */
  readonly executable: boolean | undefined;
  readonly classification: Classification;
  readonly owner: string;
  readonly kind: "package" | "launcher";
  /** Whether an install put it there; what it found there already keeps some freedom. */
  readonly is_created: boolean;
  /** Of its package; undefined for a launcher. */
  readonly receipt: Receipt | undefined;
}

const LAUNCHER_OWNER = "holdfast";

/** One owner a path (design, G4); a second receipt that claims it is a finding. */
export function expectedPaths(
  installed: readonly Installed[],
  launchers: ReadonlyMap<string, string>,
  outcome: Outcome,
): Map<string, Expected> {
  const expected = new Map<string, Expected>();
  for (const [path, sha256] of launchers) {
    const owned = { owner: LAUNCHER_OWNER, classification: "code", kind: "launcher" } as const;
    const about = { executable: undefined, is_created: false, receipt: undefined };
    expected.set(path, { path, sha256: prefixed(sha256), ...about, ...owned });
  }
  for (const { receipt } of installed) {
    const owner = receipt.package_id;
    for (const { path, sha256, executable, classification, origin } of receipt.files) {
      const other = expected.get(path);
      if (other === undefined) {
        const is_created = origin === "created";
        const of_package = { owner, kind: "package", is_created, receipt } as const;
        expected.set(path, { path, sha256, executable, classification, ...of_package });
        continue;
      }
      const message = `${shown(path)} is claimed by ${other.owner} and by ${owner}`;
      outcome.find("OWNERS_CONFLICT", message, `Run "pkg uninstall --id ${owner} --accept-drift".`, {
        path,
        package_id: owner,
        expected: other.owner,
        actual: owner,
      });
    }
  }
  return expected;
}
