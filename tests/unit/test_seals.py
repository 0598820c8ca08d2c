"""Who may seal a block: chains of Clique and QBFT with votes, and attacks, each refused by name.

The voting of Clique was also run through go-ethereum's own table of cases, which is not ours to carry.
"""

from __future__ import annotations

from typing import Any

import pytest

from indexer.errors import BadAnswer, BadSetting, OtherChain
from indexer.settings import Consensus
from indexer.verify.block import check_header
from indexer.verify.clique import CliqueSeals
from indexer.verify.qbft import QbftSeals, quorum
from indexer.verify.seals import NoSeals, seals_after
from tests.unit.sealed_chains import (
    ADD,
    DROP,
    Chain,
    Clique,
    Qbft,
    address,
    addresses,
    answer,
    header_items,
    sign,
)

EPOCH = 10
SEVEN = "abcdefg"


def kind(chain: Chain) -> Consensus:
    return Consensus.QBFT if isinstance(chain, Qbft) else Consensus.CLIQUE


def after(chain: Chain, number: int, epoch: int = EPOCH) -> Any:
    hash = bytes.fromhex(chain.blocks[number]["hash"][2:])
    return seals_after(kind(chain), number, hash, chain.headers, chain.genesis_hash, epoch)


def followed(chain: Chain, epoch: int = EPOCH) -> Any:
    """The state after every block, each checked; which has to be the one that a start in the middle comes to."""
    state = after(chain, 0, epoch)
    for number, block in enumerate(chain.blocks[1:], start=1):
        check_header(block, kind(chain))
        state.check(block)
        assert vars(after(chain, number, epoch)) == vars(state), number
    return state


def refused(chain: Chain, words: str, epoch: int = EPOCH) -> None:
    """All but the last block are fine; the last is refused with these words, and leaves the state as it was."""
    state = followed(chain.without_last(), epoch)
    before = vars(state.copy())
    check_header(chain.blocks[-1], kind(chain))
    with pytest.raises(BadAnswer, match=f"block {len(chain.blocks) - 1}: .*{words}"):
        state.check(chain.blocks[-1])
    assert vars(state) == before


def test_nothing_is_checked_without_consensus() -> None:
    state = seals_after(Consensus.NONE, 7, bytes(32), lambda numbers: [], bytes(32))
    assert isinstance(state, NoSeals) and state.copy() is state
    state.check({})


# --- QBFT


@pytest.mark.parametrize(
    ("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (10, 7)]
)
def test_two_thirds_rounded_up(validators: int, needed: int) -> None:
    assert quorum(validators) == needed


@pytest.mark.parametrize("names", ["a", "abcd", SEVEN])
def test_qbft_sealed_by_a_quorum(names: str) -> None:
    chain = Qbft.of(names)
    for n in range(2 * EPOCH + 3):
        chain.seal(names, names[: quorum(len(names))], proposer=names[n % len(names)], round=n % 3 * 300)
    assert followed(chain).validators == tuple(addresses(names))


def test_besus_lenient_end_of_the_list() -> None:
    chain = Qbft.of("abcd")
    chain.seal("abcd", behind=[b"more"])
    followed(chain)


QBFT_ATTACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "too few": ("sealed by 2 of 4 validators; 3 have to", {"sealers": "ab"}),
    "nobody": ("sealed by 0 of 4", {"sealers": ""}),
    "twice": ("sealed twice by 0x", {"sealers": "aab"}),
    "a stranger": ("who is no validator", {"sealers": "abx"}),
    "a stranger beside a quorum": ("who is no validator", {"sealers": "abcx"}),
    "another round": ("who is no validator", {"round": 1, "signed_round": 0}),
    "another validator in the header": ("validators that it lists", {"listed": addresses("abcx")}),
    "validators left out": ("validators that it lists", {"listed": addresses("abc")}),
    "no validators": ("validators that it lists", {"listed": []}),
    "not in order": ("validators that it lists", {"listed": addresses("abcd")[::-1]}),
    "a foreign proposer": ("proposed by 0x", {"proposer": "x"}),
    "a short seal": ("a seal of 64 bytes", {"extra_seals": [bytes(64)]}),
    "parity": ("ends in 27", {"extra_seals": [sign("a", bytes(32))[:64] + b"\x1b"]}),
    "no signature": ("no signature", {"extra_seals": [bytes(65)]}),
    "too great a number": ("no signature", {"extra_seals": [b"\xff" * 64 + b"\0"]}),
}


