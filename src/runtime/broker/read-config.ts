/** `config/broker.toml` as it lies there: who answers which tool. Without the file nobody answers any. */
import { BrokerConfig } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { Fault, prefixed, sha256Hex } from "../../kernel/index.ts";
import { firstIssue, locate, parseToml } from "../../metadata/index.ts";
import { BROKER_PATH, type Plane } from "../../plane/index.ts";
import { make } from "../faults.ts";

const FILE_BYTES_MAX = 1 << 20;

export interface Declared {
  readonly config: BrokerConfig;
  /** `sha256:` of the file; null where there is none. */
  readonly digest: string | null;
}

/** @throws BROKER_CONFIG_INVALID with line and column */
export async function readBrokerConfig({ fs }: Pick<Effects, "fs">, plane: Plane): Promise<Declared> {
  const path = `${plane.root}/${BROKER_PATH}`;
  const found = fs.stat(path);
  if (found === undefined) return { config: BrokerConfig.parse({}), digest: null };
  if (found.kind !== "file" || found.size_bytes > FILE_BYTES_MAX)
    throw invalid("the file", "is not a small regular text file");
  let text: string;
  try {
    text = fs.readText(path);
  } catch {
    throw invalid("the encoding", "cannot be read as UTF-8");
  }
  return { config: await parseBrokerConfig(text), digest: prefixed(sha256Hex(text)) };
}

async function parseBrokerConfig(text: string): Promise<BrokerConfig> {
  const parsed = BrokerConfig.safeParse(rawConfig(text));
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  const [place] = await locate(text, "toml", [{ pointer: field, of: "value" }]);
  throw invalid(field, message, place);
}

function rawConfig(text: string): unknown {
  try {
    return parseToml(text, BROKER_PATH);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { line = 1, column = 1 } = error.details as { line?: number; column?: number };
    throw invalid("the syntax", error.message.replace(/^.* is not valid TOML: /, ""), { line, column });
  }
}

function invalid(
  field: string,
  problem: string,
  place?: { readonly line: number; readonly column: number },
): Fault {
  const at = place === undefined ? "" : ` line ${place.line}, column ${place.column}:`;
  return make("BROKER_CONFIG_INVALID", `${BROKER_PATH}${at} ${field} ${problem}`, {
    path: BROKER_PATH,
    field,
    ...(place === undefined ? {} : { line: place.line, column: place.column }),
  });
}
