/** Register and unregister: step 4 of the rollout and its clean-up, for packages, specs and frameworks. */

import { checkEntryPath } from "../archive/index.ts";
import type { PackageTier, RegistryName, Row } from "../contracts/index.ts";
import { FrameworkId, PACKAGE_TIERS, PackageId, REGISTRY_KEYS, SpecId } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import {
  type AuthRequest,
  authorise,
  digestOf,
  GOVERNANCE_STREAM,
  type Plane,
  reading,
  registryPath,
  writing,
} from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { tierOfId } from "./build-manifest.ts";
import { readFrameworkTitle, readSpecPack, specRow } from "./chain.ts";
import { make } from "./faults.ts";
import { createdAt } from "./package-row.ts";
import { refuseAll } from "./refuse.ts";
import { checkReferences, checkRowChange, usersOf } from "./registry-rules.ts";
import { transact } from "./transact.ts";

export interface RegisterRequest {
  readonly id: string;
  /** Cells to set, by the registry's own column names. */
  readonly cells: Row;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly wait_ms?: number | undefined;
}

export interface RegisterResult {
  readonly id: string;
  readonly registry: string;
  readonly changed: boolean;
  readonly row: Row;
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
}

/** @throws AUTH_*, NOTHING_TO_REGISTER, REGISTRY_CELL_UNSAFE, REFERENCE_UNREGISTERED, ROW_REFUSED */
export async function register(
  effects: Effects,
  plane: Plane,
  request: RegisterRequest,
): Promise<RegisterResult> {
  const { id } = request;
  const name = registryOf(id);
  const { user } = await authorise(
    effects,
    plane,
    request.token,
    authRequest(effects, plane, name, id, request.cells),
  );
  const plan = (): { result: Omit<RegisterResult, "transaction_id">; upsert: Row } => {
    const known = rowOf(effects, plane, name, id);
    const found = known ?? freshRow(effects, plane, name, id, request.cells);
    const cells =
      name === "control_plane_registry"
        ? artifactCells(effects, plane, id, found, request.cells)
        : request.cells;
    const row = { ...found, ...cells };
    const changed =
      known === undefined || Object.entries(cells).some(([column, cell]) => known[column] !== cell);
    // Only the cells asked for are written, so that two commands on one row both count.
    const upsert = known === undefined ? row : { [REGISTRY_KEYS[name][0] ?? "id"]: id, ...cells };
    return { result: { id, registry: registryPath(name), changed, row, dry_run: request.dry_run }, upsert };
  };
  const first = await reading(effects, plane, async () => {
    const planned = plan();
    if (planned.result.changed) refuseRow(effects, plane, name, request, planned);
    return planned.result;
  });
  if (!first.changed || request.dry_run) return { ...first, transaction_id: null };
  return writing(effects, plane, { user, ...waiting(request) }, (session) =>
    transact(effects, session, { operation: "register", subject: id, user }, async () => {
      const { result, upsert } = plan();
      refuseRow(effects, plane, name, request, { result, upsert });
      return {
        registries: [{ name, upsert: [upsert], remove: [] }],
        entries: [
          entry("registered", id, user, { registry: registryPath(name), cells: { ...request.cells } }),
        ],
        result,
      };
    }),
  );
}

/** Every rule the registries are held to, for the row as it would be; of its references those that this command sets. */
function refuseRow(
  effects: Effects,
  plane: Plane,
  name: RegistryName,
  { id, cells }: RegisterRequest,
  {
    result: { row },
    upsert,
  }: { readonly result: Omit<RegisterResult, "transaction_id">; readonly upsert: Row },
): void {
  const columns = new Set([...Object.keys(cells), ...Object.keys(upsert)]);
  refuseAll([
    ...checkReferences(effects, plane, { name, id, row }, columns),
    ...checkRowChange(effects, plane, { name, upsert: [upsert], remove: [] }),
  ]);
}

/** What a token must be allowed to do to change this row. @throws NOTHING_TO_REGISTER */
export const rowAuth = (effects: Effects, plane: Plane, id: string): AuthRequest =>
  authRequest(effects, plane, registryOf(id), id, {});

/** A token narrowed to tiers needs both the tier the package has and the one it is to get. */
function authRequest(
  effects: Effects,
  plane: Plane,
  name: RegistryName,
  id: string,
  cells: Row,
): AuthRequest {
  if (name !== "packages_registry") return { action: "register" };
  const tier = (text: string | undefined): PackageTier[] => PACKAGE_TIERS.filter((known) => known === text);
  const known = tier(rowOf(effects, plane, name, id)?.["tier"]);
  const tiers = [...(known.length > 0 ? known : [tierOfId(id)]), ...tier(cells["tier"])];
  return { action: "register", package_ids: [id], tiers };
}

