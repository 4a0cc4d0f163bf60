import { z } from "zod";
import { requireStream } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, PACKAGES_STREAM, planeStream } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { readableStream } from "./fields.ts";
import { findNamed } from "./ledger-find.ts";
import { approvalsInForce, type Moment, packagesInForce } from "./ledger-in-force.ts";
import { asMoment, requireMoment } from "./moment.ts";

export const ledgerAt = operation({
  name: "ledger at",
  summary: "Say which packages, versions and approvals were in force at a time or right after an entry.",
  examples: [
    "pkg ledger at 2026-11-21T10:00:00Z",
    "pkg ledger at LED-0123456789abcdef0123456789abcdef --json",
  ],
  authorised: false,
  input: z.strictObject({
    moment: z.string().min(1).max(200).meta({
      description: "A time (UTC where it names no zone), or an entry's id, hash or number (with --stream).",
      positional: 0,
    }),
    stream: readableStream
      .optional()
      .meta({ description: "Stream of an entry that is named by its number." }),
  }),
  run: async (context, { moment: named, stream }) => {
    const plane = planeOf(context);
    const moment = momentOf(named, () => findNamed(context, plane, named, stream));
    for (const name of [PACKAGES_STREAM, GOVERNANCE_STREAM])
      requireStream(context.effects.fs, planeStream(plane, name));
    const { packages, generation } = packagesInForce(context, planeStream(plane, PACKAGES_STREAM), moment);
    const approvals = approvalsInForce(context, planeStream(plane, GOVERNANCE_STREAM), moment);
    const at = new Date(moment.at_ms).toISOString();
    return { result: { at, entry: moment.entry ?? null, generation, packages, approvals } };
  },
  text: ({ at, entry, generation, packages, approvals }) =>
    [
      `At ${at}${entry === null ? "" : `, after line ${entry.line} of ${entry.stream}`}${generation === null ? "" : ` (generation ${generation})`}:`,
      ...packages.flatMap(({ package_id, version, plane_id, since, user, evidence }) => [
        `  ${package_id} ${version ?? "(version not recorded)"} in ${plane_id}`,
        `      since ${since.slice(0, 19)}${user === null ? "" : ` by ${user}`}, ${evidence.id}`,
      ]),
      ...approvals.flatMap(({ subject, reason, expires_at, evidence }) => [
        `  approved: ${subject} until ${expires_at.slice(0, 19)} (${reason.replaceAll("\n", " ")})`,
        `      ${evidence.id}`,
      ]),
      `${packages.length} packages, ${approvals.length} approvals`,
      "",
    ].join("\n"),
});

function momentOf(
  named: string,
  find: () => { stream: string; line: number; entry: { timestamp: string } | undefined },
): Moment {
  const at_ms = asMoment(named);
  if (at_ms !== undefined) return { at_ms };
  // Something like a time that is none, rather than an entry nobody knows.
  if (/^\d{4}-/.test(named)) requireMoment("the moment", named);
  const { stream, line, entry } = find();
  return { at_ms: requireMoment(`the time of line ${line}`, timeOf(entry)), entry: { stream, line } };
}

const timeOf = (entry: { timestamp: string } | undefined): string => entry?.timestamp ?? "";
