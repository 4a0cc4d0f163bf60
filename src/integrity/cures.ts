/** What puts a path right: the command by itself, and the sentence that tells it to people. */
import type { Classification } from "../contracts/index.ts";
import type { FileKind } from "../effects/index.ts";
import { type InstalledHead, tierPrefix } from "../receipts/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { shellWord } from "./shown.ts";
import { NO_TEXT } from "./walk.ts";

export interface Cure {
  /** Undefined where no command does it. */
  readonly command: string | undefined;
  readonly sentence: string;
}

const cure = (command: string, sentence: (quoted: string) => string): Cure => ({
  command,
  sentence: sentence(`"${command}"`),
});

const RESTORE = "integrity-check --fix";

/** Where the bytes of an owned path can be had again. */
export interface Origin {
  readonly owner: string;
  readonly classification: Classification;
  /** Undefined for the launchers, which the program itself ships. */
  readonly receipt: InstalledHead["receipt"] | undefined;
  /** Whether the store holds what was installed. */
  readonly is_stored: boolean;
}

/** `in_the_way`: what must be removed first, with its path; undefined where a file or nothing is there. */
export function restoreCure(
  path: string,
  { classification, receipt, is_stored }: Origin,
  in_the_way: { readonly path: string; readonly is_folder: boolean } | undefined,
): Cure {
  if (receipt === undefined)
    return cure(RESTORE, (it) => `Run ${it} to restore it from the installed program.`);
  const { package_id, version, plane_id, archive_profile } = receipt;
  const archive = versionedArchivePath(package_id, version);
  if (!is_stored)
    return {
      command: undefined,
      sentence: `Put the archive of ${package_id} back as ${archive} from a backup, then run "${RESTORE}".`,
    };
  const first =
    in_the_way === undefined
      ? ""
      : `rm ${in_the_way.is_folder ? "-r " : ""}${shellWord(in_the_way.path)} && `;
  if (classification === "config" || classification === "state") {
    const own = `edits of ${classification} files are yours`;
    if (archive_profile !== "canonical")
      return cure(`trace --explain ${shellWord(path)}`, (it) => `Run ${it} to see what it was; ${own}.`);
    const member = shellWord(path.slice(tierPrefix(plane_id).length));
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const folders = folder === "" ? "" : `mkdir -p ${shellWord(folder)} && `;
    const command = `${first}${folders}tar -xzOf ${shellWord(archive)} ${member} > ${shellWord(path)}`;
    return cure(command, (it) => `Run ${it} for what was installed; ${own}.`);
  }
  return cure(`${first}${RESTORE}`, (it) => `Run ${it} to restore it from the store.`);
}

/** Makes a lost receipt anew from the archive; files as they were installed are adopted. `damaged`: what lies in its place. */
export function lostCure(
  {
    package_id,
    plane_id,
    version,
  }: Pick<InstalledHead["receipt"], "package_id" | "plane_id"> & { readonly version?: string | undefined },
  damaged?: string,
): Cure {
  const named = shellWord(version === undefined ? package_id : `${package_id}@${version}`);
  const install = `pkg install ${named}${plane_id === "ho3" ? "" : ` --plane ${plane_id}`}`;
  if (damaged === undefined)
    return cure(install, (it) => `Run ${it}; to be rid of it, uninstall it after that.`);
  const command = `rm -r ${shellWord(damaged)} && ${install}`;
  return cure(command, (it) => `Restore ${shellWord(damaged)} from a backup, or make it anew with ${it}.`);
}

/** `path`: the file that a member of the archive becomes. */
export function memberCure(member: string, archive: string, path: string): Cure {
  // Whatever lies there is replaced, be it a link or a folder.
  const command = `rm -rf ${shellWord(path)} && tar -xzOf ${shellWord(archive)} ${shellWord(member)} > ${shellWord(path)}`;
  return cure(command, (it) => `Run ${it}.`);
}

/** From a copy that has the right bytes; a link or folder that lies there gives way. */
export const copyCure = (from: string, to: string): Cure =>
  cure(`rm -rf ${shellWord(to)} && cp ${shellWord(from)} ${shellWord(to)}`, (it) => `Run ${it}.`);

export const modeCure = (path: string, mode: string): Cure =>
  cure(`chmod ${mode} ${shellWord(path)}`, (it) => `Run ${it}.`);

export function removeCure(path: string, kind: FileKind = "file"): Cure {
  if (path.includes(NO_TEXT)) {
    const folder = path.slice(0, Math.max(0, path.indexOf(NO_TEXT))).replace(/\/?[^/]*$/, "");
    const command = `ls -lab ${shellWord(folder === "" ? "." : folder)}`;
    return cure(command, (it) => `Find its name with ${it}, which shows each byte, then remove it.`);
  }
  return cure(
    `rm ${kind === "directory" ? "-r " : ""}${shellWord(path)}`,
    (it) => `Look at it, then remove it with ${it}.`,
  );
}

export const readableCure = (path: string, bits: string): Cure =>
  cure(
    `chmod ${bits} ${shellWord(path)}`,
    (it) => `Make it readable with ${it}, then run "integrity-check".`,
  );

/** The one command a sentence quotes; undefined where it quotes none or several. */
export function commandIn(sentence: string): string | undefined {
  const parts = sentence.split('"');
  return parts.length === 3 ? parts[1] : undefined;
}
