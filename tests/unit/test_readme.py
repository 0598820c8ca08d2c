"""The README's example runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_example_in_the_readme_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})


def test_every_command_in_the_readme_exists() -> None:
    root = README.parent
    for name in set(re.findall(r"`?(scripts/[a-z]+|\.ci/run)\b", README.read_text())):
        assert (root / name).exists(), name
