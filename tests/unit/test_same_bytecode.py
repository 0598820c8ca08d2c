"""What is deployed (py-solc-x) is what was tested (forge): the same bytes."""

import json
import subprocess

import pytest

from contracts import compile as compiler

FOUNDRY = compiler.profile()
FORGE = compiler.ROOT / "contracts/node_modules/.bin/forge"


def unordered(abi):
    """The ABI without its order, which forge changes."""
    return sorted(json.dumps(entry, sort_keys=True) for entry in abi)


@pytest.fixture(scope="module")
def ours():
    assert compiler.main() == 0
    artifacts = [json.loads(path.read_text()) for path in sorted(compiler.ARTIFACTS.glob("*.json"))]
    assert artifacts, "contracts/src holds no deployable contract"
    return artifacts


@pytest.fixture(scope="module")
def theirs():
    """Forge's artifact of a contract, by its source file and name."""
    subprocess.run([FORGE, "build", FOUNDRY["src"]], cwd=compiler.ROOT, check=True)
    out = compiler.ROOT / FOUNDRY["out"]

    def artifact(ours):
        source = ours["sourceName"].rsplit("/", 1)[1]
        found = json.loads((out / source / f"{ours['contractName']}.json").read_text())
        assert ours["sourceName"] in found["metadata"]["settings"]["compilationTarget"]
        return found

    return artifact


@pytest.mark.timeout(600)
def test_forge_and_solcx_make_the_same_bytecode(ours, theirs):
    for artifact in ours:
        forge = theirs(artifact)
        name = artifact["contractName"]
        assert unordered(artifact["abi"]) == unordered(forge["abi"]), name
        assert artifact["bytecode"] == forge["bytecode"]["object"], name
        assert artifact["deployedBytecode"] == forge["deployedBytecode"]["object"], name
