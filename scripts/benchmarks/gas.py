"""Gas per record in batches of 100, beside one record a transaction. All parties are new: the dearest case."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from web3.types import TxReceipt

from contracts.abi import Address
from contracts.bindings import delivery_ledger, fund_ledger, household_registry, time_bank
from contracts.bindings.delivery_ledger import Acceptance, EntitlementEntry, SignedAcceptance
from contracts.bindings.ids import DonationId, EntitlementId, PaymentListId, ServiceId
from contracts.bindings.time_bank import ServiceEntry, ServiceReceived
from contracts.deploy import address_of
from tests.chain import Anvil, Home, World, cash, list_proposal, new_id, new_key, promise
from wallet.signing import sign

BATCH = 100
BUDGETS = {
    "donation": 75_000,
    "entitlement": 90_000,
    "accepted delivery": 75_000,
    "confirmed service": 90_000,
}
"""Gas per item that the project allows itself in batches of 100."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Gas per item alone and in a batch."""

    name: str
    alone: float
    batched: float


def main() -> None:
    """Prints the table."""
    print(f"gas per record, batches of {BATCH}, all parties new; baseline: one record a transaction")
    print(f"  {'record':20} {'alone':>9} {'batched':>9} {'ratio':>6} {'budget':>8}")
    with Anvil() as node:
        for m in measure(World.make(node.w3)):
            ratio, budget = m.alone / m.batched, BUDGETS[m.name]
            verdict = "within" if m.batched <= budget else "ABOVE"
            print(
                f"  {m.name:20} {m.alone:9,.0f} {m.batched:9,.0f} {ratio:5.2f}x {budget:8,} {verdict} "
                f"({m.batched / budget:.0%})"
            )


def measure(world: World) -> list[Measured]:
    """Each act once alone and once in a full batch, on the same chain."""
    deadline = world.now() + 10**6
    results = []

    def compare(name: str, act: Callable[[int], TxReceipt]) -> None:
        alone, batched = act(1)["gasUsed"], act(BATCH)["gasUsed"] / BATCH
        results.append(Measured(name, alone, batched))

    compare("donation", lambda n: donate(world, n))
    lists: list[tuple[PaymentListId, Sequence[EntitlementEntry], Sequence[Home]]] = []
    compare("entitlement", lambda n: propose(world, n, lists))
    compare("accepted delivery", lambda n: deliver(world, lists[0 if n == 1 else 1], deadline))
    compare("confirmed service", lambda n: serve(world, n, deadline))
    return results


def donate(world: World, count: int) -> TxReceipt:
    """Gifts of new donors."""
    entries = [
        cash(DonationId(new_id()), Address(secrets.token_bytes(20)), 10_000 + i, world.now())
        for i in range(count)
    ]
    return world.send(world.cashier, world.ledger, fund_ledger.donate(world.fund_eur, entries))


def homes(world: World, count: int) -> list[Home]:
    """New households, opened in one transaction."""
    made = [Home(Address(secrets.token_bytes(20)), new_key()) for _ in range(count)]
    openings = [household_registry.Opening(h.account, address_of(h.key), bytes(32)) for h in made]
    world.send(world.registrar, world.households, household_registry.open(world.registrar_body, openings))
    return made


def propose(
    world: World, count: int, lists: list[tuple[PaymentListId, Sequence[EntitlementEntry], Sequence[Home]]]
) -> TxReceipt:
    """A list proposed with all its items, then approved (approval is not counted: it is one act a list)."""
    receivers = homes(world, count)
    entries = [promise(EntitlementId(new_id()), home.account, 100) for home in receivers]
    expiry = world.now() + 10**6
    proposal = list_proposal(world.fund_eur, world.programme, world.charity, entries, expiry)
    receipt = world.send(world.maker, world.deliveries, delivery_ledger.propose_list(proposal, entries))
    approval = delivery_ledger.approve_list(proposal.id, proposal.content_hash)
    world.send(world.checker, world.deliveries, approval)
    lists.append((proposal.id, entries, receivers))
    return receipt


def deliver(
    world: World, offered: tuple[PaymentListId, Sequence[EntitlementEntry], Sequence[Home]], deadline: int
) -> TxReceipt:
    """Hand-over with each household's signature."""
    list_id, entries, receivers = offered
    domain = delivery_ledger.domain(world.deployment.chain_id, world.deliveries)
    genesis = world.deployment.genesis_hash
    signed = []
    for entry, home in zip(entries, receivers, strict=True):
        yes = Acceptance(home.account, entry.id, entry.amount_minor, "EUR", genesis, deadline)
        signature = sign(yes, domain, home.key, genesis_hash=genesis, now_unix_s=world.now())
        signed.append(SignedAcceptance(entry.id, entry.amount_minor, deadline, signature.r, signature.vs))
    return world.send(world.agent, world.deliveries, delivery_ledger.hand_over_accepted(list_id, signed))


def serve(world: World, count: int, deadline: int) -> TxReceipt:
    """Acts of new volunteers for new households, confirmed by both."""
    domain = time_bank.domain(world.deployment.chain_id, world.bank)
    genesis = world.deployment.genesis_hash
    entries = []
    for home in homes(world, count):
        done = ServiceReceived(
            home.account,
            ServiceId(new_id()),
            Address(secrets.token_bytes(20)),
            "general",
            60,
            world.now() - 3600,
            genesis,
            deadline,
        )
        signature = sign(done, domain, home.key, genesis_hash=genesis, now_unix_s=world.now())
        entries.append(
            ServiceEntry(
                done.service,
                done.volunteer,
                done.receiver,
                done.kind,
                60,
                done.served_at_unix_s,
                deadline,
                signature.r,
                signature.vs,
            )
        )
    return world.send(world.coordinator, world.bank, time_bank.confirm_services(world.charity, entries))


if __name__ == "__main__":
    main()
