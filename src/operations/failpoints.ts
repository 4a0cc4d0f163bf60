import { z } from "zod";
import { ACTIONS, CATALOGUE, PHASES } from "../effects/failpoints/index.ts";
import { operation } from "./define.ts";

const listed = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([name, meaning]) => ({ name, meaning }));

/** Verbs of one artefact in one line: the whole list is long. */
function byArtefact(points: typeof CATALOGUE): { name: string; verbs: string[]; meaning: string }[] {
  const groups = new Map<string, { verbs: string[]; meaning: string }>();
  for (const { pattern, meaning } of points) {
    const [, artefact = "", verb = ""] = pattern.split(".");
    const what = meaning.slice(meaning.indexOf(": ") + 2);
    const group = groups.get(artefact) ?? { verbs: [], meaning: what };
    group.verbs.push(verb);
    groups.set(artefact, group);
  }
  return [...groups].map(([name, group]) => ({ name, ...group }));
}

/** Lines of words that leave room for the column of names in 80. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 56) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

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
      syntax: "phase.artefact.verb[#n|#every]=action[,action][;…]",
      phases: listed(PHASES),
      points: CATALOGUE,
      actions: listed(ACTIONS),
    },
  }),
  text: ({ variable, syntax, phases, points, actions }) => {
    const lines = (entries: readonly { name: string; meaning: string }[]) =>
      entries.map(({ name, meaning }) => `  ${name.padEnd(20)}${meaning}`);
    return [
      `${variable}: ${syntax}`,
      "* stands for any part; phase.NAME is NAME.*.*; without #n the first occurrence.",
      "It can only make a command fail, as a kill or a bad disk would.",
      "",
      "phases",
      ...lines(phases),
      "",
      `points (${points.length}): artefact, and what is done to it`,
      ...byArtefact(points).flatMap(({ name, verbs, meaning }) => [
        `  ${name.padEnd(20)}${meaning}`,
        ...wrapped(verbs).map((line) => `  ${"".padEnd(20)}${line}`),
      ]),
      "",
      "actions",
      ...lines(actions),
      "",
    ].join("\n");
  },
});
