/** What of the file system a confined program sees, as a list of mounts. Reads the file system; changes nothing. */
import type { FileSystem } from "../../effects/index.ts";
import { comparePaths } from "../../kernel/index.ts";
import type { StartRequest } from "../confined.ts";
import { isInside, systemPaths, type View, viewOf } from "../view.ts";
import { grantedPaths } from "./granted-paths.ts";

type Needs = Pick<FileSystem, "stat" | "realPath" | "list">;

export interface Mount {
  /** Real path outside; the same path inside. */
  readonly path: string;
  readonly use: "read" | "write";
}

export interface WallPlan {
  /** The system's own, the same for every program of this profile. */
  readonly system: View;
  /** The plane itself, empty and read-only but for what is mounted below it; undefined where it is shown whole. */
  readonly base: string | undefined;
  /** Of the plane and of the interpreter; outer before inner. */
  readonly mounts: readonly Mount[];
  /** Covered by nothing; after the mounts. */
  readonly masks: readonly { readonly path: string; readonly is_folder: boolean }[];
  /** Of the interpreter, where it lies in something masked: an environment in the plane's own folder. After the masks. */
  readonly kept: readonly string[];
  readonly overlays: readonly string[];
  /** Real paths of programs that may be run; `/` for all. */
  readonly run: readonly string[];
}

/** Without programs: what a loader and an interpreter read. */
const LIBRARIES = [
  "/usr/lib",
  "/usr/lib32",
  "/usr/lib64",
  "/usr/libx32",
  "/usr/local/lib",
  "/usr/share/zoneinfo",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
  "/etc/ld.so.cache",
  "/etc/localtime",
  "/etc/ssl/openssl.cnf",
];
const CERTIFICATES = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/share/ca-certificates"];
const PROGRAM_FOLDERS = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
const LOADERS = [
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
];

/** @throws SANDBOX_TOO_MANY_PATHS, JAIL_WOULD_EXPOSE, ENOENT for an interpreter that is not there */
export function planWall(fs: Needs, request: StartRequest, perl: string): WallPlan {
  const { profile, plane_root, program } = request;
  const real = fs.realPath(program.executable);
  // Of a folder of programs, only the one that is run.
  const own = present(fs, [real, program.executable, ...program.readable]).filter(
    (path) => profile.subprocess || !PROGRAM_FOLDERS.some((folder) => isInside(folder, fs.realPath(path))),
  );
  const whole = profile.subprocess ? systemPaths(fs) : libraries(fs, perl);
  const certificates = profile.domains.length > 0 ? present(fs, CERTIFICATES) : [];
  const system = viewOf(fs, [], [], [...whole, ...certificates]);
  const reads = [
    ...own.map((path) => fs.realPath(path)),
    ...grantedPaths(fs, plane_root, profile.files.read).map(({ path }) => path),
  ].filter((path) => !system.shown.some((shown) => isInside(path, shown)));
  const writes = grantedPaths(fs, plane_root, profile.files.write).map(({ path }) => path);
  const mounts = nested(reads, writes);
  const masks = hiddenPaths(fs, request).filter(({ path }) => mounts.some((one) => isInside(path, one.path)));
  const links = viewOf(fs, own, [], []).links;
  return {
    system: { shown: system.shown, links: [...system.links, ...links.filter(isOutsideOf(system, mounts))] },
    base: [...system.shown, ...mounts.map(({ path }) => path)].some((path) => isInside(plane_root, path))
      ? undefined
      : plane_root,
    mounts,
    masks,
    kept: nested(
      own.map((path) => fs.realPath(path)),
      [],
    )
      .map(({ path }) => path)
      .filter((path) => masks.some((mask) => isInside(path, mask.path))),
    overlays: (request.overlays ?? []).map(({ path }) => path),
    run: profile.subprocess ? ["/"] : [real, ...present(fs, LOADERS).map((path) => fs.realPath(path))],
  };
}

const present = (fs: Needs, paths: readonly string[]): string[] =>
  paths.filter((path) => fs.stat(path) !== undefined);

const libraries = (fs: Needs, perl: string): string[] => {
  const pythons = systemPaths(fs).filter((path) => path.startsWith("/etc/python"));
  return [...present(fs, LIBRARIES), ...pythons, perl];
};

const isOutsideOf =
  (system: View, mounts: readonly Mount[]) =>
  ({ at }: { readonly at: string }): boolean =>
    ![...system.shown, ...mounts.map(({ path }) => path)].some((path) => isInside(at, path)) &&
    !system.links.some((link) => link.at === at);

/** Outermost first; what lies in something of the same or a wider use is there already. */
function nested(reads: readonly string[], writes: readonly string[]): Mount[] {
  const outermost = (paths: readonly string[]): string[] =>
    [...new Set(paths)].filter((path) => !paths.some((other) => other !== path && isInside(path, other)));
  const written = outermost(writes);
  const read = outermost(reads).filter((path) => !written.some((folder) => isInside(path, folder)));
  const all: Mount[] = [
    ...read.map((path) => ({ path, use: "read" as const })),
    ...written.map((path) => ({ path, use: "write" as const })),
  ];
  return all.toSorted((a, b) => comparePaths(a.path, b.path));
}

/** What is there and is not to be seen, wherever it lies. @throws SANDBOX_TOO_MANY_PATHS */
export function hiddenPaths(
  fs: Needs,
  { hidden = [], plane_root, profile }: Pick<StartRequest, "hidden" | "plane_root" | "profile">,
): WallPlan["masks"] {
  const named = hidden.flatMap((path) => {
    const kind = fs.stat(path)?.kind;
    return kind === undefined ? [] : [{ path, is_folder: kind === "directory" }];
  });
  return [...named, ...grantedPaths(fs, plane_root, profile.files.hidden)];
}
