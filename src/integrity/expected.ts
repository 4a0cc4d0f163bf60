/** What every owned path should be: receipts, and the launchers of the plane itself. */
import type { Classification } from "../contracts/index.ts";
import { bare, DIGEST_BYTES, prefixed } from "../kernel/index.ts";
import { flagsOf, type ReadReceipt, traitsOf } from "./file-columns.ts";
import type { Outcome } from "./outcome.ts";
import { PathIndex } from "./path-index.ts";
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
/** Paths that there is room for at first. */
const START_COUNT = 1024;

type OfReceipt = Pick<ReadReceipt, "receipt" | "files">;

/**
 * One owner a path (design, G4); a second receipt that claims it is a finding. Kept as columns: of hundreds of thousands of paths
 * few are ever asked for as objects.
 */
export class ExpectedPaths {
  /** In the order in which they came. */
  readonly paths: string[] = [];
  readonly #index = new PathIndex(this.paths);
  /** 32 bytes each, and `flagsOf` of each; with room for more. */
  #digests = Buffer.alloc(START_COUNT * DIGEST_BYTES);
  #flags = new Uint8Array(START_COUNT);
  /** Of each, the place of its receipt in `#receipts`. */
  #owners = new Uint32Array(START_COUNT);
  /** The first one is that of launchers, which have none. */
  readonly #receipts: (ReadReceipt["receipt"] | undefined)[] = [undefined];
  readonly #launchers_count: number;

  constructor(launchers: ReadonlyMap<string, string>) {
    const flags = flagsOf({ classification: "code", executable: undefined, is_created: false });
    for (const [path, sha256] of launchers) {
      this.#index.add(path);
      this.#push(path, Buffer.from(sha256, "hex"), 0, flags);
    }
    this.#launchers_count = launchers.size;
  }

  /** Of the receipt that came last. `at`: of the digest in `digests`. */
  #push(path: string, digests: Uint8Array, at: number, flags: number): void {
    const index = this.paths.length;
    if (index === this.#flags.length) this.#grow(index * 2);
    this.paths.push(path);
    const to = index * DIGEST_BYTES;
    for (let byte = 0; byte < DIGEST_BYTES; byte++) this.#digests[to + byte] = digests[at + byte] ?? 0;
    this.#flags[index] = flags;
    this.#owners[index] = this.#receipts.length - 1;
  }

  #grow(count: number): void {
    const [digests, flags, owners] = [this.#digests, this.#flags, this.#owners];
    this.#digests = Buffer.alloc(count * DIGEST_BYTES);
    this.#digests.set(digests);
    this.#flags = new Uint8Array(count);
    this.#flags.set(flags);
    this.#owners = new Uint32Array(count);
    this.#owners.set(owners);
  }

  add({ receipt, files }: OfReceipt, outcome: Outcome): void {
    const { paths, digests, flags } = files;
    this.#receipts.push(receipt);
    for (let index = 0; index < paths.length; index++) {
      const path = paths[index] ?? "";
      const known = this.#index.add(path);
      if (known === undefined) this.#push(path, digests, index * DIGEST_BYTES, flags[index] ?? 0);
      else claimedTwice(path, this.#ownerAt(known), receipt.package_id, outcome);
    }
  }

  /** A file that is known to be nobody else's. `digest`: `sha256:` and 64 hex digits. */
  addOne(path: string, digest: string, flags: number, receipt: ReadReceipt["receipt"]): void {
    if (this.#receipts.at(-1) !== receipt) this.#receipts.push(receipt);
    this.#index.add(path);
    this.#push(path, Buffer.from(bare(digest), "hex"), 0, flags);
  }

  get size(): number {
    return this.paths.length;
  }

  /** Those that packages own. */
  get of_packages_count(): number {
    return this.paths.length - this.#launchers_count;
  }

  has(path: string): boolean {
    return this.#index.indexOf(path) !== undefined;
  }

  indexOf(path: string): number | undefined {
    return this.#index.indexOf(path);
  }

  get(path: string): Expected | undefined {
    const index = this.#index.indexOf(path);
    return index === undefined ? undefined : this.at(index);
  }

  at(index: number): Expected {
    const receipt = this.receiptAt(index);
    const path = this.paths[index] ?? "";
    const kind = receipt === undefined ? "launcher" : "package";
    const sha256 = this.digestAt(index);
    return { path, sha256, ...traitsOf(this.flagsAt(index)), owner: this.#ownerAt(index), kind, receipt };
  }

  /** `sha256:` and 64 hex digits. */
  digestAt(index: number): string {
    return prefixed(this.#digests.toString("hex", index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES));
  }

  /** Whether this is its digest, byte by byte, that lies there at `at`. */
  hasDigest(index: number, digests: Uint8Array, at: number): boolean {
    const from = index * DIGEST_BYTES;
    for (let byte = 0; byte < DIGEST_BYTES; byte++)
      if (this.#digests[from + byte] !== digests[at + byte]) return false;
    return true;
  }

  /** Byte `place` of its digest. */
  digestByte(index: number, place: number): number {
    return this.#digests[index * DIGEST_BYTES + place] ?? 0;
  }

  flagsAt(index: number): number {
    return this.#flags[index] ?? 0;
  }

  receiptAt(index: number): ReadReceipt["receipt"] | undefined {
    return this.#receipts[this.#owners[index] ?? 0];
  }

  #ownerAt(index: number): string {
    return this.receiptAt(index)?.package_id ?? LAUNCHER_OWNER;
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
