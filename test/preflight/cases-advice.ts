/** Cases of advice. */
import { type Case, withToml } from "./case.ts";
import { broken, exchanged, GOOD } from "./good.ts";

export const ADVICE_CASES: readonly Case[] = [
  {
    code: "ADVICE_LICENSE_MISSING",
    files: withToml(`⟦${exchanged(GOOD, 'license = "MIT"\n', "")}`),
    field: "/",
    step: 'license = "MIT"',
    refused: "advice",
  },
  {
    code: "ADVICE_DESCRIPTION_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'description = "Writes daily notes."\n', ""),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add plugin.description",
    refused: "advice",
  },
  {
    code: "ADVICE_HOST_RANGE_MISSING",
    files: withToml(`⟦${exchanged(GOOD, '[compat]\nhost = "^1.0.0"\n\n', "")}`),
    field: "/",
    step: "Add compat.host",
    refused: "advice",
  },
  {
    code: "ADVICE_HEALTH_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          exchanged(
            GOOD,
            '[[plugin.health.checks]]\nid = "there"\nkind = "file"\npath = "modules/notes/main.py"\n',
            "",
          ),
          '"health", ',
          "",
        ),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add plugin.health",
    refused: "advice",
  },
  {
    code: "ADVICE_PROBE_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          exchanged(
            GOOD,
            '[[plugin.probes]]\nid = "smoke"\naction = "echo"\ninput = { text = "a" }\nexpect = {}\n',
            "",
          ),
          ', "probes"',
          "",
        ),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add an entry to plugin.probes",
    refused: "advice",
  },
  {
    code: "ADVICE_EXAMPLES_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, '[[plugin.actions.examples]]\ninput = { text = "a" }\n', ""),
        "[[plugin.actions]]",
        "[[plugin.⟦actions]]",
      ),
    },
    field: "/plugin/actions/0",
    step: "Add an example with input and output to action echo",
    refused: "advice",
  },
  {
    code: "ADVICE_GLOB_WIDE",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          GOOD,
          'kind = "node"',
          'kind = "node"\nelevated = [{ permission = "files.read:**/*.md", reason = "reads every document" }]',
        ),
        'read = ["data',
        'read = [⟦"**/*.md", "data',
      ),
    },
    field: "/plugin/permissions/files/read/0",
    step: "Name the folder it needs",
    refused: "advice",
  },
  {
    code: "ADVICE_RANGE_OPEN",
    files: broken('host = "^1.0.0"', 'host = ⟦">=1.0.0"'),
    field: "/compat/host",
    step: 'for example "^1.0.0"',
    refused: "advice",
  },
  {
    code: "ADVICE_LIST_UNTIDY",
    files: broken('capability = ["actions", "config",', 'capability = ⟦["config", "actions",'),
    field: "/plugin/capability",
    step: "--fix",
    refused: "advice",
    run: async (_step, { pkg }, folder) => void (await pkg("preflight", folder, "--fix")),
  },
];
