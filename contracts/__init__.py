"""The rules of the ledger: Solidity sources, the tools that compile them and their Python bindings."""
