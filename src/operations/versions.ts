/** Versions as people type them on a command line. */
import { z } from "zod";
import { Version } from "../contracts/index.ts";

/** `3.13` will do for `3.13.0`. */
export const asVersion = (what: string) =>
  z
    .union([Version, z.string().regex(/^\d+\.\d+$/)], { error: "must be a version such as 3.13 or 3.13.0" })
    .optional()
    .meta({ description: `Judge as if ${what} had this version.` });

export const wholeVersion = (text: string): string => (/^\d+\.\d+$/.test(text) ? `${text}.0` : text);
