/** What health checks are run on. */
import type { Health, ReceiptFile } from "../../contracts/index.ts";
import type { Environment } from "../../python/index.ts";

export interface HealthSubject {
  readonly package_id: string;
  readonly version: string;
  /** Undefined: the package declares none. */
  readonly health: Health | undefined;
  readonly files: readonly ReceiptFile[];
  /** Absent: it locks no wheels, and runs with the interpreter alone. */
  readonly environment?: Pick<Environment, "python" | "interpreter" | "read_paths"> | undefined;
}

/** Real paths; `tier_root` is the plane root or a folder inside it. */
export interface HealthPlaces {
  readonly plane_root: string;
  readonly tier_root: string;
  readonly keys_directory: string;
}
