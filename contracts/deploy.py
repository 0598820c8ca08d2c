"""Deploying one ledger's contracts, and the plain transactions that founding it needs.

Staff's daily acts do not come this way: they go through the office's outbox and relay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import ContractLogicError
from web3.types import TxParams, TxReceipt

from contracts.abi import Address, decode_error
from contracts.bindings.errors import BY_SELECTOR
from contracts.deployment import CONTRACTS, Deployment, field_of

ARTIFACTS = Path(__file__).resolve().parent.parent / ".build" / "contracts"
TRANSACTION_GAS = 100_000_000
"""Of one transaction: enough for any batch, and ten fit into a block."""
TIMEOUT_S = 60


def address_of(account: LocalAccount) -> Address:
    """The 20 bytes of an account's address."""
    return Address(bytes.fromhex(account.address[2:]))


def call(w3: Web3, to: Address, data: bytes, sender: str | None = None, block: int | None = None) -> bytes:
    """Runs a call without recording it; raises the decoded ContractError."""
    request: TxParams = {"to": to_checksum_address(to), "data": data}
    if sender:
        request["from"] = to_checksum_address(sender)
    try:
        return bytes(w3.eth.call(request, "latest" if block is None else block))
    except ContractLogicError as error:
        raise decode_error(_revert_data(error), BY_SELECTOR) from None


def send(
    w3: Web3, account: LocalAccount, to: Address | None, data: bytes, *, simulate: bool = True
) -> TxReceipt:
    """Signs, sends and waits; `to` None creates a contract. Raises the decoded ContractError: before anything
    is sent, or, with `simulate` off or on a race, after the failed transaction is recorded."""
    if simulate and to is not None:
        call(w3, to, data, account.address)
    transaction: dict[str, Any] = {
        "chainId": w3.eth.chain_id,
        "nonce": w3.eth.get_transaction_count(to_checksum_address(account.address), "pending"),
        "gas": TRANSACTION_GAS,
        "gasPrice": 0,
        "value": 0,
        "data": data,
    } | ({"to": to_checksum_address(to)} if to is not None else {})
    signed = account.sign_transaction(transaction)
    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction), timeout=TIMEOUT_S, poll_latency=0.01
    )
    if receipt["status"] != 1:
        if to is not None:
            call(w3, to, data, account.address, receipt["blockNumber"] - 1)
        raise RuntimeError(f"transaction {receipt['transactionHash'].hex()} failed without a reason")
    return receipt


def _revert_data(error: ContractLogicError) -> bytes:
    """web3 keeps a custom error's data as hex text; a revert without any data gives b""."""
    data = error.data
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


def contract_address(deployer: Address, nonce: int) -> Address:
    """Where a contract will stand (Yellow Paper, section 7, equation 88)."""
    return Address(keccak(rlp.encode([deployer, nonce]))[12:])


def _arguments(
    at: Mapping[str, str], regulators: Sequence[Address], genesis: bytes
) -> dict[str, tuple[Any, ...]]:
    """Each contract's constructor arguments, in the order of deployment; `at` says where each will stand."""

    def standing(*names: str) -> tuple[str, ...]:
        return tuple(at[name] for name in names)

    both = standing("LicenceRegistry", "HouseholdRegistry")
    return {
        "LicenceRegistry": ([to_checksum_address(key) for key in regulators],),
        "HouseholdRegistry": standing("LicenceRegistry"),
        "Rulebook": standing("LicenceRegistry"),
        "ProgrammeRegistry": standing("LicenceRegistry", "DeliveryLedger"),
        "FundLedger": (
            *standing("LicenceRegistry", "ProgrammeRegistry", "TimeBank", "DeliveryLedger"),
            genesis,
        ),
        "DeliveryLedger": (
            *both,
            *standing("ProgrammeRegistry", "Rulebook", "FundLedger", "FieldAcceptance"),
            genesis,
        ),
        "FieldAcceptance": (*both, *standing("DeliveryLedger"), genesis),
        "ServiceOrders": standing("LicenceRegistry", "DeliveryLedger"),
        "DebtRelief": (*both, *standing("ProgrammeRegistry"), genesis),
        "TimeBank": (*both, *standing("FundLedger"), genesis),
        "CaseLog": (*both, genesis),
        "DonationToken": standing("FundLedger"),
        "AidToken": standing("DeliveryLedger"),
    }


def deploy(w3: Web3, deployer: LocalAccount, regulators: Sequence[Address]) -> Deployment:
    """Deploys the contracts. Some of them name later ones, so every place is foretold from the deployer's nonce."""
    nonce = w3.eth.get_transaction_count(to_checksum_address(deployer.address))
    foretold = {
        name: contract_address(address_of(deployer), nonce + step) for step, name in enumerate(CONTRACTS)
    }
    at = {name: to_checksum_address(place) for name, place in foretold.items()}
    genesis = bytes(w3.eth.get_block(0)["hash"])
    first = w3.eth.block_number + 1
    for name, values in _arguments(at, regulators, genesis).items():
        artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
        creation = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]).constructor(*values)
        receipt = send(w3, deployer, None, bytes.fromhex(creation.data_in_transaction[2:]))
        if receipt["contractAddress"] != at[name]:
            raise RuntimeError(f"{name} stands at {receipt['contractAddress']}, not at {at[name]}")
    return Deployment(w3.eth.chain_id, genesis, first, **{field_of(n): a for n, a in foretold.items()})
