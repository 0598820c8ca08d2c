"""Every custom error the contracts declare is provoked by a forge test: none is only a promise."""

import re

from contracts.compile import ROOT

SOURCES = ROOT / "contracts/src"
FORGE_TESTS = ROOT / "tests/forge"

DECLARED = re.compile(r"^\s*error\s+(\w+)\s*\(", re.MULTILINE)
NAMED = re.compile(r"\bI\w+\.(\w+)\.selector\b")
# `vm.expectRevert(`, `vm.expectPartialRevert(`, or a helper that is handed the reason a call must fail for.
EXPECTS = re.compile(r"\b(?:expectRevert|expectPartialRevert|_assert\w*|_grantMustFail)\s*\(")
# A reason that a test keeps in a variable or gets from a function, to expect it more than once.
KEPT = re.compile(r"\bbytes memory (\w+)\s*=\s*([^;]*);")
RETURNED = re.compile(r"\bfunction (\w+)\([^{;]*returns \(bytes memory\)\s*\{(.*?)\n    \}", re.DOTALL)


def declared_errors() -> dict[str, str]:
    """Where each error is declared: in an interface, or (which is no better) in a contract or library itself."""
    return {name: path.stem for path in SOURCES.rglob("*.sol") for name in DECLARED.findall(path.read_text())}


def arguments(source: str, opening: int) -> str:
    """What stands between the bracket at `opening` and the one that closes it."""
    depth = 0
    for end in range(opening, len(source)):
        depth += {"(": 1, ")": -1}.get(source[end], 0)
        if depth == 0:
            return source[opening + 1 : end]
    raise ValueError(f"a bracket is not closed: {source[opening : opening + 60]}")


def expected_errors(source: str) -> set[str]:
    """The errors a test file expects, directly or through a named reason."""
    reasons: dict[str, set[str]] = {}
    for name, body in KEPT.findall(source) + RETURNED.findall(source):
        reasons.setdefault(name, set()).update(NAMED.findall(body))
    found: set[str] = set()
    for match in EXPECTS.finditer(source):
        inside = arguments(source, match.end() - 1)
        found.update(NAMED.findall(inside))
        for word in re.findall(r"\w+", inside):
            found |= reasons.get(word, set())
    return found


def test_every_declared_error_is_expected_by_a_forge_test():
    expected: set[str] = set()
    for path in FORGE_TESTS.rglob("*.t.sol"):
        expected |= expected_errors(path.read_text())
    missing = {name: source for name, source in declared_errors().items() if name not in expected}
    assert missing == {}, "provoke these in tests/forge with vm.expectRevert"


def test_the_errors_of_every_interface_are_read():
    interfaces = {path.stem for path in (SOURCES / "interfaces").glob("*.sol")}
    declaring = set(declared_errors().values())
    assert len(declared_errors()) > 120
    assert declaring <= interfaces, "errors stand on interfaces, with their remedy"
    # Interfaces of which every refusal is another contract's, or that are somebody else's standard.
    assert interfaces - declaring <= {"IERC5192"}


def test_an_error_that_is_only_mentioned_does_not_count():
    source = """
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.Seen.selector, _f(1)));
        bytes memory reason = abi.encodeWithSelector(IFundLedger.Kept.selector, 1);
        bytes memory unused = abi.encodeWithSelector(IFundLedger.Unused.selector, 1);
        vm.expectRevert(reason);
        assertEq(selector, IFundLedger.Mentioned.selector);
    """
    assert expected_errors(source) == {"Seen", "Kept"}