/** Removing what is not there is done already. @throws AUTH_*, STILL_INSTALLED, STILL_USED, ROW_REFUSED */
export async function unregister(
  effects: Effects,
  plane: Plane,
  request: Omit<RegisterRequest, "cells">,
): Promise<RegisterResult> {
  const { id } = request;
  const name = registryOf(id);
  const { user } = await authorise(effects, plane, request.token, authRequest(effects, plane, name, id, {}));
  const plan = (): Omit<RegisterResult, "transaction_id"> => {
    const known = rowOf(effects, plane, name, id);
    if (
      name === "packages_registry" &&
      installedHeads(effects, plane.root).some(({ package_id }) => package_id === id)
    ) {
      throw make("STILL_INSTALLED", `${id} is installed, so its registration stays`, { package_id: id });
    }
    if (known !== undefined) refuseLoss(effects, plane, name, id);
    const { dry_run } = request;
    return { id, registry: registryPath(name), changed: known !== undefined, row: known ?? {}, dry_run };
  };
  const first = await reading(effects, plane, async () => plan());
  if (!first.changed || request.dry_run) return { ...first, transaction_id: null };
  return writing(effects, plane, { user, ...waiting(request) }, (session) =>
    transact(effects, session, { operation: "unregister", subject: id, user }, async () => ({
      result: plan(),
      registries: [{ name, upsert: [], remove: [[id]] }],
      entries: [entry("unregistered", id, user, { registry: registryPath(name) })],
    })),
  );
}

/** @throws STILL_USED, ROW_REFUSED */
function refuseLoss(effects: Effects, plane: Plane, name: RegistryName, id: string): void {
  const { registered, installed } = usersOf(effects, plane, name, id);
  const users = [...new Set([...installed, ...registered])];
  if (users.length > 0)
    throw make("STILL_USED", `${id} is named by ${users.slice(0, 5).join(", ")}, so its registration stays`, {
      id,
      registered,
      installed,
    });
  refuseAll(checkRowChange(effects, plane, { name, upsert: [], remove: [[id]] }));
}

/** `LIB-PATHS`, `SCRIPT-INT`: anything else the control plane lists by id. */
const ARTIFACT_ID = /^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$/;

function registryOf(id: string): RegistryName {
  if (PackageId.safeParse(id).success) return "packages_registry";
  if (SpecId.safeParse(id).success) return "specs_registry";
  if (FrameworkId.safeParse(id).success) return "frameworks_registry";
  if (ARTIFACT_ID.test(id)) return "control_plane_registry";
  throw make("NOTHING_TO_REGISTER", `${JSON.stringify(id)} is not a package, spec or framework id`, { id });
}

function rowOf({ fs }: Effects, plane: Plane, name: RegistryName, id: string): Row | undefined {
  return findRow(fs, `${plane.root}/${registryPath(name)}`, name, [id])?.row;
}

function freshRow(effects: Effects, plane: Plane, name: RegistryName, id: string, cells: Row): Row {
  if (name === "specs_registry") {
    const spec = readSpecPack(effects, plane.root, id);
    if (spec !== undefined) return specRow(effects, spec);
  }
  if (name === "frameworks_registry") {
    const title = cells["title"] ?? readFrameworkTitle(effects, plane.root, id);
    if (title !== undefined) {
      return {
        framework_id: id,
        title,
        status: "active",
        version: "1.0.0",
        plane_id: "ho3",
        created_at: createdAt(effects),
      };
    }
  }
  if (name === "control_plane_registry") {
    return {
      id,
      name: id,
      entity_type: "artifact",
      status: "active",
      selected: "yes",
      priority: "P1",
      created_at: createdAt(effects).slice(0, 10),
    };
  }
  throw make("NOTHING_TO_REGISTER", `there is nothing to register as ${id}`, { id });
}

function entry(event_type: string, id: string, user: string, metadata: Record<string, unknown>) {
  return {
    stream: GOVERNANCE_STREAM,
    event_type,
    submission_id: id,
    decision: event_type.toUpperCase(),
    reason: `${id} ${event_type}`,
    metadata: { user, ...metadata },
  };
}

/** An artifact row names a file of the plane and the digest it has now. @throws ARTIFACT_PATH */
function artifactCells({ fs }: Effects, plane: Plane, id: string, found: Row, cells: Row): Row {
  const path = (cells["artifact_path"] ?? found["artifact_path"] ?? "").replace(/^\//, "");
  const digest = checkEntryPath(path) === undefined ? digestOf(fs, `${plane.root}/${path}`) : undefined;
  if (digest === undefined)
    throw make("ARTIFACT_PATH", `${id} needs a file of the plane, and ${JSON.stringify(path)} is none`, {
      id,
      path,
    });
  return { ...cells, artifact_path: `/${path}`, content_hash: digest };
}

const waiting = ({ wait_ms }: { readonly wait_ms?: number | undefined }): { wait_ms?: number } =>
  wait_ms === undefined ? {} : { wait_ms };
