/**
 * Python environments of packages that enter. They are built in the transaction's own folder, used there by the health checks,
 * and put in place after the commit: whatever ends the change before leaves none, and recovery has nothing to undo.
 */
import type { EnvironmentLock, InstalledEnvironment } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { bare } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  buildEnvironment,
  describeInterpreter,
  type Environment,
  type EnvironmentInterpreter,
  environmentAt,
  environmentFor,
  environmentKey,
  makeParent,
  putInPlace,
  reservedNames,
  verifyEnvironment,
  wheelDirectories,
} from "../python/index.ts";
import { needsBytes, type Staging } from "./staging.ts";
import type { Entering } from "./target.ts";

export interface EnvironmentOptions {
  /** Absolute path of the interpreter; asked for only when a package locks wheels. */
  readonly python: () => Promise<string>;
  /** Absolute, looked through before those of the configuration. */
  readonly wheel_directories: readonly string[];
}

const SCRATCH = "environments";

export class Environments {
  readonly #effects: Effects;
  readonly #plane: Plane;
  readonly #transaction: Transaction;
  readonly #staging: Staging;
  readonly #options: EnvironmentOptions;
  /** Keys built here; they lie in the transaction's folder, which moves when the plane is entered. */
  readonly #built = new Set<string>();
  #interpreter: EnvironmentInterpreter | undefined;

  constructor(
    effects: Effects,
    plane: Plane,
    { transaction, staging }: { readonly transaction: Transaction; readonly staging: Staging },
    options: EnvironmentOptions,
  ) {
    this.#effects = effects;
    this.#plane = plane;
    this.#transaction = transaction;
    this.#staging = staging;
    this.#options = options;
  }

  /** Builds what is not there yet. Again under the plane lock, since what was there may have gone meanwhile. @throws WHEEL_*, PYTHON_* */
  async fill(entering: readonly Entering[]): Promise<void> {
    for (const one of entering) {
      const { environment: lock } = one.target.manifest;
      if (lock !== undefined) await this.#fillOne(one, lock);
    }
  }

  /** What the package is checked with; undefined when it locks no wheels. */
  of({ target }: Pick<Entering, "target">): Environment | undefined {
    const { environment: lock } = target.manifest;
    if (lock === undefined || this.#interpreter === undefined) return undefined;
    const key = environmentKey(lock, this.#interpreter);
    if (this.#built.has(key)) return environmentAt(this.#effects.fs, this.#scratch(key), key);
    return environmentFor(this.#effects.fs, this.#plane.root, lock, this.#interpreter);
  }

  /** For the receipt. */
  noteOf(entering: Pick<Entering, "target">): InstalledEnvironment | undefined {
    const record = this.of(entering)?.record;
    if (record === undefined) return undefined;
    return { lock_digest: record.lock_digest, content_digest: record.content_digest };
  }

  /** After the commit. What cannot be put in place is built by the first run that needs it. */
  publish(): void {
    const { fs } = this.#effects;
    try {
      for (const key of this.#built) {
        const parent = makeParent(fs, this.#plane.root);
        putInPlace(fs, this.#scratch(key), `${parent}/${key}`);
      }
    } catch {
      // The change is made; nothing of it depends on when this happens.
    }
  }

  async #fillOne(entering: Entering, lock: EnvironmentLock): Promise<void> {
    const effects = this.#effects;
    const { package_id } = entering.target.manifest;
    this.#interpreter ??= await describeInterpreter(effects, await this.#options.python());
    const key = environmentKey(lock, this.#interpreter);
    if (this.#built.has(key)) return;
    const found = environmentFor(effects.fs, this.#plane.root, lock, this.#interpreter);
    if (found !== undefined) {
      const { fs, workers } = effects;
      const verifier = { fs, digestFiles: (paths: readonly string[]) => workers.digestFiles(paths) };
      const problems = await verifyEnvironment(verifier, found.directory, found.record, undefined);
      // One that is not what was built is replaced by the new one.
      if (problems.length === 0) return;
    }
    const scratch = this.#scratch("");
    if (effects.fs.stat(scratch) === undefined) this.#transaction.makeScratch(SCRATCH);
    await buildEnvironment(effects, this.#scratch(key), {
      package_id,
      lock,
      interpreter: this.#interpreter,
      shipped: this.#shipped(entering, lock),
      wheel_directories: wheelDirectories(this.#plane, this.#options.wheel_directories),
      reserved_names: reservedNames(this.#plane),
    });
    this.#built.add(key);
  }

  #scratch(key: string): string {
    return `${this.#transaction.site.directory}/${SCRATCH}/${key}`.replace(/\/$/, "");
  }

  /** Bytes that come with the package, extracted, or that lie in the plane already. */
  #shipped(entering: Entering, { requirements }: EnvironmentLock): Map<string, string> {
    const locked = new Set(requirements.map(({ sha256 }) => bare(sha256)));
    return new Map(
      entering.placements
        .filter(({ asset }) => locked.has(bare(asset.sha256)))
        .map((placement) => {
          const extracted = needsBytes(placement) ? this.#staging.fileOf(entering, placement) : undefined;
          return [
            bare(placement.asset.sha256),
            extracted ?? `${this.#plane.root}/${placement.path}`,
          ] as const;
        }),
    );
  }
}
