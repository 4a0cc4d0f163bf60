/** The files a pack would take, judged by name, kind, number and size. */
import { checkPackable } from "../../archive/index.ts";
import type { Finding, SourceMetadata } from "../../contracts/index.ts";
import { Fault } from "../../kernel/index.ts";
import { namingSource } from "../../metadata/index.ts";
import { findingFrom, type Tally } from "../../preflight/index.ts";
import { collectIncludes, collectSource, type SourceFile } from "../collect.ts";
import type { PreflightWorld } from "./world.ts";

interface Collecting {
  readonly metadata: SourceMetadata;
  readonly target: string;
  readonly tally: Tally;
  /** As the user named it. */
  readonly subject: string;
  /** The folder as findings show it. */
  readonly shown: string;
}

/** @returns the files, or none when a pack would refuse them: the tally says why */
export async function collected(
  { effects, plane }: PreflightWorld,
  folder: string,
  { metadata, target, tally, subject, shown }: Collecting,
): Promise<SourceFile[]> {
  try {
    const files = [
      ...(await collectSource(effects, folder, target)),
      ...(await collectIncludes(effects, plane?.root ?? folder, folder, metadata.include ?? [])),
    ];
    checkPackable(shown, [
      { path: "manifest.json", size_bytes: 0 },
      ...files.map(({ path, digest }) => ({ path, size_bytes: digest.size_bytes })),
    ]);
    tally.ran("archive-safety", files.length);
    return files;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tally.add("archive-safety", [inFolder(namingSource(error, subject), shown)]);
    tally.skipped(["ownership"], "its files cannot be packed");
  }
  return [];
}

/** A fault of a file of the source, with the path as the user would name it. */
export function inFolder(fault: Fault, shown: string): Finding {
  const { path } = fault.details;
  const is_inside = typeof path === "string" && !path.startsWith("/");
  return findingFrom(fault, { path: is_inside ? below(shown, path) : shown });
}

export const below = (shown: string, path: string): string => (shown === "." ? path : `${shown}/${path}`);
