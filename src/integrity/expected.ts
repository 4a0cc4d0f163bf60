/** What every owned path should be: receipts, and the launchers of the plane itself. */
import type { Classification } from "../contracts/index.ts";
import { prefixed } from "../kernel/index.ts";
import { flagsOf, type ReadReceipt, traitsOf } from "./file-columns.ts";
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
  readonly receipt: ReadReceipt["receipt"] | undefined;
}

const LAUNCHER_OWNER = "holdfast";

type OfReceipt = Pick<ReadReceipt, "receipt" | "files">;

/**
 * One owner a path (design, G4); a second receipt that claims it is a finding. Kept as columns: of hundreds of thousands of paths
 * few are ever asked for as objects.
 */
export class ExpectedPaths {
  /** In the order in which they came. */
  readonly paths: string[] = [];
  readonly #index_of = new Map<string, number>();
  readonly #digests: string[] = [];
  readonly #flags: number[] = [];
  /** Undefined for a launcher. */
  readonly #receipts: (ReadReceipt["receipt"] | undefined)[] = [];
  readonly #launchers_count: number;

  constructor(launchers: ReadonlyMap<string, string>) {
    const flags = flagsOf({ classification: "code", executable: undefined, is_created: false });
    for (const [path, sha256] of launchers) this.#push(path, prefixed(sha256), flags, undefined);
    this.#launchers_count = launchers.size;
  }

  #push(path: string, digest: string, flags: number, receipt: ReadReceipt["receipt"] | undefined): void {
    this.#index_of.set(path, this.paths.length);
    this.paths.push(path);
    this.#digests.push(digest);
    this.#flags.push(flags);
    this.#receipts.push(receipt);
  }

  add({ receipt, files }: OfReceipt, outcome: Outcome): void {
    const { paths, digests, flags } = files;
    for (let index = 0; index < paths.length; index++) {
      const path = paths[index] ?? "";
      const known = this.#index_of.get(path);
      if (known === undefined) this.#push(path, digests[index] ?? "", flags[index] ?? 0, receipt);
      else claimedTwice(path, this.#ownerAt(known), receipt.package_id, outcome);
    }
  }

  /** A file that is known to be nobody else's. `digest`: `sha256:` and 64 hex digits. */
  addOne(path: string, digest: string, flags: number, receipt: ReadReceipt["receipt"]): void {
    this.#push(path, digest, flags, receipt);
  }

  get size(): number {
    return this.paths.length;
  }

  /** Those that packages own. */
  get of_packages_count(): number {
    return this.paths.length - this.#launchers_count;
  }

  has(path: string): boolean {
    return this.#index_of.has(path);
  }

  indexOf(path: string): number | undefined {
    return this.#index_of.get(path);
  }

  get(path: string): Expected | undefined {
    const index = this.#index_of.get(path);
    return index === undefined ? undefined : this.at(index);
  }

  at(index: number): Expected {
    const receipt = this.#receipts[index];
    const path = this.paths[index] ?? "";
    const kind = receipt === undefined ? "launcher" : "package";
    const sha256 = this.digestAt(index);
    return { path, sha256, ...traitsOf(this.flagsAt(index)), owner: this.#ownerAt(index), kind, receipt };
  }

  /** `sha256:` and 64 hex digits. */
  digestAt(index: number): string {
    return this.#digests[index] ?? "";
  }

  flagsAt(index: number): number {
    return this.#flags[index] ?? 0;
  }

  receiptAt(index: number): ReadReceipt["receipt"] | undefined {
    return this.#receipts[index];
  }

  #ownerAt(index: number): string {
    return this.#receipts[index]?.package_id ?? LAUNCHER_OWNER;
  }
}

function claimedTwice(path: string, first: string, owner: string, outcome: Outcome): void {
  const message = `${shown(path)} is claimed by ${first} and by ${owner}`;
  outcome.find("OWNERS_CONFLICT", message, `Run "pkg uninstall --id ${owner} --accept-drift".`, {
    path,
    package_id: owner,
    expected: first,
    actual: owner,
  });
}
