/** The kinds of change `pkg undo` takes back without knowing more of them than their files, and what each takes to do. */
import { PackageId } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { readPlugin } from "../grants/index.ts";
import type { KeptGeneration } from "../journal/index.ts";
import type { AuthRequest, Plane } from "../plane/index.ts";
import { tierOfId } from "./build-manifest.ts";
import { make } from "./faults.ts";
import { rowAuth } from "./register.ts";

interface Kind {
  /** Taking a change back needs the right to make it. */
  readonly auth: (effects: Effects, plane: Plane, subject: string) => AuthRequest;
  /** The command that reverses it where its files cannot be put back. */
  readonly reverse: (subject: string, generation: number) => string;
}

/** Whatever it was: to take it back may enable a plugin again. */
const ofPlugin = (action: AuthRequest["action"], reverse: Kind["reverse"]): Kind => ({
  auth: (effects, plane, namespace) => {
    const manifest = readPlugin(effects, plane, namespace)?.manifest;
    return manifest === undefined
      ? { action }
      : { action, package_ids: [manifest.package_id], tiers: [manifest.tier] };
  },
  reverse,
});

const KINDS: Readonly<Record<string, Kind>> = {
  plugin_register: ofPlugin("register", (name) => `pkg plugin uninstall ${name} --forget`),
  plugin_install: ofPlugin("plugin_enable", (name) => `pkg plugin disable ${name}`),
  plugin_enable: ofPlugin("plugin_enable", (name) => `pkg plugin disable ${name}`),
  plugin_disable: ofPlugin("plugin_enable", (name) => `pkg plugin enable ${name}`),
  plugin_approve: ofPlugin("plugin_approve", (name) => `pkg plugin disable ${name}`),
  plugin_review: {
    // It concerns any plugin, as the review did.
    auth: () => ({ action: "plugin_enable" }),
    reverse: () => "pkg plugin list",
  },
  plugin_forget: ofPlugin("register", () => "pkg plugin list"),
  configure: ofPlugin("configure", (name) => `pkg configure ${name} --show`),
  register: { auth: rowAuth, reverse: (id) => `pkg register ${id}` },
  unregister: { auth: rowAuth, reverse: (id) => `pkg register ${id}` },
  approve: {
    auth: () => ({ action: "auth_admin" }),
    reverse: (subject) => `pkg approve ${subject} --days 0 --reason "taken back"`,
  },
  mark_good: {
    auth: () => ({ action: "rollback" }),
    reverse: (_, generation) => `pkg mark-good --remove ${generation}`,
  },
  restore: { auth: () => ({ action: "update" }), reverse: () => "ls .holdfast/state/kept" },
  golden_record: {
    auth: () => ({ action: "review" }),
    reverse: (id) => `golden run ${id.split(" ")[0] ?? ""} --record`,
  },
  pack: {
    auth: (_effects, _plane, id) =>
      PackageId.safeParse(id).success
        ? { action: "pack", package_ids: [id], tiers: [tierOfId(id)] }
        : { action: "pack" },
    reverse: (id) => `pkg unregister ${id}`,
  },
};

/** What a kept generation did; an undo of an undo does again what the first took back. */
export interface Deed {
  readonly operation: string;
  readonly subject: string;
  readonly generation: number;
}

export function deedOf({ operation, subject, generation, notes }: KeptGeneration): Deed {
  const undone = notes["undone"] as Partial<Deed> | undefined;
  if (typeof undone?.operation !== "string" || typeof undone.subject !== "string")
    return { operation, subject, generation };
  return { operation: undone.operation, subject: undone.subject, generation };
}

/** @throws UNDO_NOT_POSSIBLE for a kind that is not among them */
export function undoAuth(effects: Effects, plane: Plane, deed: Deed): AuthRequest {
  const kind = Object.hasOwn(KINDS, deed.operation) ? KINDS[deed.operation] : undefined;
  if (kind === undefined) throw notPossible(deed, `a change of kind "${deed.operation}" is not undone`);
  return kind.auth(effects, plane, deed.subject);
}

export function notPossible(deed: Deed, problem: string) {
  const { operation, subject, generation } = deed;
  const kind = Object.hasOwn(KINDS, operation) ? KINDS[operation] : undefined;
  const reverse = kind?.reverse(subject, generation) ?? "pkg history";
  const message = `"${operation}" of ${subject} (generation ${generation}) cannot be undone: ${problem}`;
  return make("UNDO_NOT_POSSIBLE", message, { operation, subject, generation, reverse });
}

/** @throws UNDO_OVERTAKEN when another change came between the plan and the lock */
export function requireNewest(in_force: number, planned: number): void {
  if (in_force === planned) return;
  throw make(
    "UNDO_OVERTAKEN",
    `generation ${in_force} came after generation ${planned}, which was to be undone`,
    {
      generation: planned,
      in_force,
    },
  );
}
