"""What every route works with: the office's database, the mirror, the chain, and how an act is accepted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from contracts.abi import ContractError
from ledger_api import problems
from ledger_api.acts import ACTS
from ledger_api.chain import Chain, NodeRefused, NodeUnreachable
from ledger_api.outbox import Entry
from ledger_api.settings import Settings

log = logging.getLogger("amanat.api")


@dataclass(frozen=True, slots=True)
class Service:
    """One office, as its routes see it."""

    settings: Settings
    office: Engine
    mirror: Engine
    chain: Chain
    courier: bytes
    """The account that carries signed acts: it holds no role."""

    def check(self, entries: Sequence[Entry]) -> None:
        """Asks the contract whether it would take these acts now; raises Problem in the contract's words.

        All entries are of one act and one scope. Nothing is stored here, so a refusal leaves nothing behind.
        """
        if not entries:
            return
        act, first = ACTS[entries[0].act], entries[0]
        data = act.calldata(first.scope, [e.item for e in entries])
        try:
            self.chain.simulate(first.signer, act.address(self.settings.deployment), data)
        except ContractError as error:
            raise problems.from_contract(error) from None
        except NodeUnreachable:
            raise problems.own("node-unreachable", "request", "no answer from the chain's node") from None
        except NodeRefused as error:
            log.warning("the node refuses to simulate %d %s: %s", len(entries), first.act, error)
            raise problems.own("node-refused", "request", "the chain's node did not run the check") from None


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(_service)]