@pytest.mark.parametrize("attack", QBFT_ATTACKS)
def test_qbft_refuses(attack: str) -> None:
    words, how = QBFT_ATTACKS[attack]
    chain = Qbft.of("abcd")
    chain.seal("abcd")
    chain.seal("abcd", **how)
    refused(chain, words)


MALFORMED: dict[str, dict[str, Any]] = {
    "neither for nor against": {"vote": [address("e"), b"\x01"]},
    "on half an address": {"vote": [address("e")[:10], b"\xff"]},
    "of three parts": {"vote": [address("e"), b"\xff", b""]},
    "of one part": {"vote": [address("e")]},
    "half a validator": {"listed": [address("a")[:19]]},
}


@pytest.mark.parametrize("what", MALFORMED)
def test_qbft_refuses_what_is_no_extra_data(what: str) -> None:
    chain = Qbft.of("abcd")
    block = chain.seal("abcd", **MALFORMED[what])
    for check in (after(chain.without_last(), 0).check, lambda block: check_header(block, Consensus.QBFT)):
        with pytest.raises(BadAnswer, match="block 1: extraData is not QBFT's"):
            check(block)


@pytest.mark.parametrize(
    "extra", ["0x", "0xc0", "0x80", "0xf8", "0x" + "c1" * 2000, "0xc58080808080", "0xc5c0c08080c000"]
)
def test_qbft_refuses_other_extra_data(extra: str) -> None:
    chain = Qbft.of("abcd")
    block = chain.seal("abcd") | {"extraData": extra}
    with pytest.raises(BadAnswer, match="block 1"):
        check_header(block, Consensus.QBFT)
    with pytest.raises(BadAnswer, match="block 1"):
        after(chain, 0).check(block)


def test_seals_and_round_are_not_in_the_hash_but_all_else_is() -> None:
    chain = Qbft.of("abcd")
    one = chain.seal("abcd", round=7)
    chain.blocks.pop()
    two = chain.seal("abcd", "abc", round=300)
    assert one["hash"] == two["hash"] and one["extraData"] != two["extraData"]
    chain.blocks.pop()
    other = chain.seal("abcd", vote=[address("e"), b"\xff"])
    assert other["hash"] != one["hash"]
    with pytest.raises(BadAnswer, match="block 1: its header is not the one of its hash"):
        check_header(other | {"hash": one["hash"]}, Consensus.QBFT)


def voted(chain: Qbft, validators: str, voters: str, subject: str, value: bytes = b"\xff") -> None:
    for voter in voters:
        chain.seal(validators, proposer=voter, vote=[address(subject), value])


def test_a_validator_is_added_by_more_than_half_and_has_to_seal_from_the_next_block() -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "ab", "e")
    chain.seal("abcd")
    voted(chain, "abcd", "c", "e")
    chain.seal("abcde", "abce")
    assert followed(chain).validators == tuple(addresses("abcde"))
    chain.seal("abcde", "abc")
    refused(chain, "3 of 5 validators; 4 have to")


def test_the_added_is_no_validator_before_its_majority() -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "ab", "e")
    chain.seal("abcde")
    refused(chain, "validators that it lists")


@pytest.mark.parametrize("against", [b"", b"\0"])
def test_a_validator_is_removed(against: bytes) -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "abc", "d", b"")
    chain.seal("abc", "abc")
    assert followed(chain).validators == tuple(addresses("abc"))
    chain.seal("abc", "ad")
    refused(chain, "who is no validator")


