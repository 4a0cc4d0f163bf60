/**
 * What a disk can hold after its power was cut: durable state plus any sensible selection of what was still pending.
 * Names: each creation, removal and rename is there or not; one that needs an earlier one brings it along.
 * Data of an unsynced file: old, a prefix, zeros of the right length, or whole. Bytes written over old ones change by
 * whole sectors and are never zeros, since their blocks were on disk before.
 */
import {
  applyEdits,
  closureOf,
  copyState,
  type DiskState,
  type FileNode,
  reachable,
  settleState,
} from "./disk-state.ts";
import { seededNumbers } from "./seeded-numbers.ts";

const SECTOR_BYTES = 512;

export interface CutLimits {
  /** Up to so many pending operations every selection is tried. */
  readonly exhaustive_max: number;
  /** So many selections are drawn beyond. */
  readonly samples: number;
  readonly seed: number;
}

export interface Cut {
  /** What survived, for people: `3 of 7 name changes, data of 12 prefix`. */
  readonly name: string;
  readonly state: DiskState;
}

/** Selections of pending operations as new states; always with none and all of them. Never changes `state`. */
export function* powerCuts(state: DiskState, limits: CutLimits): Generator<Cut> {
  // A file counts twice: its size and its data.
  const dirty = 2 * dirtyFiles(state).length + dirtyModes(state).length;
  if (state.pending.length + dirty <= limits.exhaustive_max) {
    for (const survivors of everyClosedSelection(state)) {
      for (const choice of everyContent(state, survivors)) yield cut(state, survivors, choice);
    }
    return;
  }
  const draw = seededNumbers(limits.seed);
  const all = new Set(state.pending.map(({ number }) => number));
  yield cut(state, new Set(), () => 0);
  yield cut(state, all, () => -1);
  for (let sample = 0; sample < limits.samples; sample++) {
    const survivors = drawSelection(state, draw);
    const choices = new Map<number, number>();
    yield cut(state, survivors, (inode) => {
      if (!choices.has(inode)) choices.set(inode, Math.floor(draw() * 60));
      return choices.get(inode) ?? 0;
    });
  }
}

/** `choice` gives a number for each inode (files) and each negative inode (modes); it is taken modulo the variants, and -1 is the last. */
type Choice = (inode: number) => number;

function cut(state: DiskState, wanted: ReadonlySet<number>, choice: Choice): Cut {
  const survivors = closureOf(state.pending, wanted);
  const next = { ...copyState(state), nodes: new Map(state.durable) };
  for (const { edits, number } of survivors) applyEdits(next.nodes, edits, number);
  const found = reachable(next.nodes);
  const lines = [`${survivors.length} of ${state.pending.length} name changes`];
  for (const { inode, variants } of openContents(state, found)) {
    const taken = variants.at(choice(inode) % variants.length);
    const before = next.nodes.get(inode);
    if (taken === undefined || before?.kind !== "file") continue;
    next.nodes.set(inode, { ...before, bytes: taken.bytes });
    lines.push(`data of ${inode} ${taken.name}`);
  }
  for (const inode of dirtyModes(state).filter((one) => found.has(one))) {
    const now = state.nodes.get(inode);
    const before = next.nodes.get(inode);
    if (now === undefined || before === undefined || choice(-inode) % 2 === 0) continue;
    next.nodes.set(inode, { ...before, mode: now.mode });
    lines.push(`mode of ${inode}`);
  }
  settleState(next);
  return { name: lines.join(", "), state: next };
}

