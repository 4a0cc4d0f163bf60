/** What a matrix ran beside the harness itself: the host programs as they lie there, and the archives of the versions. */
import type { MatrixPoint } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { sha256Hex } from "../../kernel/index.ts";
import { type HostProgram, hostWord } from "./hosts.ts";
import type { MatrixVersion } from "./job.ts";

type FileSystem = Pick<Effects["fs"], "list" | "read">;

/** Of the hosts in the plan, with what lies beside their folders, which they may share. Where they lie counts for nothing. */
export function programsDigest(
  { fs }: { readonly fs: FileSystem },
  {
    hosts,
    versions,
    points,
  }: {
    readonly hosts: readonly HostProgram[];
    readonly versions: readonly Pick<MatrixVersion, "digest">[];
    readonly points: readonly Pick<MatrixPoint, "host">[];
  },
): string {
  const used = new Set(points.map(({ host }) => hostWord(host)));
  const programs = hosts
    .filter((host) => used.has(hostWord(host)))
    .map(({ name, version, apis, command, folder }) => ({
      host: { name, version, apis, command },
      files: folder === null ? [] : filesBelow(fs, folder),
      shared: folder === null ? [] : filesIn(fs, folder.slice(0, folder.lastIndexOf("/"))),
    }));
  const archives = versions.map(({ digest }) => digest);
  return sha256Hex(Buffer.from(JSON.stringify({ programs, archives })));
}

type Listed = readonly (readonly [string, string])[];

const filesIn = (fs: FileSystem, folder: string): Listed =>
  fs
    .list(folder)
    .filter(({ kind }) => kind === "file")
    .map(({ name }) => [name, sha256Hex(fs.read(`${folder}/${name}`))] as const);

/** What Python compiles for itself as it runs is no part of a program. */
const filesBelow = (fs: FileSystem, folder: string): Listed => [
  ...filesIn(fs, folder),
  ...fs
    .list(folder)
    .filter(({ name, kind }) => kind === "directory" && name !== "__pycache__")
    .flatMap(({ name }) =>
      filesBelow(fs, `${folder}/${name}`).map(([path, digest]) => [`${name}/${path}`, digest] as const),
    ),
];
