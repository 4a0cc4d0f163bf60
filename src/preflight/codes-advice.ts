/** Codes of advice: nobody is refused for them. */
import type { PreflightCode } from "./code.ts";

export const ADVICE_CODES = {
  ADVICE_LICENSE_MISSING: {
    check: "advice",
    title: "No licence",
    help: "Without one nobody else may use it.",
    broken: "(no license)",
    fix: 'license = "MIT"',
  },
  ADVICE_DESCRIPTION_MISSING: {
    check: "advice",
    title: "No description",
    help: "Whoever is asked to enable a plugin wants to know what it does.",
    broken: '[plugin]\nnamespace = "notes"',
    fix: '[plugin]\nnamespace = "notes"\ndescription = "Writes daily notes."',
  },
  ADVICE_HOST_RANGE_MISSING: {
    check: "advice",
    title: "No host range",
    help: "A plugin that says nothing of its host enters any host, also one it was never tried on.",
    broken: "(no compat.host)",
    fix: '[compat]\nhost = "^1.0.0"',
  },
  ADVICE_HEALTH_MISSING: {
    check: "advice",
    title: "No health check",
    help: "A health check runs at install, and one that fails undoes the install; without one a broken plugin is noticed in use.",
    broken: "(no plugin.health)",
    fix: '[plugin]\ncapability = ["health"]\n[[plugin.health.checks]]\n…',
  },
  ADVICE_PROBE_MISSING: {
    check: "advice",
    title: "No probe",
    help: "A probe is a deterministic proof that an action works, run on every version that is supported.",
    broken: "(actions, and no plugin.probes)",
    fix: '[[plugin.probes]]\nid = "smoke"\naction = "echo"\ninput = { text = "a" }\nexpect = { text = "a" }',
  },
  ADVICE_EXAMPLES_MISSING: {
    check: "advice",
    title: "An action without an example",
    help: "Examples are held against the schemas of the action and shown to whoever calls it.",
    broken: '[[plugin.actions]]\nid = "echo"',
    fix: '[[plugin.actions.examples]]\ninput = { text = "a" }\noutput = { text = "a" }',
  },
  ADVICE_GLOB_WIDE: {
    check: "advice",
    title: "A permission for any folder",
    help: "A glob that begins with a wildcard takes in what others put there tomorrow.",
    broken: '[plugin.permissions.files]\nread = ["**"]',
    fix: '[plugin.permissions.files]\nread = ["modules/notes/**"]',
  },
  ADVICE_RANGE_OPEN: {
    check: "advice",
    title: "A range without an end",
    help: "It accepts every later version, also the one that breaks it.",
    broken: '[compat]\nhost = ">=1.0.0"',
    fix: '[compat]\nhost = "^1.0.0"',
  },
  ADVICE_LIST_UNTIDY: {
    check: "advice",
    title: "A list with repeats or without order",
    help: "The order of these lists means nothing; sorted and without repeats, every change of them is one line.",
    broken: 'capability = ["probes", "actions", "actions"]',
    fix: 'capability = ["actions", "probes"]',
  },
} as const satisfies Readonly<Record<string, PreflightCode>>;
