/** `golden new`: a first scenario, to be changed by its author. */
import { z } from "zod";
import {
  findSubjects,
  requireSubject,
  type Subject,
  subjectAt,
  type WrittenScenario,
  writeScenario,
} from "../harness/index.ts";
import { absolute, outputPlace } from "../plane/index.ts";
import { type Context, operation } from "./define.ts";

export const goldenNew = operation({
  name: "golden new",
  summary: "Write a scenario that passes as it is, to begin from; nothing is overwritten.",
  examples: [
    "golden new golden/first.toml",
    "golden new golden/echo.toml --package modules/echo",
    "golden new golden/echo-life.toml --package PKG-T3-ECHO-001 --canonical",
  ],
  authorised: false,
  input: z.strictObject({
    file: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: "File to write; it ends in .toml.", positional: 0 }),
    package: z.string().min(1).max(4096).optional().meta({
      description: "Source folder or package id; default: a plugin made up for the scenario.",
    }),
    canonical: z.boolean().default(false).meta({
      description: "Take the steps of the canonical scenario, which follow from the package.",
    }),
  }),
  run: async (context, { file, package: word, canonical }) => {
    const { effects } = context;
    const subject = word === undefined ? undefined : await subjectOf(context, word);
    makeFolder(context, file);
    const place = outputPlace(effects, file);
    return { result: writeScenario(effects, { path: file, absolute: place, subject, canonical }) };
  },
  text: ({ path, missing }: WrittenScenario) =>
    [
      `Wrote ${path}.`,
      ...missing.map((what) => `It needs ${what}.`),
      "",
      "Next:",
      `  golden check ${path}`,
      `  golden run ${path}`,
      "",
    ].join("\n"),
});

async function subjectOf({ effects, root }: Context, word: string): Promise<Subject> {
  const { cwd } = effects.host;
  const found = await subjectAt(effects, absolute(cwd, word));
  if (found !== undefined) return found;
  const base = root === undefined ? cwd : absolute(cwd, root);
  return requireSubject(await findSubjects(effects, base), word);
}

/** The first scenario makes the folder that scenarios lie in; folders above it must be there. */
function makeFolder({ effects: { fs, host } }: Context, file: string): void {
  const path = absolute(host.cwd, file);
  const folder = path.slice(0, path.lastIndexOf("/"));
  const above = folder.slice(0, folder.lastIndexOf("/")) || "/";
  if (file.endsWith(".toml") && fs.stat(folder) === undefined && fs.stat(above)?.kind === "directory")
    fs.makeDirectory(folder);
}
