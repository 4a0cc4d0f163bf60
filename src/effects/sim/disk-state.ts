/**
 * What a simulated disk holds, twice: as processes see it, and as it would be after a power cut, with every operation in
 * between kept by itself. Nodes are never changed, only exchanged, so that copying a state copies two maps.
 */

export interface FileNode {
  readonly kind: "file";
  readonly mode: number;
  readonly bytes: Buffer;
  /** Number of the mutation that wrote it last; stands in for the time. */
  readonly written: number;
  /** The same for any change of it, its mode too. */
  readonly changed: number;
}

export interface FolderNode {
  readonly kind: "directory";
  readonly mode: number;
  readonly entries: ReadonlyMap<string, number>;
  readonly written: number;
  readonly changed: number;
}

export type DiskNode = FileNode | FolderNode;

/** One name of one folder, given to an inode or taken away from it. Taking away does nothing where the name leads elsewhere. */
export interface NameEdit {
  readonly folder: number;
  readonly name: string;
  readonly inode: number;
  readonly does: "give" | "take";
}

/** A creation, removal or rename: whole on disk or absent, as journalling file systems promise. */
export interface NameChange {
  readonly number: number;
  readonly edits: readonly NameEdit[];
  /** Changes without which this one is meaningless: of the name it gives, or inside a folder it removes. */
  readonly needs: readonly number[];
  /**
   * The making of the folders it gives names in. By itself it never survives without them, but syncing a folder does not
   * promise that the folder's own name is durable: then what was moved into it is lost with it.
   */
  readonly needs_folders: readonly number[];
  /** Folders still to be synced before it is durable by promise. */
  readonly awaits: ReadonlySet<number>;
}

/**
 * When a rename between two folders is durable: once `either` is synced (what ext4, XFS and btrfs do, since one journal
 * entry holds both sides) or once `both` are (all that the manual promises).
 */
export type RenamePromise = "either" | "both";

export const ROOT_INODE = 1;

export interface DiskState {
  readonly rename_promise: RenamePromise;
  /** As processes see it. */
  readonly nodes: Map<number, DiskNode>;
  /** As promised after a power cut. */
  readonly durable: Map<number, DiskNode>;
  /** Not yet durable, oldest first. */
  pending: readonly NameChange[];
  /** Smallest size of each file since its data was synced: what lies beyond it was written anew. */
  readonly floors: Map<number, number>;
  next_inode: number;
  mutations: number;
}

export function emptyState(rename_promise: RenamePromise): DiskState {
  const root: FolderNode = { kind: "directory", mode: 0o755, entries: new Map(), written: 0, changed: 0 };
  return {
    rename_promise,
    nodes: new Map([[ROOT_INODE, root]]),
    durable: new Map([[ROOT_INODE, root]]),
    pending: [],
    floors: new Map(),
    next_inode: ROOT_INODE + 1,
    mutations: 0,
  };
}

export const copyState = (state: DiskState): DiskState => ({
  ...state,
  nodes: new Map(state.nodes),
  durable: new Map(state.durable),
  floors: new Map(state.floors),
});

export function applyEdits(nodes: Map<number, DiskNode>, edits: readonly NameEdit[], changed: number): void {
  for (const { folder, name, inode, does } of edits) {
    const node = nodes.get(folder);
    if (node?.kind !== "directory") continue;
    if (does === "take" && node.entries.get(name) !== inode) continue;
    const entries = new Map(node.entries);
    if (does === "take") entries.delete(name);
    else entries.set(name, inode);
    nodes.set(folder, { ...node, entries, written: changed, changed });
  }
}

/** Changes names now, and remembers the change as not yet durable. */
export function changeNames(state: DiskState, edits: readonly NameEdit[]): void {
  const given = edits.filter(({ does }) => does === "give");
  // A move takes its file from wherever it is; anything else follows what was done to the same name.
  const ordered = given.length === 0 ? edits : given;
  const removed = removedFolders(state, edits);
  const needs: number[] = [];
  const needs_folders: number[] = [];
  const earlier_places: NameEdit[] = [];
  for (const { number, edits: past } of state.pending) {
    const same_name = past.some((one) => ordered.some((edit) => isSameName(edit, one)));
    if (same_name || past.some(({ folder }) => removed.has(folder))) needs.push(number);
    if (past.some((one) => one.does === "give" && given.some(({ folder }) => folder === one.inode)))
      needs_folders.push(number);
    // A file that moved twice is not found at its first place when only the second move survives.
    for (const one of past)
      if (given.some(({ inode }) => inode === one.inode) && !given.some((edit) => isSameName(edit, one)))
        earlier_places.push({ ...one, does: "take" });
  }
  const number = state.mutations;
  const awaits = new Set(edits.map(({ folder }) => folder));
  const all = [...earlier_places, ...edits];
  applyEdits(state.nodes, all, number);
  state.pending = [...state.pending, { number, edits: all, needs, needs_folders, awaits }];
}

