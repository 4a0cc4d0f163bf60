/** What a person agrees to before a plugin is enabled: the very lines shown, bound by their digest. */
import type { ElevationApproval } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { type Asked, type Difference, inWords, makeGrantFault, plainText } from "../../grants/index.ts";
import { prefixed, sameDigest, sha256Hex } from "../../kernel/index.ts";

export interface Shown {
  readonly lines: readonly string[];
  /** `sha256:` and 64 hex digits over the lines. */
  readonly digest: string;
  /** False when the grant in force covers everything: then nobody is asked. */
  readonly needs_consent: boolean;
}

export interface Terms {
  readonly asked: Asked;
  readonly manifest_hash: string;
  readonly difference: Difference;
  readonly approvals: readonly ElevationApproval[];
  readonly version_range: string;
  /** Null when any code of those versions will do. */
  readonly pinned_to: string | null;
  /** The pin of the grant in force, when it is let go. */
  readonly unpins: string | null;
}

export function shownFor(terms: Terms): Shown {
  const { asked, difference, manifest_hash, approvals, version_range, pinned_to, unpins } = terms;
  const changes = [...difference.expansions, ...(unpins === null ? [] : [`lets go of the pin to ${unpins}`])];
  const elevated = asked.above.map((scope) => {
    const why = asked.elevated.find(({ permission }) => permission === scope)?.reason ?? "no reason given";
    return `above the profile of a ${asked.kind}: ${inWords(scope)}, because "${plainText(why)}"`;
  });
  const approved = approvals.map(
    ({ approved_by, expires_at, reason }) =>
      `approved by ${plainText(approved_by)} until ${expires_at}: "${plainText(reason)}"`,
  );
  const lines = [
    `enables ${asked.namespace}: ${asked.package_id} ${asked.version}, manifest ${manifest_hash}`,
    ...(changes.length === 0 ? ["adds nothing to what was granted"] : changes),
    ...difference.narrowings,
    ...elevated,
    ...approved,
    pinned_to === null
      ? `holds for any code of the versions ${version_range}`
      : `holds for the versions ${version_range} and only for the archive ${pinned_to}`,
  ];
  return {
    lines,
    digest: prefixed(sha256Hex(lines.join("\n"))),
    needs_consent: changes.length > 0,
  };
}

/** Of the options that shape what is shown. */
export interface ConsentOptions {
  readonly yes: string | undefined;
  /** The command to paste, without `--yes`. */
  readonly command: string;
}

/** @throws PLUGIN_CONSENT_NEEDED, PLUGIN_CONSENT_STALE */
export function requireConsent(namespace: string, shown: Shown, { yes, command }: ConsentOptions): void {
  const { lines, digest, needs_consent } = shown;
  if (yes === undefined && !needs_consent) return;
  if (yes !== undefined && sameDigest(yes, digest)) return;
  const details = { namespace, shown: lines, digest, command: `${command} --yes ${digest}` };
  const said = lines.join("; ");
  if (yes === undefined)
    throw makeGrantFault("PLUGIN_CONSENT_NEEDED", `somebody has to agree to this first: ${said}`, details);
  throw makeGrantFault("PLUGIN_CONSENT_STALE", `--yes is of other words than these: ${said}`, {
    ...details,
    given: plainText(yes.slice(0, 80)),
  });
}

/** The digest when the person before the terminal agreed; undefined when there is nobody, or they did not. */
export async function askFor(
  { terminal }: Pick<Effects, "terminal">,
  { lines, digest }: Shown,
): Promise<string | undefined> {
  if (!terminal.interactive) return undefined;
  const answer = await terminal.ask(`${lines.join("\n")}\nEnable it? Type yes: `);
  return answer.trim().toLowerCase() === "yes" ? digest : undefined;
}
