/** Answers as Mermaid flowcharts: dependencies and ownership. Every name is a quoted label, hostile characters are codes. */
import type { TracedEdge, TraceReport } from "../contracts/index.ts";
import { make } from "./faults.ts";
import { printable } from "./printable.ts";

/** Mermaid itself refuses charts with more. */
const EDGES_MAX = 500;
const LABEL_CHARACTERS_MAX = 200;

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /** Does not hold: out of range, not installed. */
  readonly broken?: boolean;
}

/** @throws TRACE_NO_DIAGRAM for an answer in which nothing leads anywhere */
export function mermaidOf(report: TraceReport): string {
  const drawn = edgesOf(report);
  if (drawn === undefined)
    throw make("TRACE_NO_DIAGRAM", `an answer of type ${report.type} has no diagram`, { type: report.type });
  return flowchart(drawn.edges, drawn.subject);
}

/** Nodes are numbered in the order they appear, so the same edges give the same bytes. */
export function flowchart(edges: readonly Edge[], subject: string): string {
  const numbers = new Map([[subject, 0]]);
  const shown = edges.slice(0, EDGES_MAX);
  for (const { from, to } of shown)
    for (const name of [from, to]) if (!numbers.has(name)) numbers.set(name, numbers.size);
  const node = (name: string): string => `n${numbers.get(name) ?? 0}`;
  const left_out = edges.length - shown.length;
  return [
    "flowchart LR",
    ...(left_out > 0 ? [`  %% ${left_out} more edges are left out`] : []),
    ...[...numbers.keys()].map((name) => `  ${node(name)}["${label(name)}"]`),
    ...shown.map(({ from, to, label: text = "", broken = false }) => {
      const arrow = broken ? "-.->" : "-->";
      return `  ${node(from)} ${arrow}${text === "" ? "" : `|"${label(text)}"|`} ${node(to)}`;
    }),
    "  classDef subject stroke-width:3px",
    "  class n0 subject",
    "",
  ].join("\n");
}

/** Letters, digits and a few marks stand for themselves; everything else is Mermaid's own character code. */
function label(text: string): string {
  const cut = text.length > LABEL_CHARACTERS_MAX ? `${text.slice(0, LABEL_CHARACTERS_MAX)}…` : text;
  return printable(cut.toWellFormed()).replace(
    /[^\p{L}\p{N} ._/@:,+-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}

interface Drawn {
  readonly subject: string;
  readonly edges: readonly Edge[];
}

type Data<T extends TraceReport["type"]> = Extract<TraceReport, { type: T }>["data"];
type Drawing = { readonly [T in TraceReport["type"]]?: (data: Data<T>) => Drawn };

const DRAWINGS: Drawing = {
  package: packageEdges,
  package_version: versionEdges,
  package_at: ({ package_id, dependents, dependencies }) => ({
    subject: package_id,
    edges: [...dependents, ...dependencies].map(tracedEdge),
  }),
  why: ({ from, edges }) => ({ subject: from, edges: edges.map(tracedEdge) }),
  impact: ({ subject, packages }) => ({
    subject,
    edges: packages.map(({ id, through, range }) => ({ from: id, to: through, label: range ?? "" })),
  }),
  who: whoEdges,
  file: fileEdges,
  spec: specEdges,
  framework: frameworkEdges,
  transaction: transactionEdges,
};

const edgesOf = (report: TraceReport): Drawn | undefined =>
  (DRAWINGS[report.type] as ((data: TraceReport["data"]) => Drawn) | undefined)?.(report.data);

function versionEdges({ package_id, version, manifest }: Data<"package_version">): Drawn {
  const subject = `${package_id}@${version}`;
  const needs = manifest?.dependencies ?? [];
  return { subject, edges: needs.map(({ id, range }) => ({ from: subject, to: id, label: range })) };
}

function specEdges({ spec_id, framework, packages }: Data<"spec">): Drawn {
  const implement = packages.map((from) => ({ from, to: spec_id, label: "implements" }));
  const { framework_id } = framework;
  const comply = framework_id === "" ? [] : [{ from: spec_id, to: framework_id, label: "complies with" }];
  return { subject: spec_id, edges: [...implement, ...comply] };
}

function frameworkEdges({ framework_id, specs, packages }: Data<"framework">): Drawn {
  const users = [...specs.map(({ spec_id }) => spec_id), ...packages];
  return {
    subject: framework_id,
    edges: users.map((from) => ({ from, to: framework_id, label: "complies with" })),
  };
}

function transactionEdges({ transaction_id, steps, user }: Data<"transaction">): Drawn {
  const made = user === null ? [] : [{ from: `user ${user}`, to: transaction_id, label: "made" }];
  const did = steps.map(({ package_id, from, to }) => ({
    from: transaction_id,
    to: package_id,
    label: `${from ?? "absent"} to ${to ?? "absent"}`,
  }));
  return { subject: transaction_id, edges: [...made, ...did] };
}

const tracedEdge = ({ from, to, range, satisfied }: TracedEdge): Edge => ({
  from,
  to,
  label: range,
  broken: !satisfied,
});

function packageEdges({ package_id, dependencies, dependents, spec, framework }: Data<"package">): Drawn {
  return {
    subject: package_id,
    edges: [
      ...dependents
        .filter(({ direct }) => direct)
        .map(({ id, range, installed }) => ({
          from: id,
          to: package_id,
          label: range ?? "*",
          broken: !installed,
        })),
      ...dependencies.map(({ id, range, satisfied }) => ({
        from: package_id,
        to: id,
        label: range,
        broken: !satisfied,
      })),
      ...(spec === null ? [] : [{ from: package_id, to: spec.id, label: "implements" }]),
      ...(framework === null
        ? []
        : [{ from: spec?.id ?? package_id, to: framework.id, label: "complies with" }]),
    ],
  };
}

function whoEdges({ path, owners }: Data<"who">): Drawn {
  const edges = owners.flatMap((owner): Edge[] => {
    const name = `${owner.package} ${owner.version}`.trim();
    const own: Edge = { from: name, to: path, label: "owns" };
    const { admission } = owner;
    if (admission === null) return [own];
    const let_in: Edge = { from: admission.transaction_id, to: name, label: admission.at };
    return [
      { from: `user ${admission.user ?? "not recorded"}`, to: admission.transaction_id, label: "made" },
      let_in,
      own,
    ];
  });
  return { subject: path, edges };
}

function fileEdges({ path, ownership, why, installed }: Data<"file">): Drawn {
  if (ownership === null) return { subject: path, edges: [] };
  const chains = (why?.chains ?? []).flatMap((chain) =>
    chain.slice(1).map((to, index): Edge => ({ from: chain[index] ?? "", to, label: "needs" })),
  );
  const distinct = new Map(chains.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  const spec = ownership.spec_id;
  return {
    subject: path,
    edges: [
      ...distinct.values(),
      { from: ownership.package, to: path, label: "owns" },
      ...(spec === null ? [] : [{ from: ownership.package, to: spec, label: "implements" }]),
      ...(installed === null
        ? []
        : [
            {
              from: `user ${installed.installed_by}`,
              to: ownership.package,
              label: installed.transaction_id,
            },
          ]),
    ],
  };
}
