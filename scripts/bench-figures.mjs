/** Figures of a bench: the median of several runs, and a comparison as text. */
import { spawnSync } from "node:child_process";

export function median(count, work) {
  const runs = Array.from({ length: count }, (_, index) => work(index)).sort((a, b) => a.wall_s - b.wall_s);
  return runs[runs.length >> 1];
}

/** One measurement beside its peers; a peer that is undefined is not on this machine. */
export function comparison(what, ours, peers) {
  const lines = Object.entries(peers).map(([name, theirs]) =>
    theirs === undefined
      ? `  ${name.padEnd(34)} not on this machine`
      : `  ${name.padEnd(34)} ${format(theirs)}   holdfast takes ${ratio(ours, theirs).toFixed(2)}x`,
  );
  return ["", what, `  ${"holdfast".padEnd(34)} ${format(ours)}`, ...lines].join("\n");
}

/** Of time, or of memory where no time was measured. */
const ratio = (ours, theirs) =>
  theirs.wall_s > 0 ? ours.wall_s / theirs.wall_s : ours.peak_mib / theirs.peak_mib;

const format = ({ wall_s, cpu_s, peak_mib, note }) =>
  `${wall_s < 1 ? `${(wall_s * 1000).toFixed(0).padStart(6)} ms` : `${wall_s.toFixed(2).padStart(7)} s`}${peak_mib === undefined ? "" : ` ${peak_mib.toFixed(0).padStart(5)} MiB`}${cpu_s === undefined ? "" : ` ${cpu_s.toFixed(2).padStart(7)} s of CPU`}${note === undefined ? "" : `  ${note}`}`;

/** Runs a command to its end; gives wall seconds, seconds of all cores, peak resident MiB and stdout. */
export function measure({ python, env }, file, args, options) {
  const probe = `import resource,subprocess,sys,time
t=time.monotonic(); p=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE); w=time.monotonic()-t
u=resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.write("%f %f %f"%(w,u.ru_maxrss/1024,u.ru_utime+u.ru_stime)); sys.stdout.buffer.write(p.stdout); sys.exit(p.returncode)`;
  const done = spawnSync(python, ["-I", "-S", "-c", probe, file, ...args], {
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  const figures = done.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  if (done.status !== (options.expects ?? 0))
    throw new Error(`${file} ${args.join(" ")} exited ${done.status}\n${done.stdout}${done.stderr}`);
  return { wall_s: figures[0], peak_mib: figures[1], cpu_s: figures[2], stdout: done.stdout };
}