def test_a_vote_counts_once_and_may_be_taken_back() -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "aaab", "e")
    voted(chain, "abcd", "b", "e", b"")
    voted(chain, "abcd", "c", "e")
    assert followed(chain).validators == tuple(addresses("abcd"))
    voted(chain, "abcd", "b", "e")
    assert followed(chain).validators == tuple(addresses("abcde"))


def test_an_epoch_forgets_votes_and_the_one_in_its_own_block() -> None:
    chain = Qbft.of("abcd")
    while len(chain.blocks) < EPOCH - 1:
        chain.seal("abcd")
    voted(chain, "abcd", "a", "e")  # block 9
    voted(chain, "abcd", "b", "e")  # block 10 begins an epoch
    voted(chain, "abcd", "cd", "e")
    assert followed(chain).validators == tuple(addresses("abcd"))
    voted(chain, "abcd", "a", "e")
    assert followed(chain).validators == tuple(addresses("abcde"))


def test_the_removed_ones_votes_are_forgotten() -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "d", "e")
    voted(chain, "abcd", "abc", "d", b"")
    voted(chain, "abc", "a", "e")
    assert followed(chain).validators == tuple(addresses("abc"))


def test_a_majority_for_what_is_so_already_forgets_the_votes_for_a_change() -> None:
    """As Besu counts, unlike EIP-225."""
    chain = Qbft.of("abcde")
    voted(chain, "abcde", "ab", "e", b"")
    voted(chain, "abcde", "cde", "e")
    voted(chain, "abcde", "c", "e", b"")
    assert followed(chain, 100).validators == tuple(addresses("abcde"))


def test_a_majority_that_others_leaving_makes_waits_for_any_vote_on_the_same() -> None:
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "ab", "c", b"")
    voted(chain, "abcd", "abc", "d", b"")
    assert followed(chain).validators == tuple(addresses("abc"))
    voted(chain, "abc", "c", "c")
    assert followed(chain).validators == tuple(addresses("ab"))


def test_validators_may_vote_on_themselves() -> None:
    """As Besu allows."""
    chain = Qbft.of("abcd")
    voted(chain, "abcd", "dab", "d", b"")
    assert followed(chain).validators == tuple(addresses("abc"))


def test_another_epoch_than_the_networks_is_noticed() -> None:
    chain = Qbft.of("abcd")
    while len(chain.blocks) < EPOCH:
        voted(chain, "abcd", "a", "e")
    chain.seal("abcd")
    voted(chain, "abcd", "bc", "e")
    chain.seal("abcd")
    followed(chain)
    with pytest.raises(BadAnswer, match=r"block 13: .*is the epoch that of the network"):
        after(chain, 13, 1000)


def test_validators_by_a_contract_are_not_checked() -> None:
    chain = Qbft.of("")
    with pytest.raises(BadSetting, match=r"by a contract.*give none"):
        after(chain, 0)


# --- Clique


def rounds(names: str, count: int, epoch: int = EPOCH, chain: Clique | None = None) -> Clique:
    """Signers take turns, in the order of their addresses."""
    chain = chain or Clique.of(names)
    in_order = sorted(names, key=address)
    for _ in range(count):
        number = len(chain.blocks)
        chain.seal(names, in_order[number % len(names)], checkpoint=number % epoch == 0)
    return chain


@pytest.mark.parametrize("names", ["a", "ab", "abcd", SEVEN])
def test_clique_sealed_in_turn(names: str) -> None:
    assert followed(rounds(names, 2 * EPOCH + 3)).signers == tuple(addresses(names))


def test_clique_out_of_turn() -> None:
    chain = Clique.of("abcd")
    for name in "abcabcdab":
        chain.seal("abcd", name)
    followed(chain)


def other_than(chain: Clique, names: str, recent: str = "") -> tuple[str, str]:
    """Who is in turn for the next block, and somebody who is not (nor among the recent)."""
    turn = sorted(names, key=address)[len(chain.blocks) % len(names)]
    return turn, next(name for name in names if name != turn and name not in recent)


