/** Whether the tar is, byte for byte, what our writer makes of the same files. */
import { MANIFEST_PATH, planMembers } from "./member-order.ts";
import { CANONICAL_END, encodeHeader, type MemberShape } from "./tar-encode.ts";

/** Collects, member by member, the first way in which an archive is not canonical. */
export class CanonicalJudge {
  #reason: string | undefined;

  member(member: MemberShape, raw: Buffer): void {
    if (this.#reason === undefined && !encodeHeader(member).equals(raw)) {
      this.#reason = `the header of ${JSON.stringify(member.path)} is not the canonical one (time, owner, mode or encoding)`;
    }
  }

  padding(is_zero: boolean): void {
    if (!is_zero) this.#reason ??= "padding is not zero";
  }

  /** The verdict once everything was seen: undefined when canonical, else why not. */
  finish(facts: {
    members: readonly MemberShape[];
    end_bytes: number;
    has_canonical_header: boolean;
  }): string | undefined {
    if (!facts.has_canonical_header) this.#reason ??= "the gzip header is not the canonical one";
    if (facts.end_bytes !== CANONICAL_END.length) this.#reason ??= "the end of the tar is padded";
    return this.#reason ?? orderProblem(facts.members);
  }
}

function orderProblem(members: readonly MemberShape[]): string | undefined {
  const files = members.filter((member) => member.kind === "file");
  if (!files.some((file) => file.path === MANIFEST_PATH)) return `there is no ${MANIFEST_PATH} at the top`;
  const plan = planMembers(files);
  if (plan.length !== members.length) return "directories are missing or too many";
  const wrong = plan.findIndex((planned, i) => planned.path !== members[i]?.path);
  return wrong < 0 ? undefined : `${JSON.stringify(members[wrong]?.path)} is out of order`;
}
