/** What a wall is built with on this machine. Made by the witness, which saw it hold. */
export interface BubblewrapWall {
  readonly layer: "bubblewrap";
  readonly bwrap: string;
  readonly perl: string;
  /** Bubblewrap before 0.8 cannot forbid further user namespaces; the filter of system calls does. */
  readonly may_disable_userns: boolean;
}
export type Wall = BubblewrapWall;
