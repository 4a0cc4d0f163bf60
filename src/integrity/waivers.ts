/** `config/waivers.toml`: findings that somebody answers for until a day. A waiver that does not hold is a finding itself. */
import type { Finding } from "../contracts/index.ts";
import { Waiver } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { firstIssue, matchesGlob, parseToml } from "../metadata/index.ts";
import { WAIVERS_PATH as FILE } from "../plane/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

/** State that vouches for everything else: nobody can answer for it being broken. */
const NEVER =
  /^(LEDGER|CHECKPOINT|TLOG|WITNESS|SIGNATURE|PROVENANCE|TOKEN|KEY|AUTH|RECEIPT|REGISTRY|CONFIG|WAIVERS?|GENERATION|STATE)_|^(NOTHING_VERIFIED|OWNERS_CONFLICT)$/;
const WAIVERS_MAX = 1000;
/** A waiver holds to the end of its last day. */
const DAY_MS = 86_400_000;
const STEP = `Correct it, then run "integrity-check --record".`;

interface Active {
  readonly waiver: Waiver;
  /** From 1, for people. */
  readonly number: number;
}

/** Marks findings in place. `today`: ISO date in UTC. `counts`: whether the file is as it was recorded. */
export function applyWaivers(
  fs: FileSystem,
  root: string,
  { today, counts }: { readonly today: string; readonly counts: boolean },
  outcome: Outcome,
): void {
  const active = readWaivers(fs, root, outcome).filter((one) => !isExpired(one, today, outcome));
  for (const { waiver } of active) outcome.restsOn(Date.parse(waiver.expires) + DAY_MS);
  if (!counts) return;
  for (const one of active) apply(one, outcome);
}

function apply({ waiver, number }: Active, outcome: Outcome): void {
  const { owner, reason, expires } = waiver;
  const matching = outcome.findings.filter((finding) => covers(waiver, finding));
  const refused = matching.filter(({ code }) => NEVER.test(code));
  let used = 0;
  for (const finding of matching) {
    if (NEVER.test(finding.code)) continue;
    finding.waived ??= { owner, reason, expires };
    used += 1;
  }
  const { code } = refused[0] ?? {};
  if (code !== undefined && used === 0) {
    const message = `${FILE}: waiver ${number} is for ${code}, which nobody can waive`;
    outcome.find(
      "WAIVER_REFUSED",
      message,
      `Remove waiver ${number}, and mend what ${code} says.`,
      about(number),
    );
  } else if (used === 0) {
    const message = `${FILE}: waiver ${number} (${shown(waiver.code)}) matches no finding`;
    const step = `Remove waiver ${number} from ${FILE}, then run "integrity-check --record".`;
    outcome.find("WAIVER_UNUSED", message, step, { ...about(number), severity: "note" });
  }
}

const covers = (waiver: Waiver, { code, path }: Finding): boolean =>
  matchesGlob(code, waiver.code) &&
  (waiver.path === undefined || (path !== undefined && matchesGlob(path, waiver.path.replace(/^\/+/, ""))));

function isExpired({ waiver, number }: Active, today: string, outcome: Outcome): boolean {
  if (waiver.expires >= today) return false;
  const message = `${FILE}: waiver ${number} (${shown(waiver.code)}) of ${shown(waiver.owner)} expired on ${waiver.expires}`;
  const step = `Mend what it covers, or decide again and change expires; then run "integrity-check --record".`;
  outcome.find("WAIVER_EXPIRED", message, step, about(number));
  return true;
}

function readWaivers(fs: FileSystem, root: string, outcome: Outcome): Active[] {
  const table = readTable(fs, root, outcome);
  if (table === undefined) return [];
  const { waiver: list, ...others } = table;
  const unknown = Object.keys(others)[0];
  if (
    unknown !== undefined ||
    !Array.isArray(list ?? []) ||
    ((list as unknown[] | undefined) ?? []).length > WAIVERS_MAX
  ) {
    const what =
      unknown === undefined
        ? `holds no list of at most ${WAIVERS_MAX} [[waiver]]`
        : unknown === "waivers"
          ? "takes [[waiver]], not [[waivers]]; that is the spelling of config/policy.toml"
          : `has the unknown key ${shown(unknown)}`;
    outcome.find("WAIVERS_INVALID", `${FILE} ${what}`, STEP, { path: FILE });
    return [];
  }
  return ((list ?? []) as unknown[]).flatMap((value, index) => {
    const parsed = Waiver.safeParse(withDates(value));
    if (parsed.success) return [{ waiver: parsed.data, number: index + 1 }];
    const { field, message } = firstIssue(parsed.error);
    const says = `${FILE}: waiver ${index + 1} is not complete: ${shown(field)}: ${shown(message)}`;
    const step = `Give waiver ${index + 1} a code, an owner, a reason and expires; then run "integrity-check --record".`;
    outcome.find("WAIVER_INCOMPLETE", says, step, about(index + 1));
    return [];
  });
}

function readTable(fs: FileSystem, root: string, outcome: Outcome): Record<string, unknown> | undefined {
  try {
    if (fs.stat(`${root}/${FILE}`) === undefined) return undefined;
    return parseToml(fs.readText(`${root}/${FILE}`), FILE);
  } catch (error) {
    const { line, column } =
      error instanceof Fault ? (error.details as { line?: number; column?: number }) : {};
    const why = error instanceof Fault ? error.message : String((error as NodeJS.ErrnoException).code);
    if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    outcome.find("WAIVERS_INVALID", `${FILE} cannot be read: ${shown(why)}`, STEP, {
      path: FILE,
      line,
      column,
    });
    return undefined;
  }
}

/** TOML has dates of its own; the form takes the text. */
function withDates(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { expires } = value as { expires?: unknown };
  if (!(expires instanceof Date) || Number.isNaN(expires.getTime())) return value;
  return { ...value, expires: expires.toISOString().slice(0, 10) };
}

const about = (number: number) => ({ path: FILE, field: `waiver ${number}` });
