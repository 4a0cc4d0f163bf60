import { z } from "zod";
import { verifyArchive } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";

const MARKS = { pass: "ok  ", fail: "BAD ", absent: "none", not_verifiable: "?   " } as const;

export const verify = operation({
  name: "verify",
  summary:
    "Say who vouches for an archive: digest, form, content, signatures, provenance and policy, one by one.",
  examples: [
    "pkg verify PKG-T1-RUNTIME-001",
    "pkg verify packages_store/PKG-T1-RUNTIME-001-1.0.0.tar.gz --json",
  ],
  authorised: false,
  input: z.strictObject({
    archive: z
      .string()
      .min(1)
      .meta({ description: "Archive file, or ID or ID@VERSION in the store.", positional: 0 }),
  }),
  run: async (context, { archive }) => {
    const report = await verifyArchive(context.effects, planeOf(context), archive);
    return { result: report, exit_code: report.verified ? 0 : 1 };
  },
  text: ({ package_id, version, archive, digest, verified, checks }) =>
    [
      `${package_id} ${version}  ${archive}`,
      `sha256 ${digest}`,
      ...checks.flatMap(({ verdict, check, message, code, next_step }) => [
        `${MARKS[verdict]} ${check.padEnd(14)} ${message}${code === undefined ? "" : ` [${code}]`}`,
        ...(next_step === undefined ? [] : [`     next: ${next_step}`]),
      ]),
      verified
        ? "VERIFIED"
        : checks.some(({ verdict }) => verdict === "fail")
          ? "NOT VERIFIED"
          : "NOT VERIFIED: no trusted key vouches for this archive",
      "",
    ].join("\n"),
});
