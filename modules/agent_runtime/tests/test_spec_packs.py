"""Each package beside this one that has a spec pack: the pack lists exactly its files and names tests that exist."""

import re
import unittest
from pathlib import Path
from typing import Iterator, Tuple

from modules.agent_runtime.tests.planes import REPOSITORY


def packages() -> Iterator[Tuple[Path, Path]]:
    """(module directory, spec directory) of every package with a spec pack here."""
    for metadata in sorted((REPOSITORY / "modules").glob("*/pyproject.toml")):
        found = re.search(r'^spec_id = "([^"]+)"', metadata.read_text(encoding="utf-8"), re.MULTILINE)
        spec = REPOSITORY / "specs" / found.group(1) if found else None
        if spec is not None and (spec / "manifest.yaml").is_file():
            yield metadata.parent, spec


class SpecPacks(unittest.TestCase):
    def test_assets_are_the_files_of_the_module(self) -> None:
        for module, spec in packages():
            with self.subTest(spec=spec.name):
                text = (spec / "manifest.yaml").read_text(encoding="utf-8")
                block = re.search(r"^assets:\n((?:  - .*\n)+)", text, re.MULTILINE)
                assert block is not None
                listed = [line[4:] for line in block.group(1).splitlines()]
                files = [path for path in module.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
                self.assertEqual(listed, sorted(path.relative_to(REPOSITORY).as_posix() for path in files))

    def test_acceptance_names_tests_that_exist(self) -> None:
        for module, spec in packages():
            requirements = (spec / "03_requirements.md").read_text(encoding="utf-8")
            tests = sorted((module / "tests").glob("*.py"))
            known = "\n".join([path.stem for path in tests] + [path.read_text(encoding="utf-8") for path in tests])
            named = re.findall(r"\btest_\w+", " ".join(re.findall(r"\*\*Acceptance:\*\* (.*)", requirements)))
            self.assertTrue(named, spec.name)
            for name in named:
                with self.subTest(spec=spec.name, name=name):
                    self.assertRegex(known, rf"\b{name}\b")

    def test_the_pack_is_complete(self) -> None:
        parts = "overview problem solution requirements design testing rollout registry commit".split()
        expected = [f"{number:02}_{part}.md" for number, part in enumerate(parts)] + ["manifest.yaml"]
        for _, spec in packages():
            self.assertEqual(sorted(path.name for path in spec.iterdir()), expected)


if __name__ == "__main__":
    unittest.main()
