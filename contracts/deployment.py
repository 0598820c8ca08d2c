"""Where the contracts of one ledger stand, so that every part speaks of the same ones."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from contracts.abi import Address

CONTRACTS = (
    "LicenceRegistry",
    "HouseholdRegistry",
    "Rulebook",
    "ProgrammeRegistry",
    "FundLedger",
    "DeliveryLedger",
    "FieldAcceptance",
    "ServiceOrders",
    "DebtRelief",
    "TimeBank",
    "CaseLog",
    "DonationToken",
    "AidToken",
)
"""Every contract of a ledger, in the order of deployment."""


def field_of(contract: str) -> str:
    """`FundLedger` -> `fund_ledger`: the deployment's field, and the name of the contract's bindings."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", contract).lower()


class BadDeployment(Exception):
    """The deployment file is missing or not what scripts/deploy writes."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One ledger: its chain, and the addresses of its contracts. `block` is the first block that can hold an event."""

    chain_id: int
    genesis_hash: bytes
    block: int
    licence_registry: Address
    household_registry: Address
    rulebook: Address
    programme_registry: Address
    fund_ledger: Address
    delivery_ledger: Address
    field_acceptance: Address
    service_orders: Address
    debt_relief: Address
    time_bank: Address
    case_log: Address
    donation_token: Address
    aid_token: Address

    def addresses(self) -> dict[str, Address]:
        """Contract name -> address, by the names that the bindings use."""
        return {name: getattr(self, field_of(name)) for name in CONTRACTS}

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        text = {k: "0x" + v.hex() if isinstance(v, bytes) else v for k, v in asdict(self).items()}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(text, indent=2) + "\n")
        os.replace(part, path)

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Reads the file; raises BadDeployment with the remedy."""
        try:
            text = json.loads(path.read_text())
            return cls(
                chain_id=int(text["chain_id"]),
                genesis_hash=_bytes(text["genesis_hash"], 32),
                block=int(text["block"]),
                **{field_of(name): Address(_bytes(text[field_of(name)], 20)) for name in CONTRACTS},
            )
        except FileNotFoundError:
            raise BadDeployment(
                f"{path}: no such file; run scripts/deploy, or name the file it wrote"
            ) from None
        except (KeyError, TypeError, ValueError) as error:
            raise BadDeployment(
                f"{path}: not a deployment file ({error}); run scripts/deploy again"
            ) from None


def _bytes(text: str, size: int) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != size:
        raise ValueError(f"{text}: give {size} bytes in hex")
    return value
