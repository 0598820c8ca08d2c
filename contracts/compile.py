"""Compile contracts/src into .build/contracts/<Name>.json: `python -m contracts.compile`.

The compiler, its settings and the remappings are read from foundry.toml, and sources are named as forge names
them, so that the bytecode is the one `forge test` has tested. Nothing is done when nothing changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / ".build" / "contracts"
STAMP = ARTIFACTS / ".stamp"


def profile() -> dict[str, Any]:
    """The default profile of foundry.toml."""
    with (ROOT / "foundry.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["profile"]["default"]
    return found


def sources(foundry: dict[str, Any]) -> list[Path]:
    """All our Solidity files; what they import from npm is found by the compiler."""
    return sorted((ROOT / foundry["src"]).rglob("*.sol"))


def standard_json(foundry: dict[str, Any], files: list[Path]) -> dict[str, Any]:
    """The input of `solc --standard-json`, with the settings that forge uses."""
    return {
        "language": "Solidity",
        "sources": {
            file.relative_to(ROOT).as_posix(): {"content": file.read_text(encoding="utf-8")} for file in files
        },
        "settings": {
            "remappings": foundry["remappings"],
            "optimizer": {"enabled": foundry["optimizer"], "runs": foundry["optimizer_runs"]},
            "evmVersion": foundry["evm_version"],
            "viaIR": foundry["via_ir"],
            "metadata": {"bytecodeHash": foundry["bytecode_hash"], "appendCBOR": foundry["cbor_metadata"]},
            "outputSelection": {
                "*": {
                    "": ["ast"],
                    "*": ["abi", "userdoc", "devdoc", "evm.bytecode.object", "evm.deployedBytecode.object"],
                }
            },
        },
    }


def fingerprint(request: dict[str, Any]) -> str:
    """Changes whenever the output could: our sources and settings, the tools, the npm packages."""
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode())
    for name in ("compile.py", "solc.js", "package-lock.json"):
        digest.update((ROOT / "contracts" / name).read_bytes())
    return digest.hexdigest()


def deployable(output: dict[str, Any], top: str) -> dict[str, dict[str, Any]]:
    """Artifacts, by name, of the contracts that stand directly in the folder `top` and can be deployed."""
    artifacts: dict[str, dict[str, Any]] = {}
    for source, unit in output["sources"].items():
        if Path(source).parent.as_posix() != top:
            continue
        for node in unit["ast"]["nodes"]:
            if node.get("contractKind") != "contract" or node["abstract"]:
                continue
            name = node["name"]
            if name in artifacts:
                raise ValueError(
                    f"two contracts are named {name}: {artifacts[name]['sourceName']} and {source}"
                )
            contract = output["contracts"][source][name]
            evm = contract["evm"]
            if "__$" in evm["bytecode"]["object"]:
                raise ValueError(f"{name} needs a linked library; make the library's functions internal")
            artifacts[name] = {
                "contractName": name,
                "sourceName": source,
                "abi": contract["abi"],
                "userdoc": contract["userdoc"],
                "devdoc": contract["devdoc"],
                "bytecode": "0x" + evm["bytecode"]["object"],
                "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
            }
    return artifacts


def up_to_date(mark: str) -> bool:
    """Whether the artifacts on disk were made from exactly this input."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return stamp["fingerprint"] == mark and all(
        (ARTIFACTS / f"{name}.json").is_file() for name in stamp["names"]
    )


def write(artifacts: dict[str, dict[str, Any]], mark: str) -> None:
    """Replace the artifacts on disk, the stamp last, each file whole."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    STAMP.unlink(missing_ok=True)
    for old in ARTIFACTS.glob("*.json"):
        if old.stem not in artifacts:
            old.unlink()
    stamp = {"fingerprint": mark, "names": sorted(artifacts)}
    texts = {ARTIFACTS / f"{name}.json": artifact for name, artifact in artifacts.items()} | {STAMP: stamp}
    for path, value in texts.items():
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)


def main() -> int:
    """Compile if needed; 0 on success, 1 when the compiler found an error."""
    foundry = profile()
    files = sources(foundry)
    if not files:
        print(f"contracts: no Solidity files in {foundry['src']}")
        return 0
    request = standard_json(foundry, files)
    mark = fingerprint(request)
    if up_to_date(mark):
        return 0

    import solcx
    from solcx.exceptions import SolcError

    print(f"contracts: compiling {len(files)} files ...", flush=True)
    start = time.monotonic()
    try:
        output = solcx.compile_standard(request, base_path=ROOT, solc_binary=ROOT / foundry["solc"])
        messages, artifacts = output.get("errors", []), deployable(output, foundry["src"])
    except SolcError as error:
        if not error.error_dict:
            print(f"contracts: the compiler did not run: {error.stderr_data or error}", file=sys.stderr)
            return 1
        messages, artifacts = error.error_dict, None
    except ValueError as error:
        print(f"contracts: {error}", file=sys.stderr)
        return 1
    for message in messages:
        print(message["formattedMessage"].strip() + "\n", file=sys.stderr)
    if artifacts is None:
        print("contracts: the compiler found errors, see above", file=sys.stderr)
        return 1
    write(artifacts, mark)
    print(f"contracts: {len(artifacts)} compiled in {time.monotonic() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
