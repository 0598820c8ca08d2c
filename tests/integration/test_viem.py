"""viem, the library of browser wallets, hashes, signs and recovers what we do (tests/vectors/typed_data.json)."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.vectors import make_typed_data

SCRIPT = make_typed_data.FILE.with_name("viem_answers.cjs")
VECTORS: dict[str, Any] = json.loads(make_typed_data.FILE.read_text())


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """viem's answers, in the order of the vectors."""
    done = subprocess.run(["node", str(SCRIPT)], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_good_vectors(answers: dict[str, Any]) -> None:
    ours = [
        {"digest": v["digest"], "recovered": v["signer"], "r": v["r"], "vs": v["vs"]} for v in VECTORS["good"]
    ]
    assert answers["good"] == ours


def test_wrong_vectors(answers: dict[str, Any]) -> None:
    ours = [(v["why"], v["digest"], v["recovered"]) for v in VECTORS["wrong"]]
    whys = [v["why"] for v in VECTORS["wrong"]]
    assert [(why, a["digest"], a["recovered"]) for why, a in zip(whys, answers["wrong"], strict=True)] == ours
