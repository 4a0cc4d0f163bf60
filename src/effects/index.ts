export type {
  Cell,
  Clock,
  Database,
  Databases,
  DirectoryEntry,
  Effects,
  FileDigest,
  FileKind,
  FileStat,
  FileSystem,
  FileTable,
  HeldLock,
  Host,
  Locks,
  Network,
  NetworkReply,
  Random,
  ReadHandle,
  RunResult,
  StampTable,
  Subprocess,
  Terminal,
  Workers,
  WriteHandle,
} from "./ports.ts";
export { FILE_STATE, STAMP_WIDTH } from "./ports.ts";
export type { Channel, Programs, Sockets, StartedProgram } from "./program-ports.ts";
export { KnownStat, SeenFiles, type Stamp, seenStamp } from "./seen-files.ts";
export { isSettled, stampOf } from "./stamp.ts";
