/** What stands in the files that a step wrote, as it is the same for every run. */
import type { Effects } from "../../effects/index.ts";
import { sha256Hex } from "../../kernel/index.ts";
import type { Normalise } from "../normalise.ts";
import { ALWAYS_MOVING, unexplained } from "../oracle/rules.ts";
import type { World } from "../world/world.ts";
import type { Observed } from "./observe.ts";

export interface Content {
  /** Octal. */
  readonly mode: string;
  /** sha256 of its bytes; of text, after the declared rules. */
  readonly digest: string;
  /** After the rules, where it is text that can be shown. */
  readonly text: string | null;
}

/** By name of the snapshot, such as `plane/modules/x.txt`. */
export type Contents = ReadonlyMap<string, Content>;

const TEXT_BYTES_MAX = 1 << 20;

/** Of what was added or changed, but for records of the plane, which move with every command. */
export function contentsOf(
  { fs }: Pick<Effects, "fs">,
  { folder }: Pick<World, "folder">,
  { changes }: Pick<Observed, "changes">,
  normalise: Normalise,
): Contents {
  const names = unexplained({ ...changes, removed: [] }, ALWAYS_MOVING).map((line) => line.slice(2));
  const found = new Map<string, Content>();
  for (const name of names) {
    const path = `${folder}/${name}`;
    const stat = fs.stat(path);
    if (stat?.kind !== "file") continue;
    const mode = stat.mode.toString(8).padStart(4, "0");
    found.set(name, { mode, ...bytesOf(fs.read(path), name, normalise) });
  }
  return found;
}

function bytesOf(bytes: Buffer, name: string, normalise: Normalise): Omit<Content, "mode"> {
  const text = bytes.length > TEXT_BYTES_MAX || bytes.includes(0) ? undefined : bytes.toString("utf8");
  if (text === undefined || !bytes.equals(Buffer.from(text))) return { digest: sha256Hex(bytes), text: null };
  const steady = (normalise({ contents: { [name]: text } }) as { contents: Record<string, string> }).contents;
  const same = Object.values(steady)[0] ?? text;
  return { digest: sha256Hex(Buffer.from(same)), text: same };
}
