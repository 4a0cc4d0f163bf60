/** What a case of a code says, and what cases are made with. */
import type { Scene } from "./scene.ts";

export interface Case {
  readonly code: string;
  /** Files of the source besides the good ones; `⟦` stands where the finding is expected. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Pointer in the terms of the file. */
  readonly field?: string;
  /** What stands in the plane. Such a case has a plane of its own. */
  readonly plane?: (scene: Scene, folder: string) => Promise<void> | void;
  /** What the next step says, in part. */
  readonly step: string;
  /** Files after a person did what the next step says; the good ones where it is left out. */
  readonly mended?: Readonly<Record<string, string | null>>;
  /** The next step names commands: they are run as they stand, each `"pkg …"`. */
  readonly run?: (step: string, scene: Scene, folder: string) => Promise<void>;
  /** `install`: an archive with the same manifest is refused by an install · `pack`: no archive can be made · `advice`: nobody is refused. */
  readonly refused: "install" | "pack" | "advice";
  /** What is judged, where it is no source: an archive of it that was packed, or one from elsewhere. */
  readonly archive?: "packed" | "forged";
  /** The manifest as an archive carries it, where it cannot be made from the source. */
  readonly packed?: string;
}

export const withToml = (text: string): Record<string, string> => ({ "holdfast.toml": text });

/** Runs every command a next step quotes. */
export async function follow(step: string, { pkg }: Scene): Promise<void> {
  const commands = [...step.matchAll(/"pkg ([^"]*)"/g)].map(([, words = ""]) => words.split(" "));
  for (const words of commands) {
    const ran = await pkg(...words);
    if (ran.status !== 0) throw new Error(`pkg ${words.join(" ")}: ${ran.stdout}${ran.stderr}`);
  }
}

export const library = (id: string, more = ""): string =>
  `id = "${id}"\nversion = "1.0.0"\nlicense = "MIT"\n${more}`;

/** Packs, and perhaps installs, a package of the plane. */
export async function have(
  { pkg, put }: Scene,
  name: string,
  toml: string,
  is_installed: boolean,
): Promise<void> {
  put({ [`src/${name}/holdfast.toml`]: toml, [`src/${name}/x.py`]: `${name} = 1\n` });
  const packed = await pkg("pack", "--src", `src/${name}`);
  const id = /id = "([^"]+)"/.exec(toml)?.[1] ?? "";
  const installed = is_installed ? await pkg("install", id) : packed;
  if (packed.status + installed.status !== 0) throw new Error(packed.stderr + installed.stderr);
}
