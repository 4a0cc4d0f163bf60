/** `config/golden.toml`: what a version must have passed before it is released. */
import { z } from "zod";
import { PackageId } from "./atoms.ts";

const Part = z.string().min(1).max(64).optional();

/** A cell of the matrix; `3.12` stands for every 3.12.x, a part left out for any. */
export const RequiredCell = z.strictObject({
  host: Part.describe("Host program: workbench@2.0.0, workbench, or a version alone."),
  api: Part.describe("Version of the API it offers."),
  python: Part.describe("Version of Python."),
});
export type RequiredCell = z.output<typeof RequiredCell>;

const rules = {
  scenarios: z
    .array(z.string().min(1).max(64))
    .max(256)
    .optional()
    .describe('Names of scenarios; "canonical" is the canonical scenario of the package.'),
  cells: z.array(RequiredCell).max(256).optional().describe("Cells of the matrix that must have passed."),
  max_age_days: z.number().positive().max(3650).optional().describe("How old evidence may be."),
  harness: z
    .enum(["exact", "version", "any"])
    .optional()
    .describe("Which harness counts: these very programs, this version of them, or any."),
};

/** Somebody answers for what was not run; what failed nobody can waive. */
export const GoldenWaiver = z.strictObject({
  scenario: z.string().min(1).max(64),
  package: PackageId,
  host: Part,
  api: Part,
  python: Part,
  owner: z.string().trim().min(1).max(128),
  reason: z.string().trim().min(1).max(1024),
  /** Last day on which it holds, in UTC. */
  expires: z.iso.date(),
});
export type GoldenWaiver = z.output<typeof GoldenWaiver>;

export const GoldenGateConfig = z
  .strictObject({
    schema_version: z.literal("1.0"),
    ...rules,
    packages: z
      .record(PackageId, z.strictObject(rules))
      .default({})
      .describe("What differs for one package; what it leaves out is as above."),
    waivers: z
      .array(GoldenWaiver)
      .max(256)
      .default([])
      .describe("What need not have run until a day, who answers for it and why."),
  })
  .meta({ id: "GoldenGateConfig", title: "What a release must have passed" });
export type GoldenGateConfig = z.output<typeof GoldenGateConfig>;
