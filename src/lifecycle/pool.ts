/** Every version of a package that could be taken: given archives, a given folder, the store. Manifests are only looked at. */
import semver from "semver";
import { peekManifest } from "../archive/index.ts";
import { type Manifest, Manifest as ManifestShape } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { absolute } from "../plane/index.ts";
import type { Runtime } from "../preflight/index.ts";
import { listArchives, STORE_DIRECTORY } from "../store/index.ts";
import type { Chosen } from "./install-plan.ts";
import type { Available } from "./resolve/index.ts";

/** An archive of the store that has no manifest to look at: damaged, or of an older form. */
export interface Unseen {
  readonly id: string;
  /** As the file's name has it. */
  readonly version: string;
  readonly archive: string;
}

/** Where one version lies. */
export interface Source extends Available {
  readonly compat: Manifest["compat"];
  /** Absolute path. */
  readonly archive: string;
  /** Read already. */
  readonly given?: Chosen;
}

export class Pool {
  readonly #effects: Effects;
  readonly #runtime: Runtime;
  readonly #given: readonly Source[];
  readonly #store: string;
  readonly #folder: readonly Source[];
  readonly #known = new Map<string, readonly Source[]>();
  readonly #unseen: Unseen[] = [];
  /** Names of all archives of the store, listed once: a choice may look at many packages. */
  #stored_names: readonly string[] | undefined;

  /** @param from a folder with further archives, as the user named it @throws ARCHIVES_NOT_FOUND */
  constructor(
    effects: Effects,
    plane: Plane,
    given: readonly Chosen[],
    { from, runtime }: { readonly from: string | undefined; readonly runtime: Runtime },
  ) {
    this.#effects = effects;
    this.#runtime = runtime;
    this.#store = `${plane.root}/${STORE_DIRECTORY}`;
    this.#given = given.map((one) => ({
      ...availableOf(one.candidate.manifest),
      archive: one.candidate.path,
      given: one,
    }));
    const folder = from === undefined ? undefined : absolute(effects.host.cwd, from);
    this.#folder =
      folder === undefined
        ? []
        : listArchives(effects.fs, folder).flatMap(({ path }) => this.#look(path) ?? []);
  }

  /** Newest first, one per version. A version that was given stands alone: it was asked for. */
  versionsOf(id: string, at_least?: string): readonly Source[] {
    let found = this.#known.get(id);
    if (found === undefined) {
      const given = this.#given.filter((one) => one.id === id);
      found =
        given.length > 0 ? given : [...this.#folder.filter((one) => one.id === id), ...this.#stored(id)];
      found = runnable(found, this.#runtime);
      const by_version = new Map([...found].reverse().map((one) => [one.version, one]));
      found = [...by_version.values()].sort((a, b) => semver.rcompare(a.version, b.version));
      this.#known.set(id, found);
    }
    return at_least === undefined ? found : found.filter(({ version }) => semver.gte(version, at_least));
  }

  #stored(id: string): Source[] {
    this.#stored_names ??= this.#listStore();
    return this.#stored_names
      .filter((name) => name.startsWith(`${id}-`))
      .flatMap((name) => {
        const version = name.slice(id.length + 1, -".tar.gz".length);
        if (semver.valid(version) === null) return [];
        const archive = `${this.#store}/${name}`;
        const source = this.#look(archive);
        if (source === undefined) this.#unseen.push({ id, version, archive });
        return source ?? [];
      })
      .filter((source) => source.id === id);
  }

  #listStore(): string[] {
    const { fs } = this.#effects;
    if (fs.stat(this.#store)?.kind !== "directory") return [];
    const entries = fs.list(this.#store);
    return entries.flatMap(({ name, kind }) => (kind === "file" && name.endsWith(".tar.gz") ? [name] : []));
  }

  /** Archives in the store that were passed over when versions of this package were looked for. */
  unseenOf(id: string): readonly Unseen[] {
    return this.#unseen.filter((one) => one.id === id);
  }

  /** Undefined for what is no archive of ours: it can still be named outright. */
  #look(archive: string): Source | undefined {
    const bytes = peekManifest(this.#effects.fs, archive);
    if (bytes === undefined) return undefined;
    try {
      const parsed = ManifestShape.safeParse(JSON.parse(bytes.toString("utf8")));
      return parsed.success ? { ...availableOf(parsed.data), archive } : undefined;
    } catch {
      return undefined;
    }
  }
}

export function availableOf(manifest: Manifest): Available & Pick<Source, "compat"> {
  const { package_id: id, version, tier, dependencies, conflicts, compat } = manifest;
  return { id, version, tier, dependencies, conflicts, compat };
}

/** Versions that run here; all of them where none does, so that the refusal names what is missing. */
function runnable(sources: readonly Source[], runtime: Runtime): readonly Source[] {
  const fitting = sources.filter(({ compat }) =>
    (["host", "api", "node", "python"] as const).every((field) => {
      const range = compat[field];
      const found = runtime[field];
      // What could not be determined is judged when the archive is.
      if (range === undefined || found === undefined) return true;
      return semver.satisfies(found, range, { includePrerelease: true });
    }),
  );
  return fitting.length === 0 ? sources : fitting;
}
