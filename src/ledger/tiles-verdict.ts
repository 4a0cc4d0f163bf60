/**
 * Judges the log of a stream against its lines: every tile, every checkpoint. Whoever reads the lines anyway feeds the leaf
 * hashes in order; memory stays flat.
 */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import {
  HASH_BYTES,
  hashAt,
  leafHash,
  type NoteKey,
  type SignedCheckpoint,
  sameHash,
  TILE_WIDTH,
  type Tile,
  TreeBuilder,
  tileNodes,
  treeRoot,
} from "../tlog/index.ts";
import { readCheckpoint } from "./checkpoint-file.ts";
import { type CheckpointVerdict, judgeCheckpoint, type TreeOfLines } from "./checkpoint-verify.ts";
import type { StreamRef } from "./stream-ref.ts";
import { tileRoot } from "./tile-roots.ts";
import { LineTooLong, leafLines } from "./tiles-lines.ts";
import { treeFileName, treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";
import { TileJudge } from "./tiles-verify.ts";

export interface TreeVerdict {
  /** False when a tile or checkpoint is wrong. A log that was never written is valid and covers nothing. */
  readonly valid: boolean;
  /** Lines that were looked at. */
  readonly entries_count: number;
  readonly checkpoint?: CheckpointVerdict;
  /** The newest checkpoint with a witness's signature. */
  readonly cosigned?: CheckpointVerdict;
  /** Lines that the checkpoint does not cover. */
  readonly beyond_checkpoint_count: number;
  readonly first_bad?: Pick<Finding, "code" | "message" | "path" | "line">;
  /** Tiles by path, then checkpoints, then notes. */
  readonly findings: readonly Finding[];
}

/** A tree of lines for judging: tiles as they fill, and at the end what is left. */
export interface JudgedTree extends TreeOfLines {
  readonly edge: readonly Tile[];
}

/** Judges stored files against tiles handed in; `verifyTree` and `TreeVerifier` compute these from lines. */
export class TreeJudge {
  readonly #stream: StreamRef;
  readonly #keys: readonly NoteKey[];
  readonly #are_all_revoked: boolean;
  readonly #tiles: TileJudge;
  readonly #checkpoint: SignedCheckpoint | string | undefined;
  readonly #cosigned: SignedCheckpoint | string | undefined;

  /** Checkpoints are read first: a writer adds lines before it signs, so the lines are never behind what is held. */
  constructor(fs: FileSystem, stream: StreamRef, keys: readonly NoteKey[], are_all_revoked = false) {
    const places = treePlaces(stream);
    this.#stream = stream;
    this.#keys = keys;
    this.#are_all_revoked = are_all_revoked;
    this.#checkpoint = readCheckpoint(fs, places.checkpoint);
    this.#cosigned = readCheckpoint(fs, places.cosigned);
    const covered = typeof this.#checkpoint === "object" ? this.#checkpoint : undefined;
    this.#tiles = new TileJudge(fs, stream, covered?.size ?? 0);
    this.#tiles.edgeIsBorneOut = () => covered !== undefined && storedRootIs(fs, stream, covered);
  }

  /** Sizes whose roots will be asked for. */
  sizesOfInterest(): number[] {
    return [this.#checkpoint, this.#cosigned].flatMap((one) => (typeof one === "object" ? [one.size] : []));
  }

  takeFull(tile: Tile): void {
    this.#tiles.take(tile);
  }

  finish(tree: JudgedTree): TreeVerdict {
    for (const tile of tree.edge) this.#tiles.take(tile);
    this.#tiles.takeOthers(tree.size);
    const checkpoint = this.#judge("checkpoint", this.#checkpoint, tree);
    const cosigned = this.#judge("cosigned", this.#cosigned, tree);
    const covered = Math.min(checkpoint?.verdict?.size ?? 0, tree.size);
    const beyond = tree.size - covered;
    const findings = [
      ...this.#tiles.findings.sort((a, b) => ((a.path ?? "") < (b.path ?? "") ? -1 : 1)),
      ...(checkpoint?.findings ?? []),
      ...(cosigned?.findings ?? []),
      ...this.#notes(tree.size, beyond),
    ];
    const first = findings.find(({ severity }) => severity === "error");
    return {
      valid: first === undefined,
      entries_count: tree.size,
      ...(checkpoint?.verdict && { checkpoint: checkpoint.verdict }),
      ...(cosigned?.verdict && { cosigned: cosigned.verdict }),
      beyond_checkpoint_count: beyond,
      ...(first && { first_bad: firstBad(first) }),
      findings,
    };
  }

  #judge(
    file: "checkpoint" | "cosigned",
    found: SignedCheckpoint | string | undefined,
    tree: TreeOfLines,
  ): ReturnType<typeof judgeCheckpoint> | undefined {
    if (found === undefined) return undefined;
    const known = { keys: this.#keys, are_all_revoked: this.#are_all_revoked };
    return judgeCheckpoint(this.#stream, file, found, tree, known);
  }

  #notes(size: number, beyond: number): Finding[] {
    const found: Finding[] = [];
    const note = (code: string, message: string, next_step: string): void => {
      const path = this.#stream.name;
      found.push({ code, severity: "note", message: `${path}: ${message}`, next_step, path });
    };
    const unlisted = this.#tiles.findings_count - this.#tiles.findings.length;
    if (unlisted > 0) {
      note(
        "LEDGER_MORE_TILES",
        `${unlisted} more tiles are wrong`,
        `Run "pkg ledger rebuild" once the lines are sound.`,
      );
    }
    if (beyond > 0 && this.#checkpoint === undefined) {
      const message = `no checkpoint covers its ${size} entries`;
      note(
        "LEDGER_UNCHECKPOINTED",
        message,
        `Run "pkg ledger rebuild" where the plane's signing key can be reached.`,
      );
    } else if (beyond > 0) {
      const message = `${beyond} entries are newer than ${treeFileName(this.#stream, "checkpoint")}`;
      note(
        "LEDGER_BEYOND_CHECKPOINT",
        message,
        `Run "pkg ledger rebuild" where the plane's signing key can be reached; so does any command that records an entry.`,
      );
    }
    return found;
  }
}

function firstBad({ code, message, path, line }: Finding): NonNullable<TreeVerdict["first_bad"]> {
  return { code, message, ...(path !== undefined && { path }), ...(line !== undefined && { line }) };
}

/** True when the tiles as stored have the checkpoint's root, whatever the lines say. */
function storedRootIs(fs: FileSystem, stream: StreamRef, { size, root }: SignedCheckpoint): boolean {
  try {
    const read = tileNodes(size, (name) => readTile(fs, stream, name));
    return sameHash(treeRoot(size, read), root);
  } catch (error) {
    if (error instanceof TileUnusable) return false;
    throw error;
  }
}

/** Where a verification of a tree stood. */
export interface TreeState {
  readonly size: number;
  /** Tiles that are not full. */
  readonly edge: readonly { readonly level: number; readonly bytes: Uint8Array }[];
  /** By size, of those that were asked for. */
  readonly roots: readonly (readonly [number, Uint8Array])[];
}

const builderOf = ({ size, edge }: TreeState): TreeBuilder =>
  TreeBuilder.of(size, ({ level }) => edge.find((tile) => tile.level === level)?.bytes ?? new Uint8Array());

/** Verifies while somebody else reads the lines: `add` each leaf hash in order, then `finish`. */
export class TreeVerifier {
  readonly #judge: TreeJudge;
  readonly #builder: TreeBuilder;
  readonly #wanted: Set<number>;
  readonly #roots: Map<number, Uint8Array>;
  /** Leaf hashes of a tile that is not full yet. */
  readonly #waiting = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
  #waiting_count = 0;

  /**
   * `begun`: the tree of lines that were verified before, whose full tiles are as they were. `are_all_revoked`: no key of
   * the log is left among the keys.
   */
  constructor(
    fs: FileSystem,
    stream: StreamRef,
    keys: readonly NoteKey[],
    { begun, are_all_revoked }: { begun?: TreeState | undefined; are_all_revoked?: boolean } = {},
  ) {
    this.#judge = new TreeJudge(fs, stream, keys, are_all_revoked);
    this.#wanted = new Set(this.#judge.sizesOfInterest());
    this.#builder = begun === undefined ? new TreeBuilder() : builderOf(begun);
    this.#roots = new Map(begun?.roots);
    this.#keepRoot();
  }

  /** Whether each root that will be asked for is known, or of lines that are still to come. */
  get knowsRoots(): boolean {
    return [...this.#wanted].every((size) => size >= this.#builder.size || this.#roots.has(size));
  }

  /** After `finish`. */
  state(): TreeState {
    const { size } = this.#builder;
    const edge = this.#builder.edge().map(({ level, bytes }) => ({ level, bytes: Uint8Array.from(bytes) }));
    return { size, edge, roots: [...this.#roots] };
  }

  /** The leaf hash of the next line: `leafHash` of its bytes without the newline. */
  add(leaf: Uint8Array): void {
    if (this.#builder.size % TILE_WIDTH !== 0 && this.#waiting_count === 0) {
      this.#builder.append(Buffer.from(leaf), (tile) => this.#judge.takeFull(tile));
      this.#keepRoot();
      return;
    }
    this.#waiting.set(leaf, this.#waiting_count * HASH_BYTES);
    this.#waiting_count++;
    if (this.#waiting_count === TILE_WIDTH) this.#addFull();
  }

  /** At once where nobody asks for a root within the tile. */
  #addFull(): void {
    const { size } = this.#builder;
    for (const wanted of this.#wanted)
      if (wanted > size && wanted < size + TILE_WIDTH) return this.#addWaiting();
    const root = tileRoot(this.#waiting);
    this.#builder.appendTile(this.#waiting, root, (tile) => this.#judge.takeFull(tile));
    this.#waiting_count = 0;
    this.#keepRoot();
  }

  #addWaiting(): void {
    for (let index = 0; index < this.#waiting_count; index++) {
      this.#builder.append(hashAt(this.#waiting, index), (tile) => this.#judge.takeFull(tile));
      this.#keepRoot();
    }
    this.#waiting_count = 0;
  }

  #keepRoot(): void {
    const { size } = this.#builder;
    if (this.#wanted.has(size)) this.#roots.set(size, this.#builder.root());
  }

  finish(): TreeVerdict {
    this.#addWaiting();
    const { size } = this.#builder;
    return this.#judge.finish({ size, edge: this.#builder.edge(), rootAt: (at) => this.#roots.get(at) });
  }
}

/**
 * Reads all complete lines and judges the log. Takes no lock.
 * @throws Node's own error when the stream cannot be read
 */
export function verifyTree(fs: FileSystem, stream: StreamRef, keys: readonly NoteKey[]): TreeVerdict {
  const verifier = new TreeVerifier(fs, stream, keys);
  if (fs.stat(stream.path) === undefined) return verifier.finish();
  try {
    for (const { bytes } of leafLines(fs, stream.path, 0)) verifier.add(leafHash(bytes));
  } catch (error) {
    // The chain's own verification names such a line; the log ends before it.
    if (!(error instanceof LineTooLong)) throw error;
  }
  return verifier.finish();
}
