/** Figures of a bench: the median of several runs, and a comparison as text. */

export function median(count, work) {
  const runs = Array.from({ length: count }, (_, index) => work(index)).sort((a, b) => a.wall_s - b.wall_s);
  return runs[runs.length >> 1];
}

/** One measurement beside its peers; a peer that is undefined is not on this machine. */
export function comparison(what, ours, peers) {
  const lines = Object.entries(peers).map(([name, theirs]) =>
    theirs === undefined
      ? `  ${name.padEnd(34)} not on this machine`
      : `  ${name.padEnd(34)} ${format(theirs)}   holdfast takes ${(ours.wall_s / theirs.wall_s).toFixed(2)}x`,
  );
  return ["", what, `  ${"holdfast".padEnd(34)} ${format(ours)}`, ...lines].join("\n");
}

const format = ({ wall_s, peak_mib, note }) =>
  `${wall_s < 1 ? `${(wall_s * 1000).toFixed(0).padStart(6)} ms` : `${wall_s.toFixed(2).padStart(7)} s`}${peak_mib === undefined ? "" : ` ${peak_mib.toFixed(0).padStart(5)} MiB`}${note === undefined ? "" : `  ${note}`}`;
