/**
 * What a code means, where neither its room's rules nor the sentence it is raised with say enough on their own.
 * Codes of preflight stand in src/preflight/codes.ts, with an example each; a test knows every other code.
 */
export const MEANINGS = {
  ADOPT_NOT_ACCEPTED:
    "Taking over this folder would bring in something that runs by itself or cannot be checked, and nobody said yes to it.",
  ALREADY_INSTALLED: "The package is installed; an install replaces nothing, an update does.",
  ARCHIVE_AMBIGUOUS:
    "Two readers of tar see different members in the same bytes, so what was checked is not what would be used.",
  ARCHIVE_DEVICE: "A member is a device; packages hold regular files and folders alone.",
  ARCHIVE_FIFO: "A member is a named pipe; packages hold regular files and folders alone.",
  ARCHIVE_HARDLINK: "A member is a hard link, through which a write could reach a file outside.",
  ARCHIVE_PATH_ABSOLUTE: "A member's name is an absolute path; only places within the plane may be named.",
  ARCHIVE_PATH_BACKSLASH:
    "A member's name holds a backslash, which separates folders on some systems and not on others.",
  ARCHIVE_PATH_COLLISION: "Two members have names that are one file on a file system that ignores case.",
  ARCHIVE_PATH_CONTROL:
    "A member's name holds a control or direction character, which shows it as another name.",
  ARCHIVE_PATH_DEEP: "A member lies deeper than the reader goes.",
  ARCHIVE_PATH_DOT: 'A member\'s name has a "." segment, so one file has several names.',
  ARCHIVE_PATH_DRIVE: "A member's name begins with a drive letter, which leads outside on Windows.",
  ARCHIVE_PATH_EMPTY: "A member has no name.",
  ARCHIVE_PATH_EMPTY_SEGMENT: "A member's name has two slashes in a row, so one file has several names.",
  ARCHIVE_PATH_LONG: "A member's name is longer than file systems take.",
  ARCHIVE_PATH_NOT_NFC: "A member's name is not in Unicode normal form C, so one name has several spellings.",
  ARCHIVE_PATH_PARENT: 'A member\'s name has a ".." segment and would be written outside its place.',
  ARCHIVE_PATH_RESERVED: "A member has a name that Windows keeps for a device.",
  ARCHIVE_PATH_SEGMENT_LONG: "One part of a member's name is longer than file systems take.",
  ARCHIVE_PATH_TRAILING: "Part of a member's name ends in a dot or space, which some systems drop.",
  ARCHIVE_RATIO: "The archive unpacks to far more bytes than it has: a bomb until shown otherwise.",
  ARCHIVE_SPARSE: "A member is a sparse file, whose size and bytes need not agree.",
  ARCHIVE_SYMLINK: "A member is a symbolic link, through which a write could reach a file outside.",
  BROKER_CONFIG_INVALID:
    "What says who answers the tools of agents cannot be read, so no agent runs: half a file could leave out a price.",
  CAPABILITY_VIOLATION:
    "In a turn an agent tried what it was not granted. It was refused, and the turn does not count, even where the agent hid it.",
  CELL_NOT_RUN: "A cell of the matrix was not run, and nobody answers for that; nothing is known of it.",
  COMMAND_UNKNOWN: "No command has this name.",
  DEPENDENCY_RANGE: "What is installed is outside the range that the package was made for.",
  DEPENDENT_RANGE: "The change would leave an installed package without what it needs.",
  DISK_FULL: "The file system has no space left; what was begun is undone.",
  FAILPOINT_INVALID: "A failure point was named in a form that cannot be read; nothing was touched.",
  FAILED_INSIDE_RANGE: "A plugin fails on a host, an API or a Python that the ranges of its manifest claim.",
  FILE_MISSING: "A file that is needed is not there.",
  HOOK: "The folder names a command that an agent runs by itself at an event.",
  HOOK_AT_START: "The folder names a command that an agent runs by itself when it starts.",
  INDEX_DIVERGED:
    "The index that only speeds up answers differs from the files it was made from; the files count.",
  HARNESS_FAILED:
    "The harness itself failed at something nobody foresaw, so nothing is known of this scenario.",
  GATE_SUBJECT_UNKNOWN:
    "The version that is to be judged is neither in the store nor packed from a source here, so there are no bytes to judge.",
  INPUT_OUTPUT_ERROR: "The disk reported a failure while a file was read or written.",
  INTERRUPTED: "The command was stopped and its change undone.",
  LEDGER_CHECKPOINT_MALFORMED: "What should be a signed checkpoint of a ledger cannot be read as one.",
  LEDGER_CHILD_CUT: "A ledger below names more entries of this one than it has: its end was cut off.",
  LEDGER_CHILD_MISMATCH: "A ledger below names another entry than the one this ledger has at that place.",
  LEDGER_CHILD_MISSING: "A ledger that this one names is not there.",
  LEDGER_PARENT_CUT:
    "The first entry of this ledger names an entry of the one above that is no longer there.",
  LEDGER_PARENT_MISMATCH:
    "The first entry of this ledger names another entry than the one above has at that place.",
  LEDGER_PARENT_MISSING: "The first entry of this ledger names a ledger above that is not there.",
  LEDGER_RECEIPT_CUT:
    "A receipt keeps a signed checkpoint of more entries than the ledger has: its end was cut off.",
  LEDGER_RECEIPT_MISMATCH: "A receipt keeps a signed checkpoint that this ledger does not continue.",
  LEDGER_RECEIPT_MISSING: "A receipt keeps a signed checkpoint of a ledger that is not there.",
  LEGACY_NEEDS_UNMET:
    "An imported package needs something that an install would have asked for; it is in force all the same.",
  PACKAGE_PHANTOM: "The list of installed packages names one that is not there.",
  PATH_NOT_USABLE: "A path that is needed is a link, a folder or something else that cannot be used.",
  PERMISSION_DENIED: "This user may not read or write a file that is needed.",
  PLUGIN_NOT_ENABLED:
    "The plugin may not run now: it is not enabled, or what it was granted no longer holds.",
  PLUGIN_OPEN_UNSUPPORTED:
    "This system cannot open a plugin's file in a way that no exchange of folders can redirect.",
  PROVENANCE_INVALID:
    "The provenance statement beside the archive is not signed by a key that is trusted, or cannot be read.",
  RANGE_TOO_NARROW:
    "A plugin works where its own ranges say it does not: they are narrower than the truth. A warning alone.",
  RAN_OUTSIDE_RANGE:
    "A cell of the matrix lies outside the declared ranges, and nothing refused it there: the claim is not kept to.",
  READ_ONLY_FILE_SYSTEM: "The file system is mounted read-only, so nothing can be changed.",
  REGISTRY_BLANK_LINE: "A registry has a blank line, which readers of CSV take for different things.",
  REGISTRY_EMPTY: "A registry has a header and no rows.",
  REGISTRY_HEADER_INVALID: "The first line of a registry does not name its columns as it must.",
  REGISTRY_INVALID:
    "A registry was edited by hand so that it no longer holds together; nothing is changed until it is mended.",
  REPOSITORY: "The folder holds the history of a repository, which is not taken.",
  SETUID: "A file runs with the rights of its owner, whoever starts it.",
  SIGNATURE_INVALID: "A signature beside the archive does not fit its bytes, or cannot be read.",
  STOPPED: "A signal ended a command that changes nothing before it had its answer.",
  SYMLINK: "A file is a symbolic link; what it leads to can change without the package.",
  TOO_MANY_OPEN_FILES: "The system allows this process no further open file.",
  TRACE_CHECKPOINT_FORKED: "Two signed checkpoints tell different stories of one ledger.",
  TRACE_DEPENDENCY_UNMET:
    "An installed package needs another that is not installed, or not in a version that will do.",
  TRACE_FILE_DRIFT: "A file of the package no longer has the bytes that were installed.",
  TRACE_FILE_MISSING: "A file of the package is not there.",
  TRACE_FILE_NOT_VERIFIABLE: "A file of the package cannot be compared with what was installed.",
  TRACE_OWNER_DIFFERS: "The ownership registry and the receipts name different owners of a path.",
  NOTHING_TO_RUN: "A harness that ran nothing would look like one that found nothing.",
  HOST_INVALID: "The host.toml of a host program does not say what a matrix must know of it.",
  HOST_UNTRUSTED:
    "A host program of a checkout is run only where somebody says so: it has no sandbox and may do what the user may.",
  MATRIX_AXIS: "A matrix was asked for a host program that is not there.",
  MATRIX_INVALID: "A matrix file, or the file of its waivers, does not have the form its schema says.",
  MATRIX_NO_PLUGIN: "Only plugins are run by hosts; other packages have no matrix.",
  SHARD_INVALID: "A shard is a part and the number of all parts: 2/4.",
  MERGE_REFUSED:
    "Shards of different programs, plans or machines, or one shard twice, do not make one whole.",
  GOLDEN_REPORT_INVALID: "Only reports as golden run and golden matrix print them with --json can be read.",
  SCENARIO_INVALID: "A scenario says something that no scenario can say; the line is named.",
  GOLDEN_STEP_UNKNOWN: "A test asks for a step that the report of the run does not have.",
  GOLDEN_UNANSWERED: "golden run, started from code, ended without a report and without a refusal.",
  NOTHING_TO_CHECK: "A check that read no scenario would say nothing; it says so instead of passing.",
  SCENARIO_NEW_NAME: "Scenarios are found by their names, which end in .toml and hold letters or digits.",
  SCENARIO_NEW_PACKAGE: "The canonical scenario follows from a package, and none was named.",
  SCENARIO_NEW_TAKEN: "There is something by that name already, and a new scenario replaces nothing.",
  SCENARIO_PACKAGE: "A package of a scenario cannot be made from what the scenario says of it.",
  SUBJECT_UNKNOWN: "Nothing by this name can be run here: neither a file, a source folder nor a package.",
  TRANSACTION_FAILED: "The change failed on its way and was undone as a whole.",
  UNHEALTHY: "A check that the package itself brings failed after it was put in, so the change was undone.",
  USAGE: "The command was typed in a form it does not take.",
  WORKER_LOST:
    "The process that ran a scenario ended before it answered, so nothing is known of what the scenario would have shown.",
  WORLD_FAILED: "The plane a scenario runs in could not be made, so nothing is known of the packages.",
  invalid_actor_kind:
    "Who asks for a run is a person or an agent; another word says nothing about whom to answer to.",
  plugin_action_not_declared:
    "The plugin's manifest has no action of this name, so nobody was shown it and nobody allowed it.",
  plugin_action_not_found: "The manifest declares the action, and the program says that it does not have it.",
  plugin_action_timeout: "The action ran longer than its limit; its whole tree of processes was killed.",
  plugin_concurrency_limited:
    "As many runs of the plugin are going on, over all processes of this host, as its limit allows; nobody waits.",
  plugin_entrypoint_missing:
    "The program the manifest names is not there as it was installed, so there is nothing that may run.",
  plugin_input_invalid: "The input does not fit the schema of the action; the pointer says where.",
  plugin_input_too_large: "The input has more bytes than the limit of the run; nothing was started.",
  plugin_interpreter_missing: "The plugin's language has no interpreter on this machine.",
  plugin_limit_invalid: "A limit of a run is a whole number of at least 1.",
  plugin_limit_too_high: "Who asks for a run can lower its ceilings and not raise them above the operator's.",
  plugin_not_enabled:
    "Only an enabled plugin runs; this one is registered, installed or disabled, or what it was allowed has lapsed.",
  plugin_not_found: "No plugin of this plane has this namespace.",
  plugin_output_too_large:
    "The action wrote more than its limit; what came was cut there and the tree of processes was killed.",
  plugin_permission_denied:
    "The action needs a permission that was not granted, or that the policy takes away.",
  plugin_run_failed:
    "The action began and did not end well: it died, answered in a form nobody reads, or did not fit its own schema.",
  plugin_run_unknown: "No run with this id is among those kept.",
  plugin_secret_missing: "The configuration names a secret that is not there now.",
  WRITE_SURFACE_MISMATCH:
    "A turn declared an output and did not write it, so what it declared is not what it did, and it does not count.",
};
