/** Cases of what a package needs of its plane. */
import { type Case, follow, have, library, withToml } from "./case.ts";
import { broken, exchanged, GOOD } from "./good.ts";

export const PLANE_CASES: readonly Case[] = [
  {
    code: "COMPAT_UNMET",
    files: broken('host = "^1.0.0"', 'host = ⟦"^99.0.0"'),
    field: "/compat/host",
    step: 'for example "^99.0.0 || 1.0.0"',
    mended: broken('host = "^1.0.0"', 'host = "^99.0.0 || 1.0.0"'),
    refused: "install",
  },
  {
    code: "DEPENDENCY_MISSING",
    files: withToml(`${GOOD}\n[[⟦dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^1.0.0"\n`),
    field: "/dependencies/0",
    plane: ({ put }) =>
      put({ "src/base/holdfast.toml": library("PKG-T0-BASE-001"), "src/base/x.py": "base = 1\n" }),
    step: "pkg install --id PKG-T0-BASE-001",
    run: async (step, at) => {
      await at.pkg("pack", "--src", "src/base");
      await follow(step, at);
    },
    refused: "install",
  },
  {
    code: "DEPENDENCY_CONFLICT",
    files: withToml(`${GOOD}\n[[⟦dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^9.0.0"\n`),
    field: "/dependencies/0",
    plane: (at) => have(at, "base", library("PKG-T0-BASE-001"), true),
    step: "or relax one of the ranges",
    mended: withToml(`${GOOD}\n[[dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^1.0.0"\n`),
    refused: "install",
  },
  {
    code: "CONFLICT_INSTALLED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nconflicts = [⟦"PKG-T1-OLD-001"]')),
    field: "/conflicts/0",
    plane: (at) => have(at, "old", library("PKG-T1-OLD-001"), true),
    step: "pkg uninstall --id PKG-T1-OLD-001",
    run: follow,
    refused: "install",
  },
  {
    code: "SPEC_NOT_REGISTERED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nspec_id = ⟦"SPEC-NOTES-001"')),
    field: "/spec_id",
    plane: async (at) => {
      await at.pkg("register", "FMWK-1", "--title", "One");
      at.put({
        "specs/SPEC-NOTES-001/manifest.yaml": "spec_id: SPEC-NOTES-001\ntitle: Notes\nframework_id: FMWK-1\n",
      });
    },
    step: "pkg register SPEC-NOTES-001",
    run: follow,
    refused: "install",
  },
  {
    code: "FRAMEWORK_NOT_REGISTERED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nframework_id = ⟦"FMWK-1"')),
    field: "/framework_id",
    plane: () => undefined,
    step: "pkg register FMWK-1 --title TITLE",
    run: follow,
    refused: "install",
  },
  {
    code: "FRAMEWORK_MISMATCH",
    files: withToml(
      exchanged(
        GOOD,
        'license = "MIT"',
        'license = "MIT"\nspec_id = "SPEC-NOTES-001"\nframework_id = ⟦"FMWK-2"',
      ),
    ),
    field: "/framework_id",
    plane: async (at) => {
      for (const id of ["FMWK-1", "FMWK-2"]) await at.pkg("register", id, "--title", id);
      at.put({
        "specs/SPEC-NOTES-001/manifest.yaml": "spec_id: SPEC-NOTES-001\ntitle: Notes\nframework_id: FMWK-1\n",
      });
      await at.pkg("register", "SPEC-NOTES-001");
    },
    step: "Declare framework_id FMWK-1",
    mended: withToml(
      exchanged(
        GOOD,
        'license = "MIT"',
        'license = "MIT"\nspec_id = "SPEC-NOTES-001"\nframework_id = "FMWK-1"',
      ),
    ),
    refused: "install",
  },
];
