/** What the wall says of itself while it is built and when it ends. */
export interface WallStatus {
  /** Number of the first process of the namespace, as we see it. */
  init_pid?: number;
  /** The program is about to run: everything stands. */
  started: boolean;
  failed?: string;
  /** Whether calls that the kernel denies are told of. */
  is_watched?: boolean;
  cpu_ms?: number;
  largest_rss_bytes?: number;
  /** Programs that were still running when the one we started had ended, by name. */
  processes_left?: string[];
  /** Ports somebody still listened at then. */
  ports_left?: number[];
}

const TEXT_MAX = 1 << 16;

export interface StatusEvents {
  readonly onStart: () => void;
  /** A call was denied that no interpreter saw. */
  readonly onDenied: (rule: string, subject: string) => void;
}

/** Bubblewrap writes its JSON over several lines and amid the rest, so the words are looked for in all that came. */
export async function readStatus(
  incoming: AsyncIterable<Uint8Array>,
  status: WallStatus,
  { onStart, onDenied }: StatusEvents,
): Promise<void> {
  let text = "";
  for await (const bytes of incoming) {
    const all = text + Buffer.from(bytes).toString("utf8");
    const other = all.replaceAll(/^\{"denied":(\{.*\})\}\n/gm, (_, denied: string) => {
      const { rule, subject } = JSON.parse(denied) as { rule: string; subject: string };
      onDenied(rule, subject);
      return "";
    });
    text = other.slice(-TEXT_MAX);
    const number = (name: string): number | undefined => {
      const [, digits] = new RegExp(`"${name}": ?(\\d+)`).exec(text) ?? [];
      return digits === undefined ? undefined : Number(digits);
    };
    const init_pid = number("child-pid");
    if (init_pid !== undefined) status.init_pid = init_pid;
    const cpu_ms = number("cpu_ms");
    if (cpu_ms !== undefined) status.cpu_ms = cpu_ms;
    const rss_kib = number("rss_kib");
    if (rss_kib !== undefined) status.largest_rss_bytes = rss_kib * 1024;
    const [, left] = /"left":(\[[^\]]*\])/.exec(text) ?? [];
    if (left !== undefined) status.processes_left = JSON.parse(left) as string[];
    const [, ports] = /"ports":(\[[^\]]*\])/.exec(text) ?? [];
    if (ports !== undefined) status.ports_left = JSON.parse(ports) as number[];
    const [, watched] = /"watched":(true|false)/.exec(text) ?? [];
    if (watched !== undefined) status.is_watched = watched === "true";
    const [, failed] = /"failed":"([^"]*)"/.exec(text) ?? [];
    if (failed !== undefined) status.failed = failed;
    if (!status.started && text.includes('"started":true')) {
      status.started = true;
      onStart();
    }
  }
}
