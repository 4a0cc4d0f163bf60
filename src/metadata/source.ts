/**
 * Source metadata: one reader for every form an author may write (design, "Source metadata"), and every problem of it in
 * one reading: `pyproject.toml` [tool.holdfast], `package.json` key `holdfast`, `holdfast.toml`, `manifest.json`.
 */
import type { SourceMetadata } from "../contracts/index.ts";
import { SourceMetadata as SourceMetadataShape } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { type Fault, refuseAll } from "../kernel/index.ts";
import { type Document, readDocument } from "./document.ts";
import { type Extract, inFile } from "./extract.ts";
import { FORMS, type Form } from "./forms.ts";
import { issuesOf, nameKnownKeys } from "./issues.ts";
import { type LookAt, lookBelow } from "./plugin/entrypoint.ts";
import { checkPlugin } from "./plugin/rules.ts";
import { type Problem, placed, type Subject } from "./problems.ts";
import { repeatedKeys } from "./repeated-keys.ts";
import { shapeProblems } from "./shape-problems.ts";
import { type FieldPlace, placesIn } from "./source-places.ts";

export interface SourceReading {
  readonly metadata: SourceMetadata;
  /** File names that contributed, in reading order. */
  readonly forms: readonly string[];
  /** Legacy manifests read; each is counted as `legacy_metadata_read`. */
  readonly legacy_reads: number;
}

export interface SourceInspection extends Omit<SourceReading, "metadata"> {
  /** Absent when there is a problem. */
  readonly metadata?: SourceMetadata;
  /** By file, then line and column. `details`: path (within the source), field (pointer in that file), line, column. */
  readonly problems: readonly Fault[];
  /** Where fields of the metadata stand, by their pointers in it. */
  readonly locate: (pointers: readonly string[]) => Promise<readonly FieldPlace[]>;
}

interface FormReading {
  readonly subject: Subject;
  readonly extract: Extract;
  readonly metadata?: SourceMetadata;
}

/** @throws the first problem, with all of them under `details.findings` */
export async function readSource(
  fs: FileSystem,
  source_directory: string,
  judged = source_directory,
): Promise<SourceReading> {
  const {
    metadata = {},
    problems,
    locate: _,
    ...reading
  } = await inspectSource(fs, source_directory, judged);
  refuseAll(problems);
  return { ...reading, metadata };
}

/** `judged`: how the user named the folder; next steps name it so. */
export async function inspectSource(
  fs: FileSystem,
  source_directory: string,
  judged = source_directory,
): Promise<SourceInspection> {
  const forms: FormReading[] = [];
  const problems: Fault[] = [];
  const lookAt = lookBelow(fs, source_directory);
  for (const [path, form] of Object.entries(FORMS)) {
    if (fs.stat(`${source_directory}/${path}`)?.kind !== "file") continue;
    const document = readDocument(fs, `${source_directory}/${path}`, path, form.syntax);
    const subject: Subject = { path, judged, text: document.text, syntax: form.syntax };
    const read = await readForm(subject, form, document, lookAt);
    if (read === undefined) continue;
    problems.push(...(await placed(subject, read.problems)));
    if (read.reading !== undefined) forms.push(read.reading);
  }
  const merged = await merge(forms);
  problems.push(...merged.problems);
  return {
    ...(problems.length === 0 ? { metadata: merged.metadata } : {}),
    forms: forms.map(({ subject }) => subject.path),
    legacy_reads: forms.filter(({ extract }) => extract.legacy).length,
    problems,
    locate: (pointers) => placesIn(forms, pointers),
  };
}

/** Undefined when the file says nothing about this product. */
async function readForm(
  subject: Subject,
  form: Form,
  { value, problems, repeats_keys }: Document,
  lookAt: LookAt,
): Promise<{ reading?: FormReading; problems: readonly Problem[] } | undefined> {
  if (value === undefined) return { problems };
  const extract = form.extract(value, lookAt);
  if (extract === undefined) return undefined;
  const found = [...problems, ...(repeats_keys ? await repeatedKeys(subject.text) : [])];
  found.push(...(extract.problems ?? []));
  const parsed = SourceMetadataShape.safeParse(extract.raw, nameKnownKeys);
  if (!parsed.success)
    found.push(
      ...shapeProblems(issuesOf(parsed.error, extract.raw), extract.raw, (pointer) =>
        inFile(extract, pointer),
      ),
    );
  for (const problem of await checkPlugin(extract.raw, lookAt))
    found.push({ ...problem, pointer: inFile(extract, problem.pointer) });
  return {
    reading: { subject, extract, ...(parsed.success ? { metadata: parsed.data } : {}) },
    problems: once(found),
  };
}

/** An older generation has words of its own for some rules that hold for all; the first to speak is kept. */
const once = (problems: readonly Problem[]): Problem[] =>
  problems.filter(
    ({ code, pointer }, index) =>
      problems.findIndex((other) => other.code === code && other.pointer === pointer) === index,
  );

async function merge(
  forms: readonly FormReading[],
): Promise<{ metadata: SourceMetadata; problems: readonly Fault[] }> {
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  const problems: Fault[] = [];
  for (const { subject, extract, metadata } of forms) {
    for (const [field, value] of Object.entries(metadata ?? {})) {
      if (value === undefined) continue;
      const before = origin.get(field);
      if (before !== undefined && extract.yields?.includes(field) === true) continue;
      if (before !== undefined && JSON.stringify(merged[field]) !== JSON.stringify(value)) {
        const pointer = inFile(extract, `/${field}`);
        const message = `says something else than ${before}`;
        const details = { forms: [before, subject.path] };
        problems.push(...(await placed(subject, [{ code: "METADATA_CONFLICT", message, pointer, details }])));
        continue;
      }
      merged[field] = value;
      origin.set(field, subject.path);
    }
  }
  return { metadata: merged, problems };
}
