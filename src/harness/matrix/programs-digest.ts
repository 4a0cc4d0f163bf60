/** What a matrix ran beside the harness itself: host programs as they lie there, and the archives of the versions. */
import type { GoldenMatrix, MatrixPoint } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { sha256Hex, sortedBy } from "../../kernel/index.ts";
import { type HostProgram, hostWord } from "./hosts.ts";
import type { MatrixVersion } from "./job.ts";

type FileSystem = Pick<Effects["fs"], "list" | "read">;

/**
 * By `name@version`, sha256 over a host program: what it says of itself, its folder, and the files beside that, which hosts may
 * share. Where it lies counts for nothing. The product itself is none: it is the harness.
 */
export const hostDigests = (
  { fs }: { readonly fs: FileSystem },
  hosts: readonly HostProgram[],
): ReadonlyMap<string, string> =>
  new Map(
    hosts.flatMap((host) => {
      const { name, version, apis, command, folder } = host;
      if (folder === null) return [];
      const files = filesBelow(fs, folder);
      const shared = filesIn(fs, folder.slice(0, folder.lastIndexOf("/")));
      return [[hostWord(host), digestOf({ name, version, apis, command, files, shared })] as const];
    }),
  );

const digestOf = (value: unknown): string => sha256Hex(Buffer.from(JSON.stringify(value)));

/** Of the hosts in the plan, and of the archives. */
export function programsOf(
  effects: { readonly fs: FileSystem },
  {
    hosts,
    versions,
    points,
  }: {
    readonly hosts: readonly HostProgram[];
    readonly versions: readonly Pick<MatrixVersion, "digest">[];
    readonly points: readonly Pick<MatrixPoint, "host">[];
  },
): Pick<GoldenMatrix, "programs_digest" | "host_digests"> {
  const used = new Set(points.map(({ host }) => hostWord(host)));
  const found = hostDigests(
    effects,
    hosts.filter((host) => used.has(hostWord(host))),
  );
  const host_digests = Object.fromEntries(sortedBy([...found], ([word]) => word));
  const archives = versions.map(({ digest }) => digest);
  return { programs_digest: digestOf({ host_digests, archives }), host_digests };
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