interface Variant {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Unsynced files that names lead to, with what each can hold. */
function openContents(
  state: DiskState,
  found: ReadonlySet<number>,
): { readonly inode: number; readonly variants: readonly Variant[] }[] {
  return dirtyFiles(state).flatMap((inode) => {
    const now = state.nodes.get(inode);
    const before = state.durable.get(inode);
    if (!found.has(inode) || now?.kind !== "file" || before?.kind !== "file") return [];
    return [{ inode, variants: contents(before, now, state.floors.get(inode) ?? before.bytes.length) }];
  });
}

const dirtyFiles = (state: DiskState): number[] =>
  [...state.nodes].flatMap(([inode, node]) => {
    const before = state.durable.get(inode);
    return node.kind === "file" && before?.kind === "file" && before.bytes !== node.bytes ? [inode] : [];
  });

const dirtyModes = (state: DiskState): number[] =>
  [...state.nodes].flatMap(([inode, node]) => {
    const before = state.durable.get(inode);
    return before !== undefined && before.mode !== node.mode ? [inode] : [];
  });

/** Subsets in which no change lacks one it needs. */
function* everyClosedSelection({ pending }: DiskState): Generator<Set<number>> {
  for (let bits = 0; bits < 1 << pending.length; bits++) {
    const chosen = new Set(pending.filter((_change, at) => (bits >> at) & 1).map(({ number }) => number));
    if (closureOf(pending, chosen).length === chosen.size) yield chosen;
  }
}

/** Every mixture of contents and modes of the files that names lead to. */
function* everyContent(state: DiskState, survivors: ReadonlySet<number>): Generator<Choice> {
  const nodes = new Map(state.durable);
  for (const { edits, number } of closureOf(state.pending, survivors)) applyEdits(nodes, edits, number);
  const found = reachable(nodes);
  const wheels = openContents(state, found).map(({ inode, variants }) => ({
    key: inode,
    size: variants.length,
  }));
  for (const inode of dirtyModes(state)) if (found.has(inode)) wheels.push({ key: -inode, size: 2 });
  const total = wheels.reduce((product, { size }) => product * size, 1);
  for (let turn = 0; turn < total; turn++) {
    const choices = new Map<number, number>();
    let rest = turn;
    for (const { key, size } of wheels) {
      choices.set(key, rest % size);
      rest = Math.floor(rest / size);
    }
    yield (inode) => choices.get(inode) ?? 0;
  }
}

/** What an unsynced file can hold, oldest first and whole last, without repetition. */
function contents(before: FileNode, now: FileNode, floor: number): Variant[] {
  const kept = Math.min(floor, before.bytes.length, now.bytes.length);
  const whole = now.bytes;
  const found = [{ name: "old", bytes: before.bytes }];
  const add = (name: string, bytes: Buffer): void => {
    if (!found.some((known) => known.bytes.equals(bytes))) found.push({ name, bytes });
  };
  if (floor < before.bytes.length) add("cut short", before.bytes.subarray(0, floor));
  for (let end = SECTOR_BYTES; end < kept; end += SECTOR_BYTES) {
    add("some sectors", Buffer.concat([whole.subarray(0, end), before.bytes.subarray(end)]));
  }
  const middle = kept + ((whole.length - kept) >> 1);
  add("prefix", whole.subarray(0, middle));
  const line = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  if (line > kept && line < whole.length) add("prefix of whole lines", whole.subarray(0, line));
  if (whole.length > kept) {
    add("zeros", Buffer.concat([whole.subarray(0, kept), Buffer.alloc(whole.length - kept)]));
  }
  // Whole comes last: it is what the choice -1 means.
  return [...found.filter(({ bytes }) => !bytes.equals(whole)), { name: "whole", bytes: whole }];
}

const LIKELIHOODS = [0.1, 0.5, 0.9];

/** Sparse, even and nearly full selections, and those that end at a moment. */
function drawSelection({ pending }: DiskState, draw: () => number): Set<number> {
  const kind = Math.floor(draw() * 5);
  const moment = Math.floor(draw() * (pending.length + 1));
  const chosen = pending.filter((_change, at) => {
    if (kind === 0) return at < moment;
    if (kind === 1) return at !== moment;
    return draw() < (LIKELIHOODS[kind - 2] ?? 0.5);
  });
  return new Set(chosen.map(({ number }) => number));
}
