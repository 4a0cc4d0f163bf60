import { z } from "zod";

/** Newest plane layout this program reads; a newer one is refused. */
export const PLANE_FORMAT_VERSION = 1;

const PathGlob = z.string().min(1).max(256);

export const DEFAULT_PLUGIN_ROOTS: readonly string[] = ["modules", "plugins"];

/** `config/plane.toml`. */
export const PlaneConfig = z
  .strictObject({
    format_version: z.int().positive(),
    /** 32 hex digits; names the folder of keys and heads outside the plane. */
    plane_uid: z.string().regex(/^[0-9a-f]{32}$/),
    name: z.string().min(1).max(128),
    /** Folders in which every file must have an owner, be declared source, or be a finding. */
    governed_roots: z.array(PathGlob).min(1),
    /** Source trees: unowned files there have verdict `source`. */
    sources: z.array(PathGlob),
    /** Glob patterns never looked at inside governed roots. */
    excluded: z.array(PathGlob).default([]),
    /** Folders plugins may be installed in. Only this file names them: no command, request or manifest adds one. */
    plugin_roots: z
      .array(
        z
          .string()
          .regex(/^(?!\/)(?!.*(^|\/)\.{0,2}(\/|$))[^\0\\]{1,256}$/, "must be a plane-relative folder"),
      )
      .min(1)
      .default([...DEFAULT_PLUGIN_ROOTS]),
    policy: z
      .strictObject({
        /** False refuses archives that are not in the canonical profile. */
        allow_plain_archives: z.boolean().default(true),
      })
      .default({ allow_plain_archives: true }),
  })
  .meta({ id: "PlaneConfig", title: "Plane configuration" });
export type PlaneConfig = z.output<typeof PlaneConfig>;
