"""How a mirror is kept: every setting that means nothing is refused with what would."""

from __future__ import annotations

import pytest

from indexer.errors import BadSetting
from indexer.settings import Consensus, Finality, FinalityKind, Settings, Verify, VerifyKind


@pytest.mark.parametrize("text", ["instant", "finalized", "depth:1", "depth:12", "depth:1000000"])
def test_a_finality_reads_as_it_is_written(text: str) -> None:
    assert str(Finality.parse(text)) == text


def test_depth_is_a_number_of_blocks() -> None:
    assert Finality.parse("depth:12") == Finality(FinalityKind.DEPTH, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "later",
        "depth",
        "depth:",
        "depth:0",
        "depth:-1",
        "depth:1.5",
        "depth:1000001",
        "instant:3",
        "depth:١٢",
    ],
)
def test_another_finality_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(BadSetting, match=r"--finality .*give instant, finalized, or depth:N"):
        Finality.parse(text)


@pytest.mark.parametrize("text", ["full", "off", "sampled:1", "sampled:0.05"])
def test_a_verification_reads_as_it_is_written(text: str) -> None:
    assert str(Verify.parse(text)) == text


def test_a_sample_is_a_probability() -> None:
    assert Verify.parse("sampled:0.25") == Verify(VerifyKind.SAMPLED, 0.25)


@pytest.mark.parametrize(
    "text", ["", "on", "sampled", "sampled:", "sampled:0", "sampled:1.01", "sampled:nan", "full:1"]
)
def test_another_verification_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(BadSetting, match=r"--verify .*give full, off, or sampled:P"):
        Verify.parse(text)


def test_seals_cannot_be_checked_without_looking_at_headers() -> None:
    with pytest.raises(BadSetting, match=r"--consensus qbft: .*give verify full or sampled"):
        Settings(verify=Verify.parse("off"), consensus=Consensus.QBFT)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("most_undone", 0),
        ("most_undone", 100_001),
        ("epoch", 0),
        ("poll_s", 0.0),
        ("poll_s", 3_601.0),
        ("poll_s", float("nan")),
    ],
)
def test_a_number_out_of_range_names_its_option(name: str, wrong: float) -> None:
    option = name.removesuffix("_s").replace("_", "-")
    with pytest.raises(BadSetting, match=f"--{option} .*: give"):
        Settings(**{name: wrong})  # type: ignore[arg-type]