def test_clique_refuses_a_stranger() -> None:
    chain = rounds("abcd", 3)
    chain.seal("abcd", "x")
    refused(chain, "who is no signer")


def test_clique_refuses_who_sealed_just_now() -> None:
    for pause in (1, 2):
        chain = rounds("abcd", 5)
        chain.seal("abcd", sorted("abcd", key=address)[(6 - pause) % 4])
        refused(chain, f"who sealed block {6 - pause} and has to leave it")


def test_a_pause_goes_across_a_checkpoint() -> None:
    names = "abcd"
    for last in (EPOCH, EPOCH - 1):
        chain = rounds(names, EPOCH)
        chain.seal(names, sorted(names, key=address)[last % 4])
        state = after(chain, EPOCH)
        with pytest.raises(BadAnswer, match=f"who sealed block {last}"):
            state.check(chain.blocks[-1])


def test_clique_refuses_the_wrong_difficulty() -> None:
    chain = rounds("abcd", 4)
    in_turn, other = other_than(
        chain, "abcd", "".join(sorted("abcd", key=address)[3:] + sorted("abcd", key=address)[:1])
    )
    for name, wrong in ((in_turn, 1), (other, 2), (in_turn, 3)):
        chain.seal("abcd", name, difficulty=wrong)
        refused(chain, f"difficulty {wrong}")
        chain.blocks.pop()


CLIQUE_ATTACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "no vote": ("nonce is no vote", {"nonce": b"\x01" * 8}),
    "signers listed anywhere": ("no checkpoint", {"listed": addresses("abcd")}),
    "a short seal": ("has no seal", {"seal": bytes(64)}),
    "parity": ("ends in 28", {"seal": sign("a", bytes(32))[:64] + b"\x1c"}),
    "no signature": ("no signature", {"seal": bytes(65)}),
    "another block's seal": ("who is no signer", {"seal": sign("a", bytes(32))}),
}


@pytest.mark.parametrize("attack", CLIQUE_ATTACKS)
def test_clique_refuses(attack: str) -> None:
    words, how = CLIQUE_ATTACKS[attack]
    chain = rounds("abcd", 4)
    chain.seal("abcd", other_than(chain, "abcd")[0], **how)
    refused(chain, words)


def test_clique_refuses_a_wrong_checkpoint() -> None:
    for how, words in (
        ({"vote": ("e", ADD)}, "checkpoint and has a vote"),
        ({"nonce": ADD}, "checkpoint and has a vote"),
        ({"listed": addresses("abcx")}, "signers that it lists"),
        ({"listed": []}, "signers that it lists"),
        ({"listed": addresses("abcd")[::-1]}, "signers that it lists"),
    ):
        chain = rounds("abcd", EPOCH - 1)
        chain.seal("abcd", other_than(chain, "abcd")[0], checkpoint=True, **how)
        refused(chain, words)


Step = tuple[str, str, bytes]
"""Who seals, on whom it votes (or nobody), and what."""

