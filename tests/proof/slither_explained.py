"""Holds Slither's high and medium findings against their explanations in slither.md; called by scripts/prove.

A finding is known by its detector and the place it stands in, not by its line, so an explanation outlives edits. A
finding without an explanation fails, and so does an explanation of nothing.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

EXPLANATIONS = Path(__file__).with_name("slither.md")


def place(element: dict[str, Any]) -> str:
    """`Contract.function`, `Contract.variable` or `Contract` of the thing that a finding is about."""
    while element["type"] not in ("contract", "function", "variable", "event", "struct", "enum"):
        element = element["type_specific_fields"]["parent"]
    parent = element.get("type_specific_fields", {}).get("parent", {})
    return f"{parent['name']}.{element['name']}" if parent.get("type") == "contract" else str(element["name"])


def main(findings_file: str) -> int:
    """0 when findings and explanations are the same set."""
    answer = json.loads(Path(findings_file).read_text())
    if not answer["success"]:
        print(f"slither did not run: {answer['error']}")
        return 1
    findings = [f for f in answer["results"].get("detectors", []) if f["impact"] in ("High", "Medium")]
    found = {(f["check"], place(f["elements"][0])): f["description"] for f in findings}
    explained = set(re.findall(r"^## `(.+)` in `(.+)`$", EXPLANATIONS.read_text(), re.MULTILINE))
    for key in sorted(found.keys() - explained):
        print(f"\nnot explained in {EXPLANATIONS.name}: {key[0]} in {key[1]}\n{found[key]}")
    for check, where in sorted(explained - found.keys()):
        print(f"explained in {EXPLANATIONS.name}, but no finding: {check} in {where}")
    print(f"slither: {len(found)} high or medium findings, {len(found.keys() & explained)} of them explained")
    return 0 if found.keys() == explained else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
