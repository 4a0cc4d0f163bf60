/**
 * The plane as one trace sees it: each registry, each receipt and each folder is looked at once, and only when asked for.
 * Damage does not stop a trace: what can be read is used, what cannot be is a finding.
 */
import type {
  Finding,
  Manifest,
  PlaneTier,
  Receipt,
  RegistryName,
  Row,
  TraceStatement,
} from "../contracts/index.ts";
import type { Effects, FileStat } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { type Installed, installedIds, readReceipt } from "../receipts/index.ts";
import { findRow, type ScannedRow, scanRows } from "../registry/index.ts";
import { EdgeTable } from "./edge-table.ts";
import type { FactEdge, FactInstalled, TraceFacts } from "./facts.ts";
import { indexedFacts } from "./indexed-facts.ts";
import type { LogProofs, TraceOptions } from "./options.ts";
import { planeLog } from "./plane-log.ts";
import { isPlain, parentOf, trimPath } from "./plane-path.ts";
import { isLinkOrFile, statOf } from "./plane-stat.ts";
import { closedReceipt } from "./receipt-findings.ts";
import { RowTable } from "./row-table.ts";

export type SightEffects = Pick<Effects, "fs" | "workers" | "subprocess" | "host" | "clock" | "databases">;
export interface Owned {
  readonly installed: Installed;
  readonly file: Receipt["files"][number];
}

/** The owner named for launchers, as `integrity-check` names it. */
export const LAUNCHER_OWNER = "holdfast";

export interface FoundRow {
  readonly row: Row;
  readonly line: number;
}

const PACKAGE_ID = /^PKG(-[A-Z0-9]+)+$/;

/** Highest first. The contracts list has the same order; importing it would load zod. */
export const TIERS: readonly PlaneTier[] = ["ho3", "ho2", "ho1"];

export class Sight {
  readonly effects: SightEffects;
  readonly plane: Plane;
  readonly launchers: ReadonlyMap<string, string>;
  readonly facts: TraceFacts;
  readonly options: TraceOptions;
  readonly log: LogProofs;
  readonly findings: Finding[] = [];
  readonly statements: TraceStatement[] = [];
  readonly #tables = new Map<RegistryName, RowTable>();
  readonly #found_rows = new Map<string, FoundRow | undefined>();
  readonly #receipts = new Map<string, Installed | undefined>();
  readonly #folders = new Map<string, boolean>();
  #installed: readonly Installed[] | undefined;
  #graph: EdgeTable | undefined;
  #by_path: ReadonlyMap<string, Owned> | undefined;
  #artifacts_by_path: ReadonlyMap<string, Row> | undefined;

  constructor(effects: SightEffects, plane: Plane, options: TraceOptions = {}) {
    this.effects = effects;
    this.plane = plane;
    this.options = options;
    this.launchers = options.launchers ?? new Map();
    this.log = options.log ?? planeLog(effects, plane);
    this.facts = options.facts ?? indexedFacts(effects, plane);
  }

  /** Rows by key, in file order. */
  table(name: Exclude<RegistryName, "file_ownership" | "packages_state">): RowTable {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const by_bytes = this.facts.rows(name);
    const rows = new RowTable(by_bytes);
    if (by_bytes === undefined) this.scan(name, (row) => rows.add(row));
    this.#tables.set(name, rows);
    return rows;
  }

  /** The row of the ownership registry for a path; the registry is too large to keep. */
  ownershipRow(path: string): FoundRow | undefined {
    if (this.#found_rows.has(path)) return this.#found_rows.get(path);
    const found = this.#findOwnershipRow(path);
    this.#found_rows.set(path, found);
    return found;
  }

  #findOwnershipRow(path: string): FoundRow | undefined {
    const known = this.facts.row("file_ownership", [path]);
    if (known !== undefined) return known ?? undefined;
    try {
      const file = `${this.plane.root}/${registryPath("file_ownership")}`;
      return findRow(this.effects.fs, file, "file_ownership", [path]);
    } catch (error) {
      this.noteFault(error);
      return undefined;
    }
  }

  /** One pass over a registry that is too large to keep. */
  scan(name: RegistryName, visit: (row: ScannedRow) => void): void {
    try {
      for (const row of scanRows(this.effects.fs, `${this.plane.root}/${registryPath(name)}`, name))
        visit(row);
    } catch (error) {
      this.noteFault(error);
    }
  }

  /** What the receipts say is installed, highest plane tier first, then by id. Reads every receipt: dear. */
  get installed(): readonly Installed[] {
    this.#installed ??= TIERS.flatMap((tier) =>
      installedIds(this.effects.fs, this.plane.root, tier).flatMap((id) => this.#receiptOf(id, tier) ?? []),
    );
    return this.#installed;
  }

  #receiptOf(id: string, tier: PlaneTier): Installed | undefined {
    const key = `${tier}/${id}`;
    if (!this.#receipts.has(key)) this.#receipts.set(key, this.#readReceipt(id, tier));
    return this.#receipts.get(key);
  }

