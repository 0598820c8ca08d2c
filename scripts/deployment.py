"""Deploys one ledger's contracts and writes the deployment file: see scripts/deploy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from eth_account import Account
from web3 import Web3

from contracts.abi import Address
from contracts.deploy import deploy

ADDRESS_HEX = 42


def main(
    node: Annotated[str, typer.Option(help="JSON-RPC address of the chain's node")],
    regulator: Annotated[list[str], typer.Option(help="a key of the regulator; give at least two")],
    out: Annotated[Path, typer.Option(help="deployment file to write")],
) -> None:
    """Deploy the contracts. The deploying key is made for this and forgotten: the contracts have no owner."""
    if out.exists():
        _refuse(f"--out: {out} exists; a ledger is deployed once, name another file for another ledger")
    for text in regulator:
        if len(text) != ADDRESS_HEX or not Web3.is_address(text):
            _refuse(f"--regulator: {text} is not an address; give 0x and 40 hex digits")
    w3 = Web3(Web3.HTTPProvider(node))
    if not w3.is_connected():
        _refuse(f"--node: no answer from {node}; start the node, or correct the address")
    keys = [Address(bytes.fromhex(text[2:])) for text in regulator]
    deployment = deploy(w3, Account.create(), keys)
    deployment.save(out)
    for name, address in deployment.addresses().items():
        print(f"{name:18} 0x{address.hex()}")
    print(f"written to {out}")


def _refuse(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    typer.run(main)