const isSameName = (one: NameEdit, other: NameEdit): boolean =>
  one.folder === other.folder && one.name === other.name;

/** Folders that lose their only name: taken away, or replaced by what is given their name. */
function removedFolders(state: DiskState, edits: readonly NameEdit[]): Set<number> {
  const given = new Set(edits.filter(({ does }) => does === "give").map(({ inode }) => inode));
  const lost = edits.flatMap(({ folder, name }) => {
    const node = state.nodes.get(folder);
    return (node?.kind === "directory" ? node.entries.get(name) : undefined) ?? [];
  });
  return new Set(lost.filter((inode) => !given.has(inode)));
}

/** Changes and all they need, oldest first. */
export function closureOf(
  pending: readonly NameChange[],
  wanted: ReadonlySet<number>,
  needsOf: (change: NameChange) => readonly number[] = allNeeds,
): NameChange[] {
  const closed = new Set(wanted);
  for (const change of [...pending].reverse()) {
    if (closed.has(change.number)) for (const need of needsOf(change)) closed.add(need);
  }
  return pending.filter(({ number }) => closed.has(number));
}

const allNeeds = ({ needs, needs_folders }: NameChange): number[] => [...needs, ...needs_folders];

/** Everything that happened to names in this folder is durable from now on, and so is the folder's mode. */
export function syncFolder(state: DiskState, inode: number): void {
  const kept = state.rename_promise === "either" ? () => new Set<number>() : withoutFolder(inode);
  const looked = state.pending.map((change) =>
    change.awaits.has(inode) ? { ...change, awaits: kept(change.awaits) } : change,
  );
  const promised = new Set(looked.filter(({ awaits }) => awaits.size === 0).map(numberOf));
  const done = closureOf(looked, promised, ({ needs }) => needs);
  for (const { edits, number } of done) applyEdits(state.durable, edits, number);
  state.pending = withoutOvertaken(
    looked.filter((change) => !done.includes(change)),
    done,
  );
  const now = state.nodes.get(inode);
  const before = state.durable.get(inode);
  if (now !== undefined && before !== undefined) state.durable.set(inode, { ...before, mode: now.mode });
}

/** What happened earlier to a file whose later place is durable already cannot come true any more. */
function withoutOvertaken(left: readonly NameChange[], done: readonly NameChange[]): NameChange[] {
  const placed = new Map<number, number>();
  for (const { number, edits } of done)
    for (const { does, inode } of edits) if (does === "give") placed.set(inode, number);
  return left.flatMap((change) => {
    const edits = change.edits.filter(({ inode }) => (placed.get(inode) ?? -1) < change.number);
    return edits.length === 0 ? [] : [{ ...change, edits }];
  });
}

const numberOf = ({ number }: NameChange): number => number;
const withoutFolder =
  (inode: number) =>
  (awaits: ReadonlySet<number>): Set<number> => {
    const left = new Set(awaits);
    left.delete(inode);
    return left;
  };

/** The data of a file is durable from now on; its mode too unless only data is asked for. Its name is not. */
export function syncFile(state: DiskState, inode: number, what: "data" | "all"): void {
  const now = state.nodes.get(inode);
  const before = state.durable.get(inode);
  if (now?.kind !== "file" || before?.kind !== "file") return;
  state.durable.set(inode, { ...now, mode: what === "all" ? now.mode : before.mode });
  state.floors.delete(inode);
}

/** True when syncing this inode would make nothing durable that is not so already. */
export function isSynced(state: DiskState, inode: number): boolean {
  const now = state.nodes.get(inode);
  const before = state.durable.get(inode);
  if (now?.kind === "file")
    return before?.kind === "file" && before.bytes === now.bytes && before.mode === now.mode;
  return before?.mode === now?.mode && !state.pending.some(({ awaits }) => awaits.has(inode));
}

/** Everything is durable, and what no name leads to is forgotten. */
export function settleState(state: DiskState): void {
  const found = reachable(state.nodes);
  for (const inode of state.nodes.keys()) if (!found.has(inode)) state.nodes.delete(inode);
  state.durable.clear();
  for (const [inode, node] of state.nodes) state.durable.set(inode, node);
  state.pending = [];
  state.floors.clear();
}

/** Inodes that names lead to from the root. */
export function reachable(nodes: ReadonlyMap<number, DiskNode>): Set<number> {
  const found = new Set<number>([ROOT_INODE]);
  for (const inode of found) {
    const node = nodes.get(inode);
    if (node?.kind === "directory") for (const child of node.entries.values()) found.add(child);
  }
  return found;
}
