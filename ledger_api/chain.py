"""The office's way to the node: simulate, send, look up. Reverts become the contracts' own errors."""

from __future__ import annotations

from typing import Any, TypeVar

from requests.exceptions import ConnectionError as NodeGone
from requests.exceptions import RequestException
from web3 import Web3
from web3.providers.rpc.utils import ExceptionRetryConfiguration
from web3.types import RPCEndpoint

from contracts.abi import Address, View, decode_error
from contracts.bindings.errors import BY_SELECTOR

T = TypeVar("T")

TIMEOUT_S = 30
# A kept-alive connection that the node has closed meanwhile is worth a second try; a node that hangs is not.
RETRY = ExceptionRetryConfiguration(errors=(NodeGone,), retries=2, backoff_factor=0.1)

KNOWN_ALREADY = ("already", "nonce too low", "known transaction")
"""How nodes say that they have seen a transaction before, or its nonce: settling finds out which."""


class NodeUnreachable(Exception):
    """The node does not answer; trying again later can help.

    The message never holds the node's address, which may carry a password.
    """


class NodeRefused(Exception):
    """The node answered a call with an error of its own; the message is the node's."""


class TransactionRefused(Exception):
    """The node did not take the transaction; the message is the node's."""


class Chain:
    """One node. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        provider = Web3.HTTPProvider(
            url, request_kwargs={"timeout": TIMEOUT_S}, exception_retry_configuration=RETRY
        )
        self._w3 = Web3(provider)

    def _request(self, method: str, *params: Any) -> dict[str, Any]:
        # Straight to the provider: web3's own `eth.call` asks for the chain id again before every call.
        try:
            return dict(self._w3.provider.make_request(RPCEndpoint(method), list(params)))
        except (RequestException, ValueError) as error:  # ValueError: the answer is no JSON
            raise NodeUnreachable(f"{method}: {type(error).__name__}") from None

    def _ask(self, method: str, *params: Any) -> Any:
        answer = self._request(method, *params)
        if "error" in answer:
            raise NodeRefused(_message(answer))
        return answer["result"]

    def simulate(self, sender: bytes, contract: Address, data: bytes, gas: int | None = None) -> bytes:
        """Runs a call without recording it, with at most `gas`.

        Raises the ContractError it would end with, NodeRefused when it ends without one, NodeUnreachable.
        """
        call = {"from": "0x" + sender.hex(), "to": "0x" + contract.hex(), "data": "0x" + data.hex()}
        if gas is not None:
            call["gas"] = hex(gas)
        answer = self._request("eth_call", call, "latest")
        if "error" in answer:
            error = answer["error"]
            revert = error.get("data") if isinstance(error, dict) else None
            if not isinstance(revert, str) or not revert.startswith("0x"):
                raise NodeRefused(_message(answer))
            raise decode_error(bytes.fromhex(revert.removeprefix("0x")), BY_SELECTOR)
        return bytes.fromhex(str(answer["result"])[2:])

    def read(self, contract: Address, view: View[T]) -> T:
        """Asks a contract a question."""
        return view.decode(self.simulate(bytes(20), contract, view.data))

    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return int(self._ask("eth_chainId"), 16)

    def block_number(self) -> int:
        """The newest block."""
        return int(self._ask("eth_blockNumber"), 16)

    def nonce(self, account: bytes) -> int:
        """How many transactions of the account are mined."""
        return int(self._ask("eth_getTransactionCount", Web3.to_checksum_address(account), "latest"), 16)

    def send(self, raw: bytes) -> None:
        """Hands a signed transaction to the node. Sending it again is harmless; raises TransactionRefused
        otherwise."""
        try:
            self._ask("eth_sendRawTransaction", "0x" + raw.hex())
        except NodeRefused as error:
            message = str(error).lower()
            if not any(known in message for known in KNOWN_ALREADY):
                raise TransactionRefused(str(error)) from None

    def succeeded(self, transaction_hash: bytes) -> bool | None:
        """Whether a mined transaction succeeded; None while it is not mined."""
        receipt = self._ask("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
        return None if receipt is None else int(receipt["status"], 16) == 1


def _message(answer: dict[str, Any]) -> str:
    error = answer["error"]
    return str(error.get("message", error) if isinstance(error, dict) else error)[:500]
