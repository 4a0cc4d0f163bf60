/** Takes worlds away while the next one already runs: thousands of small files take longer to remove than to judge. */
import type { Effects } from "../../effects/index.ts";
import { endWorld, type World } from "./world.ts";

type Needs = Pick<Effects, "fs" | "subprocess">;

const RM = "/bin/rm";
const LIMITS = { timeout_ms: 120_000, stdout_bytes_max: 1 << 16 };

export class Remover {
  readonly #effects: Needs;
  readonly #pending = new Set<Promise<void>>();

  constructor(effects: Needs) {
    this.#effects = effects;
  }

  remove(world: Pick<World, "folder">): void {
    const removing = this.#remove(world).finally(() => this.#pending.delete(removing));
    this.#pending.add(removing);
    // Whoever settles hears of it.
    removing.catch(() => undefined);
  }

  /** Resolves when nothing is left of any world. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #remove({ folder }: Pick<World, "folder">): Promise<void> {
    const { fs, subprocess } = this.#effects;
    if (fs.stat(RM) !== undefined) {
      // What is below first: as long as the mark of its owner is there, a sweep knows whose it is.
      const below = fs
        .list(folder)
        .flatMap(({ name, kind }) => (kind === "directory" ? [`${folder}/${name}`] : []));
      const argv = [RM, "-rf", "--one-file-system", "--", ...below];
      await subprocess.run({ argv, cwd: "/", env: {}, limits: LIMITS });
    }
    endWorld({ fs }, { folder });
  }
}
