import { z } from "zod";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import { reading } from "../plane/index.ts";
import { checkRegistries } from "../registry/index.ts";
import { operation, planeOf } from "./define.ts";
import { findingLines } from "./finding-lines.ts";

export const registryValidate = operation({
  name: "registry validate",
  summary: "Check every registry cell, row and reference; name line and column of each problem.",
  examples: ["pkg registry validate", "pkg registry validate --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    const findings = await reading(context.effects, plane, async () =>
      checkRegistries(context.effects.fs, `${plane.root}/registries`),
    );
    const errors = findings.filter(({ severity }) => severity === "error").length;
    return {
      result: { valid: errors === 0, registries: REGISTRY_NAMES.length, errors, findings },
      exit_code: errors === 0 ? 0 : 1,
    };
  },
  text: ({ valid, registries, errors, findings }) =>
    [
      ...findingLines(findings),
      `${valid ? "OK" : "FAIL"}: ${registries} registries checked, ${errors} problem(s)`,
      "",
    ].join("\n"),
});
