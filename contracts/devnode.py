"""How the development node is started, wherever it is (DESIGN section 4).

`--hardfork paris`, since newer forks slow down with every block here; `--mixed-mining`, since plain automine once left
transactions in a full pool; gas costs nothing, so nobody needs a balance.
"""

from __future__ import annotations

from pathlib import Path

ANVIL = Path(__file__).resolve().parent / "node_modules" / ".bin" / "anvil"
GAS_LIMIT = 1_000_000_000
SAVE_EVERY_S = 30


def command(
    port: int, *, chain_id: int = 31337, block_time_s: int = 1, state: Path | None = None
) -> list[str]:
    """The node's command line. Port 0 lets it choose; `state` keeps the chain in a file.

    Raises FileNotFoundError when the node is not installed.
    """
    if not ANVIL.exists():
        raise FileNotFoundError(f"{ANVIL}: no such program; run scripts/setup")
    options: dict[str, object] = {
        "port": port,
        "chain-id": chain_id,
        "hardfork": "paris",
        "block-time": block_time_s,
        "gas-limit": GAS_LIMIT,
        "gas-price": 0,
        "base-fee": 0,
        "accounts": 1,
    }
    if state is not None:
        options |= {"state": state, "state-interval": SAVE_EVERY_S}
    return [
        str(ANVIL),
        "--mixed-mining",
        *(text for name, value in options.items() for text in (f"--{name}", str(value))),
    ]
