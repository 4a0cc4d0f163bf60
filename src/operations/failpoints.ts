import { z } from "zod";
import { ACTIONS, ARTEFACTS, PHASES, VERBS } from "../effects/failpoints/index.ts";
import { operation } from "./define.ts";

const listed = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([name, meaning]) => ({ name, meaning }));

export const failpoints = operation({
  name: "failpoints",
  summary: "List the named points at which failures can be injected to test recovery.",
  examples: [
    "pkg failpoints",
    "HOLDFAST_FAILPOINTS='activate.file.rename#3=kill' pkg update PKG-T1-RUNTIME-001",
  ],
  authorised: false,
  input: z.strictObject({}),
  run: async () => ({
    result: {
      variable: "HOLDFAST_FAILPOINTS",
      syntax:
        "phase.artefact.verb[#n|#every]=action[,action][;…]; * stands for any part; phase.NAME is NAME.*.*",
      phases: listed(PHASES),
      artefacts: listed(ARTEFACTS),
      verbs: listed(VERBS),
      actions: listed(ACTIONS),
    },
  }),
  text: ({ variable, syntax, ...lists }) => {
    const parts = Object.entries(lists).flatMap(([title, entries]) => [
      "",
      title,
      ...entries.map(({ name, meaning }) => `  ${name.padEnd(20)}${meaning}`),
    ]);
    return [
      `${variable}: ${syntax}`,
      "It can only make a command fail, as a kill or a bad disk would.",
      ...parts,
      "",
    ].join("\n");
  },
});