  #readReceipt(id: string, tier: PlaneTier): Installed | undefined {
    try {
      return readReceipt(this.effects.fs, this.plane.root, id, tier);
    } catch (error) {
      const { code, syscall } = error as { code?: string; syscall?: unknown };
      if (typeof syscall === "string") this.note(closedReceipt(id, tier, code ?? "unknown"));
      else this.noteFault(error, id);
    }
    return undefined;
  }

  /** Its receipts, highest plane tier first; no other package is read. */
  installedAs(package_id: string): Installed[] {
    // Anything else is no folder name that could be trusted, and no receipt can be about it.
    if (!PACKAGE_ID.test(package_id)) return [];
    return TIERS.flatMap((tier) => this.#receiptOf(package_id, tier) ?? []);
  }

  manifestOf(package_id: string): Manifest | undefined {
    return this.installedAs(package_id)[0]?.manifest;
  }

  /** Ids of what is installed in any plane tier; in any order. */
  installedIds(): readonly string[] {
    return this.facts.installedIds() ?? [...new Set(this.installed.map(({ receipt }) => receipt.package_id))];
  }

  /** What lists say of an installed package, in its highest plane tier; undefined when it is not installed. */
  summaryOf(package_id: string): FactInstalled | undefined {
    const known = this.facts.installed(package_id);
    if (known !== undefined) return known[0];
    const [first] = this.installedAs(package_id);
    if (first === undefined) return undefined;
    const { plane_id, version, tier } = first.receipt;
    return { plane_id, version, tier };
  }

  /** Every dependency that an installed manifest declares. */
  *edges(): Generator<FactEdge, void, void> {
    const known = this.facts.edges();
    if (known !== undefined) {
      yield* known;
      return;
    }
    for (const { receipt, manifest } of this.installed) {
      const { package_id: from, plane_id } = receipt;
      for (const { id: to, range } of manifest.dependencies) yield { from, plane_id, to, range };
    }
  }

  /** Those that a package declares, and those that others declare on it: asked one by one, so that an index needs few of them. */
  edgesFrom(package_id: string): readonly FactEdge[] {
    return (
      this.#graph?.from(package_id) ?? this.facts.edgesFrom(package_id) ?? this.#allEdges().from(package_id)
    );
  }

  edgesTo(package_id: string): readonly FactEdge[] {
    return this.#graph?.to(package_id) ?? this.facts.edgesTo(package_id) ?? this.#allEdges().to(package_id);
  }

  #allEdges(): EdgeTable {
    this.#graph ??= new EdgeTable(this.edges());
    return this.#graph;
  }

  /** The receipts that may hold what was asked: those an index names, else all. */
  receiptsNamed(ids: readonly string[] | undefined): readonly Installed[] {
    return ids === undefined ? this.installed : ids.flatMap((id) => this.installedAs(id));
  }

  /** The receipt's file at a path. The registry, or an index, says where to look; without their word all receipts are read. */
  ownedAt(path: string): Owned | undefined {
    if (this.#by_path !== undefined) return this.#by_path.get(path);
    const indexed = this.facts.ownersOf(path);
    const owner = this.ownershipRow(path)?.row["owner_package_id"];
    for (const id of indexed ?? (owner === undefined ? [] : [owner])) {
      for (const installed of this.installedAs(id)) {
        const file = installed.receipt.files.find((one) => one.path === path);
        if (file !== undefined) return { installed, file };
      }
    }
    return indexed === undefined ? this.ownedPaths.get(path) : undefined;
  }

  /** Receipts' files by plane-relative path. */
  get ownedPaths(): ReadonlyMap<string, Owned> {
    if (this.#by_path === undefined) {
      const paths = new Map<string, Owned>();
      for (const installed of this.installed) {
        for (const file of installed.receipt.files)
          if (!paths.has(file.path)) paths.set(file.path, { installed, file });
      }
      this.#by_path = paths;
    }
    return this.#by_path;
  }

  /** Rows of the control plane registry by plane-relative `artifact_path`. */
  get artifactsByPath(): ReadonlyMap<string, Row> {
    this.#artifacts_by_path ??= new Map(
      [...this.table("control_plane_registry").values()]
        .map((row) => [trimPath(row["artifact_path"] ?? ""), row] as const)
        .filter(([path]) => path !== ""),
    );
    return this.#artifacts_by_path;
  }

  /** False when the path leaves the plane, in its text or through a link or file among its folders. */
  isInside(path: string): boolean {
    return isPlain(path) && this.#isFolder(parentOf(path));
  }

  /** Inside, and no lock file: closing a second descriptor of a lock file would silently free the lock. */
  isReadable(path: string): boolean {
    return this.isInside(path) && !path.startsWith(".holdfast/") && !path.endsWith(".jsonl.lock");
  }

  /** What lies at a plane-relative path; undefined for nothing, and for what is not inside the plane. */
  stat(path: string): FileStat | undefined {
    if (path !== "" && !this.isInside(path)) return undefined;
    return statOf(this.effects.fs, path === "" ? this.plane.root : `${this.plane.root}/${path}`);
  }

  #isFolder(path: string): boolean {
    if (path === "") return true;
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const is_folder =
      this.#isFolder(parentOf(path)) && !isLinkOrFile(statOf(this.effects.fs, `${this.plane.root}/${path}`));
    this.#folders.set(path, is_folder);
    return is_folder;
  }

  note(finding: Finding): void {
    this.findings.push(finding);
  }

  /** Faults become findings; anything else is a bug and goes on. */
  noteFault(error: unknown, package_id?: string): void {
    if (!(error instanceof Fault)) throw error;
    const { path, line, column } = error.details as { path?: unknown; line?: unknown; column?: unknown };
    this.note({
      code: error.code,
      severity: "error",
      message: error.message,
      next_step: error.next_step,
      ...(typeof path === "string" ? { path } : {}),
      ...(typeof line === "number" ? { line } : {}),
      ...(typeof column === "number" ? { column } : {}),
      ...(package_id === undefined ? {} : { package_id }),
    });
  }
}