# Own cases for the rules of EIP-225: signers, steps, signers after them.
VOTES: dict[str, tuple[str, list[Step], str]] = {
    "one signer adds at once": ("a", [("a", "b", ADD)], "ab"),
    "one of two is no majority": ("ab", [("a", "c", ADD)], "ab"),
    "two of two": ("ab", [("a", "c", ADD), ("b", "c", ADD)], "abc"),
    "two of three": ("abc", [("a", "d", ADD), ("b", "d", ADD)], "abcd"),
    "two of four are half": ("abcd", [("a", "e", ADD), ("b", "e", ADD)], "abcd"),
    "three of four": ("abcd", [("a", "e", ADD), ("b", "e", ADD), ("c", "e", ADD)], "abcde"),
    "somebody twice is one": ("ab", [("a", "c", ADD), ("b", "", DROP), ("a", "c", ADD)], "ab"),
    "taken back": ("abc", [("a", "d", ADD), ("b", "", DROP), ("a", "d", DROP), ("b", "d", ADD)], "abc"),
    "dropping one's own": ("ab", [("a", "a", DROP), ("b", "a", DROP)], "b"),
    "one alone drops itself not of two": ("ab", [("a", "a", DROP)], "ab"),
    "dropped by two of three": ("abc", [("a", "c", DROP), ("b", "c", DROP)], "ab"),
    "a stranger cannot be dropped, then is added by one vote more": (
        "abc", [("a", "d", DROP), ("b", "d", ADD), ("c", "", DROP), ("a", "d", ADD)], "abcd",
    ),
    "votes for what is so count nothing": (
        "abc", [("a", "c", ADD), ("b", "c", ADD), ("c", "", DROP), ("a", "c", DROP), ("b", "c", DROP)], "ab",
    ),
    "the dropped one's votes go with it": (
        "abc", [("c", "d", ADD), ("a", "c", DROP), ("b", "c", DROP), ("a", "d", ADD)], "ab",
    ),
    "votes on the dropped go with it": (
        "abcd",
        [("a", "d", DROP), ("b", "d", DROP), ("c", "d", DROP), ("a", "d", ADD), ("b", "", DROP), ("c", "", DROP)],
        "abc",
    ),
    "no cascade: a majority that others' leaving makes waits for a vote": (
        "abcd",
        [("a", "c", DROP), ("b", "c", DROP), ("c", "", DROP), ("a", "d", DROP), ("b", "d", DROP), ("c", "d", DROP)],
        "abc",
    ),
    "and passes with the next vote on the same": (
        "abcd",
        [
            *(("a", "c", DROP), ("b", "c", DROP), ("c", "", DROP), ("a", "d", DROP), ("b", "d", DROP)),
            *(("c", "d", DROP), ("a", "c", DROP)),
        ],
        "ab",
    ),
    "even with a vote that is void, by the one concerned": (
        "abcd",
        [
            *(("a", "c", DROP), ("b", "c", DROP), ("c", "", DROP), ("a", "d", DROP), ("b", "d", DROP)),
            *(("c", "d", DROP), ("a", "", DROP), ("c", "c", ADD)),
        ],
        "ab",
    ),
}  # fmt: skip


def cast(chain: Clique, signers: str, steps: list[Step], epoch: int) -> str:
    """Seals the steps; the signers that each block is sealed under follow from checking the one before."""
    everybody = {address(name): name for name in "abcdefgh"}
    for name, subject, what in steps:
        vote = (subject, what) if subject else None
        chain.seal(signers, name, vote=vote, checkpoint=len(chain.blocks) % epoch == 0)
        signers = "".join(everybody[a] for a in followed(chain, epoch).signers)
    return signers


@pytest.mark.parametrize("case", VOTES)
def test_clique_votes(case: str) -> None:
    names, steps, result = VOTES[case]
    assert sorted(cast(Clique.of(names), names, steps, 100)) == sorted(result)


def test_a_checkpoint_forgets_votes() -> None:
    chain = Clique.of("abc")
    steps = [("a", "d", ADD), ("b", "", DROP), ("c", "", DROP), ("b", "d", ADD)]  # block 3 is a checkpoint
    assert sorted(cast(chain, "abc", steps, 3)) == ["a", "b", "c"]


def test_who_was_dropped_may_not_seal_and_who_was_added_may() -> None:
    chain = Clique.of("abc")
    cast(chain, "abc", [("a", "c", DROP), ("b", "c", DROP)], 100)
    chain.seal("ab", "c", difficulty=1)
    refused(chain, "who is no signer", 100)
    chain = Clique.of("ab")
    cast(chain, "ab", [("a", "c", ADD), ("b", "c", ADD)], 100)
    chain.seal("abc", "c")
    followed(chain, 100)


