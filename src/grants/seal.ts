/** The seal of a record: made with the plane's secret, so that whoever can write the plane still cannot write a record. */
import { createHmac } from "node:crypto";
import type { PluginRecord } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { prettyJson, sameDigest, spacedJson } from "../kernel/index.ts";
import { type Plane, secretOf } from "../plane/index.ts";

/** @throws AUTH_NOT_INITIALISED, AUTH_SECRET_* */
export function sealKey(effects: Pick<Effects, "fs" | "host">, plane: Plane): string {
  const { secret } = secretOf(effects, plane);
  return createHmac("sha256", secret)
    .update(`holdfast plugin record 1\0${plane.config.plane_uid}`)
    .digest("hex");
}

export type UnsealedRecord = Omit<PluginRecord, "seal">;

export function sealed(record: UnsealedRecord, key: string): PluginRecord {
  return { ...record, seal: sealOf(record, key) };
}

export function isSealed({ seal, ...record }: PluginRecord, key: string): boolean {
  return sameDigest(seal, sealOf(record, key));
}

const sealOf = (record: UnsealedRecord, key: string): string =>
  createHmac("sha256", key).update(spacedJson(record)).digest("hex");

/** The bytes of `state.json`. */
export const recordBytes = (record: PluginRecord): Buffer => Buffer.from(prettyJson(record as never));
