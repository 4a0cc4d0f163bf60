/** What a wall is built with on this machine: programs, absolute. */

interface Common {
  /** Builds what is before the wall and what is behind it. */
  readonly perl: string;
}

export interface BubblewrapWall extends Common {
  readonly layer: "bubblewrap";
  readonly bwrap: string;
  /** Bubblewrap before 0.8 cannot forbid further user namespaces; the filter of system calls does. */
  readonly may_disable_userns: boolean;
}

/** The same namespaces made by a launcher of ours: used only where somebody accepted to do without bubblewrap. */
export interface NamespacesWall extends Common {
  readonly layer: "namespaces";
  readonly python: string;
}

export type Wall = BubblewrapWall | NamespacesWall;