def test_clique_with_another_epoch_than_the_networks_is_noticed() -> None:
    chain = rounds("abcd", EPOCH + 2)
    with pytest.raises(BadAnswer, match="no checkpoint; is the epoch"):
        followed(chain, 1000)
    with pytest.raises(BadSetting, match=r"lists no signers; give the epoch"):
        after(chain, EPOCH + 1, 7)


# --- both: where a state begins


def chains() -> list[Chain]:
    qbft = Qbft.of("abcd")
    for _ in range(2 * EPOCH + 5):
        qbft.seal("abcd")
    return [qbft, rounds("abcd", 2 * EPOCH + 5)]


@pytest.mark.parametrize("chain", chains(), ids=lambda chain: type(chain).__name__)
class TestStart:
    @pytest.mark.parametrize("at", [25, 22, 21, 20])
    def test_a_header_on_the_way_back_is_another(self, chain: Chain, at: int) -> None:
        before = chain.blocks[at - 1]
        for wrong in (
            before,
            chain.blocks[at] | {"gasUsed": "0x1"},
            chain.blocks[at] | {"hash": before["hash"]},
        ):
            served = dict(enumerate(chain.blocks)) | {at: wrong}

            def headers(numbers: Any, served: Any = served) -> Any:
                return [served[number] for number in numbers]

            with pytest.raises(BadAnswer, match=f"block {at}:"):
                seals_after(kind(chain), 25, chain.head, headers, chain.genesis_hash, EPOCH)

    def test_only_what_is_needed_is_fetched(self, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("indexer.verify.seals._AT_ONCE", 3)
        asked: list[int] = []

        def headers(numbers: Any) -> Any:
            asked.extend(numbers)
            return chain.headers(numbers)

        seals_after(kind(chain), 25, chain.head, headers, chain.genesis_hash, EPOCH)
        assert asked == list(range(25, asked[-1] - 1, -1)) and 17 <= asked[-1] <= 20

    def test_too_few_headers(self, chain: Chain) -> None:
        with pytest.raises(BadAnswer, match="headers where"):
            seals_after(kind(chain), 25, chain.head, lambda ns: [], chain.genesis_hash, EPOCH)

    def test_another_genesis(self, chain: Chain) -> None:
        with pytest.raises(OtherChain):
            seals_after(kind(chain), 0, chain.genesis_hash, chain.headers, bytes(32), EPOCH)
        with pytest.raises(OtherChain):
            hash = bytes.fromhex(chain.blocks[5]["hash"][2:])
            seals_after(kind(chain), 5, hash, chain.headers, bytes(32), EPOCH)

    def test_a_copy_goes_its_own_way(self, chain: Chain) -> None:
        state = after(chain, 23)
        before = vars(state.copy())
        ahead = state.copy()
        ahead.check(chain.blocks[24])
        assert vars(state) == before != vars(ahead)
        assert isinstance(state, CliqueSeals | QbftSeals)

    def test_blocks_out_of_order(self, chain: Chain) -> None:
        for number in (22, 23, 25):
            with pytest.raises(BadAnswer, match=f"block {number}: it does not follow on block 23"):
                after(chain, 23).check(chain.blocks[number])

    @pytest.mark.parametrize("wrong", [None, 7, [], {}, {"number": "0x18"}])
    def test_what_is_no_header(self, chain: Chain, wrong: Any) -> None:
        with pytest.raises(BadAnswer):
            after(chain, 23).check(wrong)
        with pytest.raises(BadAnswer):
            seals_after(kind(chain), 25, chain.head, lambda ns: [wrong] * len(ns), chain.genesis_hash, EPOCH)


def test_a_genesis_without_signers() -> None:
    chain = Clique.of("")
    with pytest.raises(BadSetting):
        after(chain, 0)
    other = answer(header_items(0, bytes(32)), bytes(32))
    with pytest.raises(BadAnswer):
        seals_after(Consensus.CLIQUE, 0, bytes(32), lambda ns: [other], bytes(32))
