import type { z } from "zod";

/** The first problem zod found, as a JSON pointer and one sentence; unknown keys name themselves. */
export function firstIssue(error: z.ZodError): { field: string; message: string } {
  return issuesOf(error)[0] ?? { field: "/", message: "is not valid" };
}

/** Every problem zod found. `field` is a JSON pointer (RFC 6901). */
export function issuesOf(error: z.ZodError): { field: string; message: string }[] {
  return error.issues.flatMap((issue) => {
    const base = `/${issue.path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
    if (issue.code !== "unrecognized_keys") return [{ field: base, message: issue.message }];
    return issue.keys.map((key) => ({
      field: base === "/" ? `/${key}` : `${base}/${key}`,
      message: "is not a known field",
    }));
  });
}
