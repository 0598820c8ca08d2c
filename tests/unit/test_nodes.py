"""Several ways to the same chain: which is asked when another fails."""

from __future__ import annotations

import pickle

import pytest

from indexer import nodes
from indexer.errors import BadAnswer, BadSetting, NodeUnreachable, OtherChain, StaleHead
from indexer.node import Node
from indexer.nodes import Nodes

URLS = ("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
AWAY = NodeUnreachable(URLS[0], "refused")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr(nodes.time, "monotonic", lambda: now[0])
    return now


def test_a_node_that_fails_is_left_for_the_next_and_the_next_is_kept(clock: list[float]) -> None:
    asked = Nodes.of(URLS)
    assert asked.url == URLS[0]
    assert asked.leave(AWAY)
    assert asked.url == URLS[1]
    clock[0] += 10_000
    assert asked.url == URLS[1], "nothing draws it back to a node that failed once"


def test_when_all_rest_the_caller_is_told_to_wait_and_the_first_rested_is_next(clock: list[float]) -> None:
    asked = Nodes.of(URLS)
    assert asked.leave(BadAnswer("a lie"))
    clock[0] += 1
    assert asked.leave(AWAY)
    clock[0] += 1
    assert not asked.leave(StaleHead(URLS[2], 5, 9)), "all three rest"
    assert asked.url == URLS[1], "unreachable rests a shorter time than a liar"
    clock[0] += 6
    assert asked.leave(AWAY)
    assert asked.url == URLS[2], "the liar still rests"


@pytest.mark.parametrize("error", [BadAnswer("a lie"), OtherChain("another chain", "name another")])
def test_a_node_that_lied_rests_for_minutes(clock: list[float], error: Exception) -> None:
    asked = Nodes.of(URLS[:2])
    asked.leave(error)  # type: ignore[arg-type]
    clock[0] += 299
    assert not asked.leave(AWAY), "the liar rests still"
    assert asked.url == URLS[0], "its rest ends first now"
    clock[0] += 6
    assert asked.leave(AWAY)
    assert asked.url == URLS[1]


def test_one_node_is_asked_again_whatever_it_did(clock: list[float]) -> None:
    asked = Nodes.of(URLS[:1])
    assert not asked.leave(AWAY)
    assert asked.url == URLS[0]


def test_addresses_are_taken_once_and_none_is_refused() -> None:
    assert [node.url for node in Nodes.of([URLS[0], f" {URLS[0]} ", "", URLS[1]]).all] == list(URLS[:2])
    for wrong in ([], [""], ["ftp://node"], ["node:8545"]):
        with pytest.raises(BadSetting, match="--node"):
            Nodes.of(wrong)


def test_a_name_for_messages_tells_no_secret() -> None:
    node = Node("https://clerk:secret@node.example:8545/v3/key-of-ours?token=abc")
    assert node.name == "https://node.example:8545"
    assert "secret" not in str(NodeUnreachable(node.name, "refused"))


def test_errors_and_nodes_go_to_another_process_and_back() -> None:
    for error in (AWAY, BadAnswer("a lie"), StaleHead(URLS[0], 5, 9), OtherChain("one", "other")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert (str(copy), copy.retry, vars(copy)) == (str(error), error.retry, vars(error))
    assert pickle.loads(pickle.dumps(Node(URLS[0]))).url == URLS[0]
