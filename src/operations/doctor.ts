import { z } from "zod";
import { type DoctorReport, examine } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";

export const doctor = operation({
  name: "doctor",
  summary: "Finish or undo whatever an interrupted command left, and say what was looked at and done.",
  examples: ["pkg doctor"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { effects, wait_ms, version } = context;
    const report = await examine(effects, planeOf(context), { wait_ms });
    return { result: { ...report, node: effects.host.node_version, version } };
  },
  text: (result) =>
    [
      ...(result.recovered.length === 0
        ? ["Nothing was interrupted; 0 transactions to recover."]
        : result.recovered.map(
            (one) =>
              `${one.transaction_id} (${one.operation} ${one.subject}): ${one.outcome} (it had reached ${one.phase})`,
          )),
      "Looked at:",
      ...lookedAt(result).map(([what, found]) => `  ${what.padEnd(WIDTH)}  ${found}`),
      "",
    ].join("\n"),
});

const WIDTH = 22;

function lookedAt({ looked_at }: DoctorReport): [string, string][] {
  const { lock, transactions, preparing, generations, temp_folders, downloads, reserve } = looked_at;
  const grown = reserve.bytes - reserve.before_bytes;
  return [
    ["plane lock", `taken after ${lock.waited_ms} ms`],
    ["interrupted changes", `${transactions.found} found, ${transactions.left} left`],
    [
      "changes in the making",
      `${preparing.found} found, ${preparing.left} of commands that run or ran a moment ago`,
    ],
    [
      "kept generations",
      `${generations.kept} with ${generations.files} files, ${generations.size_bytes} bytes; ` +
        `${generations.trash_removed} half removed ones are gone`,
    ],
    [
      "temporary folders",
      `${temp_folders.removed.length} of killed commands removed, ${temp_folders.in_use} in use`,
    ],
    ["downloads", `${downloads.files} files, ${downloads.size_bytes} bytes ("pkg gc" removes old ones)`],
    ["reserve", `${reserve.bytes} bytes${grown === 0 ? "" : `, ${grown > 0 ? "+" : ""}${grown} now`}`],
  ];
}
