/**
 * in-toto Statement v1 with the SLSA provenance v1 predicate: who packed which source into which archive. Nothing in it
 * depends on the machine or, unless asked, on the clock: the same source packed by the same plane gives the same bytes.
 */
import { compactAsciiJson, type Hex, type Json, sha256Stream, sortedBy } from "../kernel/index.ts";

export const STATEMENT_PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PROVENANCE_TYPE = "https://slsa.dev/provenance/v1";
/** `pkg pack` of a source folder; its parameters are described in docs/operating.md. */
const BUILD_TYPE = "urn:holdfast:pack:v1";

/** Who built: the plane, since its keys and its policy are what one trusts. */
const builderId = (plane_uid: string): string => `urn:holdfast:plane:${plane_uid}`;

export interface PackedFacts {
  readonly plane_uid: string;
  /** Version of this program. */
  readonly program_version: string;
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the .tar.gz, bare. */
  readonly digest: Hex;
  readonly content_digest: Hex;
  readonly manifest_hash: string;
  /** Plane-relative folder, or the folder's name where it lies outside: no absolute path leaves the machine. */
  readonly source: string;
  /** See `treeDigest`. */
  readonly source_digest: Hex;
  /** Where the source came from, as the caller says. */
  readonly repository?: { readonly uri: string; readonly revision?: string; readonly branch?: string };
  /** ISO time, when a clock was asked for. */
  readonly finished_at?: string;
}

/**
 * Digest of a file tree: sha256 over one line a file, `<sha256> <x or -> <path as JSON text>`, sorted by path. Paths and
 * executable bits count, times and owners do not.
 */
export function treeDigest(
  files: readonly { readonly path: string; readonly sha256: Hex; readonly executable: boolean }[],
): Hex {
  const stream = sha256Stream();
  for (const { path, sha256, executable } of sortedBy(files, (file) => file.path))
    stream.update(`${sha256} ${executable ? "x" : "-"} ${compactAsciiJson(path)}\n`);
  return stream.digest("hex");
}

/** The statement's exact bytes. */
export function provenanceStatement(facts: PackedFacts): Uint8Array {
  const { package_id, version, digest, repository, finished_at } = facts;
  const statement: Json = {
    _type: STATEMENT_TYPE,
    subject: [{ name: `${package_id}-${version}.tar.gz`, digest: { sha256: digest } }],
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { package_id, version, source: facts.source },
        internalParameters: { content_digest: facts.content_digest, manifest_hash: facts.manifest_hash },
        resolvedDependencies: [
          {
            name: "source",
            uri: `file:${encodeURI(facts.source)}`,
            digest: { holdfastTree: facts.source_digest },
          },
          ...(repository === undefined ? [] : [repositoryDependency(repository)]),
        ],
      },
      runDetails: {
        builder: { id: builderId(facts.plane_uid), version: { holdfast: facts.program_version } },
        ...(finished_at === undefined ? {} : { metadata: { finishedOn: finished_at } }),
      },
    },
  };
  return Buffer.from(compactAsciiJson(statement));
}

function repositoryDependency({ uri, revision, branch }: NonNullable<PackedFacts["repository"]>): Json {
  return {
    name: "repository",
    uri: `git+${uri}${branch === undefined ? "" : `@refs/heads/${branch}`}`,
    ...(revision === undefined ? {} : { digest: { gitCommit: revision } }),
  };
}

export interface ReadProvenance {
  /** sha256 of each subject, lower case. */
  readonly subjects: readonly Hex[];
  readonly builder_id: string;
}

/** Undefined for anything but a provenance statement with at least one sha256 subject. Unknown members are passed over. */
export function readProvenance(payload: Uint8Array): ReadProvenance | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
  if (memberOf(value, "_type") !== STATEMENT_TYPE || memberOf(value, "predicateType") !== PROVENANCE_TYPE)
    return undefined;
  const builder_id = memberOf(value, "predicate", "runDetails", "builder", "id");
  const listed = memberOf(value, "subject");
  if (typeof builder_id !== "string" || builder_id === "" || !Array.isArray(listed)) return undefined;
  const subjects = listed.flatMap((subject) => {
    const sha256 = memberOf(subject, "digest", "sha256");
    return typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256) ? [sha256.toLowerCase()] : [];
  });
  return subjects.length === 0 || subjects.length !== listed.length ? undefined : { subjects, builder_id };
}

function memberOf(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
