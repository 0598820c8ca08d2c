"""Generates `contracts/bindings/` from the compiled contracts: `python -m contracts.generate`.

The rule is written once, in Solidity: names, types, units (in the names), what an error means, which field it is
about, what to do and whether trying again can help all come from the ABI and NatSpec. Never edit what this writes.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from eth_utils import keccak

HERE = Path(__file__).parent
ARTIFACTS = HERE.parent / ".build" / "contracts"
SOURCES = HERE / "src"
BINDINGS = HERE / "bindings"
# DonationToken and AidToken are left out: they are views for wallets, which know ERC-721.
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
)

# From OpenZeppelin or the base contract, and still part of what our readers need.
STANDARD = ("genesisHash", "balanceOf", "totalSupply", "Transfer")

Json = dict[str, Any]


def snake(name: str) -> str:
    """`untilUnixS` -> `until_unix_s`; a Python keyword gets an underscore behind it."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("_")).lower()
    return text + "_" if keyword.iskeyword(text) else text


def wrapped(text: str, indent: str) -> str:
    """A docstring body, wrapped below 110 columns."""
    return ("\n" + indent).join(textwrap.wrap(" ".join(text.split()), 108 - len(indent)))


class Types:
    """ABI types in Python: how they are annotated, encoded, decoded and stored."""

    def size(self, p: Json) -> int:
        """How many words a static parameter takes: one, but for nested structs and arrays of fixed length."""
        if p["type"] == "tuple":
            return sum(self.size(c) for c in p["components"])
        element, length = _fixed_array(p)
        return length * self.size(element) if length else 1

    def kind(self, p: Json) -> str:
        """The storage kind of a static parameter of one word."""
        if p["type"] == "address":
            return "address"
        if p["type"] == "bytes32":
            return "code" if p["internalType"] == "Code" else "bytes32"
        if p["type"].startswith("uint") or p["type"] == "bool":
            return "int"
        raise SystemExit(
            f"contracts.generate: {p['name']} has type {p['type']}, which no binding handles yet"
        )

    def python(self, p: Json) -> str:
        """The annotation of a static parameter."""
        if p["type"] == "tuple":
            return _struct_name(p)
        element, length = _fixed_array(p)
        if length:
            return f"tuple[{self.python(element)}, ...]"
        kind = self.kind(p)
        if kind == "address":
            return "Address"
        if kind == "code":
            return "str"
        if kind == "bytes32":
            return str(p["internalType"]) if p["internalType"].endswith("Id") else "bytes"
        if p["internalType"].startswith("enum "):
            return str(p["internalType"]).split(".")[-1]
        return "bool" if p["type"] == "bool" else "int"

    def word(self, p: Json, value: str) -> str:
        """The expression that encodes `value` as its word or words."""
        if p["type"] == "tuple":
            return f"{value}.words()"
        element, length = _fixed_array(p)
        if length:
            items = f"[{self.word(element, 'item')} for item in {value}]"
            return f"fixed_words({items}, {length}, {json.dumps(p['name'])})"
        kind, name = self.kind(p), json.dumps(p["name"])
        if p["type"] == "bool":
            return f"bool_word({value}, {name})"
        if kind == "int":
            return f"uint_word({value}, {int(p['type'][4:])}, {name})"
        return f"{kind}_word({value}, {name})"

    def from_word(self, p: Json, word: str) -> str:
        """The expression that decodes the bytes of a word, or of a nested struct's words."""
        if p["type"] == "tuple":
            return f"{_struct_name(p)}.from_words({word})"
        kind, python = self.kind(p), self.python(p)
        if kind == "int":
            number = f'int.from_bytes({word}, "big")'
            return f"{python}({number})" if python != "int" else number
        if kind == "code":
            return f"code_text({word})"
        inner = f"{word}[12:]" if kind == "address" else word
        return f"{python}({inner})" if python != "bytes" else inner

    def from_hex(self, p: Json, text: str) -> str:
        """The expression that decodes the 64 hex characters of a word: the indexer's fast path."""
        kind, python = self.kind(p), self.python(p)
        if kind == "int":
            return f"{python}(int({text}, 16))" if python != "int" else f"int({text}, 16)"
        if kind == "code":
            return f"code_text(fromhex({text}))"
        inner = f"fromhex({text})" + ("[12:]" if kind == "address" else "")
        return f"{python}({inner})" if python != "bytes" else inner


def _fixed_array(p: Json) -> tuple[Json, int]:
    """The element and length of an array of fixed length; length 0 for anything else."""
    match = re.fullmatch(r"(.+)\[(\d+)\]", p["type"])
    if match is None:
        return p, 0
    inner = re.sub(r"\[\d+\]$", "", p["internalType"])
    return {**p, "type": match[1], "internalType": inner}, int(match[2])


def _struct_name(p: Json) -> str:
    return str(p["internalType"]).removeprefix("struct ").split(".")[-1].removesuffix("[]")


def _parameters(entry: Json) -> Iterator[Json]:
    for p in [*entry.get("inputs", []), *entry.get("outputs", [])]:
        yield from _flat(p)


def _flat(p: Json) -> Iterator[Json]:
    if "components" in p:
        for c in p["components"]:
            yield from _flat(c)
    else:
        yield p


def signature(entry: Json) -> str:
    """`donate(bytes32,(bytes32,address)[])`."""

    def name(p: Json) -> str:
        if p["type"].startswith("tuple"):
            return f"({','.join(map(name, p['components']))}){p['type'][5:]}"
        return str(p["type"])

    return str(entry["name"]) + "(" + ",".join(map(name, entry["inputs"])) + ")"


def notice(artifact: Json, section: str, sig: str) -> str:
    """NatSpec @notice of an event, function or error."""
    found = artifact["userdoc"].get(section, {}).get(sig, {})
    if isinstance(found, list):
        found = found[0] if found else {}
    return str(found.get("notice", ""))


def own(artifact: Json, kind: str) -> list[Json]:
    """The ABI entries of a kind that belong to our interfaces, sorted by name (not what OpenZeppelin brings)."""
    return sorted(
        (e for e in artifact["abi"] if e["type"] == kind and _ours(artifact, e)), key=lambda e: str(e["name"])
    )


def _ours(artifact: Json, entry: Json) -> bool:
    if entry["type"] == "error":
        return re.match(rf"({artifact['contractName']}|SignedActs)[A-Z]", entry["name"]) is not None
    text = (SOURCES / "interfaces" / f"I{artifact['contractName']}.sol").read_text()
    word = "event" if entry["type"] == "event" else "function"
    return re.search(rf"\b{word} {entry['name']}\b", text) is not None or entry["name"] in STANDARD


# --- Parts of a module


def enum_source(source: str) -> Iterator[str]:
    """Python IntEnums for the enums of an interface."""
    for doc, name, body in re.findall(r"/// @notice ([^\n]*)\n\s*enum (\w+) \{([^}]*)\}", source):
        members = "\n".join(f"    {snake(m.strip()).upper()} = {i}" for i, m in enumerate(body.split(",")))
        yield f'class {name}(IntEnum):\n    """{doc}"""\n\n{members}\n'


def struct_source(types: Types, artifact: Json) -> Iterator[str]:
    """NamedTuples for the structs of functions: `words` encodes, `from_words` decodes."""
    seen: dict[str, Json] = {}
    for e in own(artifact, "function"):
        for p in [*e["inputs"], *e["outputs"]]:
            _collect_structs(p, seen)
    for name, p in sorted(seen.items()):
        fields = p["components"]
        body = "\n".join(f"    {snake(f['name'])}: {types.python(f)}" for f in fields)
        words = ",\n                ".join(types.word(f, f"self.{snake(f['name'])}") for f in fields)
        yield (
            f'class {name}(NamedTuple):\n    """Struct `{name}` of {artifact["contractName"]}."""\n\n{body}\n\n'
            f"    def words(self) -> bytes:\n"
            f'        """ABI words; raises BadValue naming the field that does not fit."""\n'
            f'        return b"".join(\n            (\n                {words},\n            )\n        )\n\n'
            f"    @classmethod\n    def from_words(cls, data: bytes) -> {name}:\n"
            f'        """From the ABI words of an answer."""\n'
            f"        return cls(\n            {_decoded(types, fields)},\n        )\n"
        )


def _collect_structs(p: Json, seen: dict[str, Json]) -> None:
    if "components" in p:
        seen[_struct_name(p)] = p
        for c in p["components"]:
            _collect_structs(c, seen)


def _decoded(types: Types, fields: list[Json]) -> str:
    """The expressions that decode a struct's fields from `data`."""
    values, at = [], 0
    for f in fields:
        element, length = _fixed_array(f)
        step = 32 * types.size(element)
        parts = [
            types.from_word(element, f"data[{at + i * step}:{at + (i + 1) * step}]")
            for i in range(length or 1)
        ]
        values.append(f"({', '.join(parts)},)" if length else parts[0])
        at += 32 * types.size(f)
    return ",\n            ".join(values)


def event_source(types: Types, artifact: Json) -> Iterator[str]:
    """A NamedTuple and a slot decoder for each event, then the contract's table of events."""
    rows = []
    contract = artifact["contractName"]
    for e in own(artifact, "event"):
        name, sig = e["name"], signature(e)
        topic, slot, parts = 1, 0, []
        for p in e["inputs"]:
            if p["indexed"]:
                parts.append(types.from_hex(p, f"topics[{topic}][2:]"))
                topic += 1
            else:
                parts.append(types.from_hex(p, f"data[{2 + 64 * slot}:{66 + 64 * slot}]"))
                slot += 1
        body = "\n".join(f"    {snake(p['name'])}: {types.python(p)}" for p in e["inputs"])
        doc = notice(artifact, "events", sig) or f"Event `{name}`."
        yield (
            f'class {name}(NamedTuple):\n    """{wrapped(doc, "    ")}"""\n\n{body}\n\n\n'
            f"def _decode_{snake(name)}(topics: Sequence[str], data: str) -> {name}:\n"
            f"    return {name}(\n        " + ",\n        ".join(parts) + ",\n    )\n"
        )
        columns = ", ".join(f'Column("{snake(p["name"])}", "{types.kind(p)}")' for p in e["inputs"])
        rows.append(
            f'    Event(\n        "{contract}",\n        "{name}",\n        "0x{keccak(text=sig).hex()}",\n'
            f"        ({columns},),\n        _decode_{snake(name)},\n    ),"
        )
    yield "EVENTS: tuple[Event, ...] = (\n" + "\n".join(rows) + "\n)\n"


def function_source(types: Types, artifact: Json) -> Iterator[str]:
    """A calldata builder for each act and a View for each question."""
    for e in own(artifact, "function"):
        name, sig = snake(e["name"]), signature(e)
        arguments, words, items = [], [], "None"
        for p in e["inputs"]:
            python_name = snake(p["name"] or "key")
            if p["type"] == "tuple[]":
                arguments.append(f"{python_name}: Sequence[{_struct_name(p)}]")
                items = f"[item.words() for item in {python_name}]"
            elif p["type"].endswith("[]"):
                element = {**p, "type": p["type"][:-2], "internalType": p["internalType"][:-2]}
                arguments.append(f"{python_name}: Sequence[{types.python(element)}]")
                items = f"[{types.word(element, 'item')} for item in {python_name}]"
            else:
                arguments.append(f"{python_name}: {types.python(p)}")
                words.append(types.word(p, python_name))
        call = f"calldata({name.upper()}, [{', '.join(words)}], {items})"
        doc = notice(artifact, "methods", sig) or f"`{sig}`."
        view = e["stateMutability"] in ("view", "pure")
        result, body = _answer(types, e["outputs"], call) if view else ("bytes", call)
        yield (
            f'{name.upper()} = bytes.fromhex("{keccak(text=sig)[:4].hex()}")\n\n\n'
            f"def {name}({', '.join(arguments)}) -> {result}:\n"
            f'    """{wrapped(doc, "    ")}"""\n    return {body}\n'
        )


def _answer(types: Types, outputs: list[Json], call: str) -> tuple[str, str]:
    if not outputs:
        return "View[None]", f"View({call}, lambda data: None)"
    (p,) = outputs
    if p["type"] == "tuple":
        return f"View[{_struct_name(p)}]", f"View({call}, {_struct_name(p)}.from_words)"
    return f"View[{types.python(p)}]", f"View({call}, lambda data: {types.from_word(p, 'data[:32]')})"


def typed_names(abis: Iterable[list[Json]]) -> dict[str, str]:
    """Our types for `bytes32` fields of EIP-712 structs, by the field's name; the first ABI that knows it decides."""
    named: dict[str, str] = {}
    for p in (p for abi in abis for entry in abi for p in _parameters(entry)):
        if p["type"] == "bytes32" and p["internalType"] != "bytes32":
            named.setdefault(p["name"], p["internalType"])
    return named


def typed_data_source(types: Types, artifact: Json, named: dict[str, str]) -> Iterator[str]:
    """The EIP-712 structs that the contract checks, from its type strings, and its domain."""
    contract = artifact["contractName"]
    source = (SOURCES / f"{contract}.sol").read_text()
    found = re.findall(r'keccak256\(\s*"(\w+)\(([^)]*)\)"\s*\)', source)
    for name, body in found:
        fields = [dict(zip(("type", "name"), f.split(" "), strict=True)) for f in body.split(",")]
        for f in fields:
            f["internalType"] = named.get(f["name"], f["type"]) if f["type"] == "bytes32" else f["type"]
        lines = "\n".join(f"    {snake(f['name'])}: {types.python(f)}" for f in fields)
        words = ",\n                ".join(types.word(f, f"self.{snake(f['name'])}") for f in fields)
        listed = ", ".join(f'("{f["name"]}", "{f["type"]}")' for f in fields)
        yield (
            f'class {name}(NamedTuple):\n    """EIP-712 struct `{name}`, checked by {contract}."""\n\n{lines}\n\n'
            f"    def struct_hash(self) -> bytes:\n"
            f'        """EIP-712 `hashStruct`: 32 bytes; raises BadValue naming the field that does not fit."""\n'
            f'        return keccak(\n            b"".join(\n                (\n'
            f"                {name.upper()}_TYPE_HASH,\n"
            f"                {words},\n                )\n            )\n        )\n\n\n"
            f'{name.upper()}_TYPE_HASH = bytes.fromhex(\n    "{keccak(text=f"{name}({body})").hex()}"\n)\n'
            f"{name.upper()}_FIELDS = ({listed},)\n"
        )
    title = re.search(r'SignedActs\("([^"]+)"', source)
    if title:
        yield (
            f"def domain(chain_id: int, contract: Address) -> Domain:\n"
            f'    """EIP-712 domain of a deployed {contract}."""\n'
            f'    return Domain("{title[1]}", "1", chain_id, contract)\n'
        )


# --- Modules

HEADER = (
    '"""{doc}\n\nGenerated by `python -m contracts.generate`; do not edit.\n"""\n\n'
    "from __future__ import annotations\n\n"
)


def contract_module(types: Types, artifact: Json, named: dict[str, str]) -> str:
    """The module of one contract."""
    contract = artifact["contractName"]
    interface = (SOURCES / "interfaces" / f"I{contract}.sol").read_text()
    title = re.search(r"/// @title (.*)", interface)
    parts = [
        *enum_source(interface),
        *struct_source(types, artifact),
        *event_source(types, artifact),
        *function_source(types, artifact),
        *typed_data_source(types, artifact, named),
    ]
    body = "\n\n".join(parts)
    return HEADER.format(doc=f"{contract}: {title[1] if title else ''}") + imports(body) + "\n\n" + body


def imports(body: str) -> str:
    """The import lines that a module body needs."""

    def used(names: Iterable[str]) -> list[str]:
        return [n for n in names if re.search(rf"\b{n}\b", body)]

    lines = []
    if used(["Sequence"]):
        lines.append("from collections.abc import Sequence")
    if used(["IntEnum"]):
        lines.append("from enum import IntEnum")
    if used(["NamedTuple"]):
        lines.append("from typing import NamedTuple")
    lines.append("")
    runtime = used(
        [
            "Address",
            "Column",
            "ContractError",
            "Domain",
            "Event",
            "View",
            "address_word",
            "bool_word",
            "bytes32_word",
            "calldata",
            "code_text",
            "code_word",
            "fixed_words",
            "uint_word",
        ]
    )
    if runtime:
        lines.append(f"from contracts.abi import {', '.join(runtime)}")
    ids = used(id_names())
    if ids:
        lines.append(f"from contracts.bindings.ids import {', '.join(ids)}")
    if used(["keccak"]):
        lines.append("from contracts.keccak import keccak")
    if "fromhex(" in body.replace("bytes.fromhex(", ""):
        lines += ["", "fromhex = bytes.fromhex"]
    return "\n".join(lines) + "\n"


def id_names() -> list[str]:
    """The typed ids of `types/Ids.sol`."""
    return sorted(re.findall(r"type (\w+Id) is bytes32", (SOURCES / "types" / "Ids.sol").read_text()))


def ids_module() -> str:
    """NewTypes for the typed ids and the Role flags."""
    roles = re.findall(
        r"/// @notice ([^\n]*)\n\s*uint16 internal constant (\w+) = (\d+);",
        (SOURCES / "types" / "Roles.sol").read_text(),
    )
    members = "\n".join(
        f'    {name} = {value}\n    """{doc}"""' for doc, name, value in roles if name != "ALL"
    )
    lines = "\n".join(f'{name} = NewType("{name}", bytes)' for name in id_names())
    return (
        HEADER.format(doc="Typed ids (32 bytes each) and operators' roles.")
        + "from enum import IntFlag\nfrom typing import NewType\n\n"
        + lines
        + f'\n\n\nclass Role(IntFlag):\n    """What a staff key may do for its organisation."""\n\n{members}\n'
    )


def errors_module(types: Types, artifacts: list[Json]) -> str:
    """One exception for each custom error, whichever contract raises it."""
    classes: dict[str, str] = {}
    table = {}
    for artifact in artifacts:
        for e in own(artifact, "error"):
            sig = signature(e)
            tags = (artifact["devdoc"].get("errors", {}).get(sig) or [{}])[0]
            missing = {"custom:field", "custom:remedy", "custom:retry"} - set(tags)
            if missing or not notice(artifact, "errors", sig):
                raise SystemExit(
                    f"contracts.generate: error {sig} lacks NatSpec {sorted(missing) or '@notice'}"
                )
            columns = ", ".join(f'Column("{snake(p["name"])}", "{types.kind(p)}")' for p in e["inputs"])
            classes[e["name"]] = (
                f'class {e["name"]}(ContractError):\n    """{wrapped(notice(artifact, "errors", sig), "    ")}"""\n\n'
                f'    SIGNATURE = "{sig}"\n    FIELD = "{snake(tags["custom:field"])}"\n'
                f"    REMEDY = {json.dumps(tags['custom:remedy'])}\n    RETRY = {tags['custom:retry'] == 'yes'}\n"
                f"    COLUMNS = ({columns}{',' if columns else ''})\n"
            )
            table[e["name"]] = f'    bytes.fromhex("{keccak(text=sig)[:4].hex()}"): {e["name"]},'
    body = "\n\n".join(classes[name] for name in sorted(classes))
    body += "\n\nBY_SELECTOR: dict[bytes, type[ContractError]] = {\n"
    body += "\n".join(table[name] for name in sorted(table)) + "\n}\n"
    return HEADER.format(doc="What the contracts refuse, as exceptions.") + imports(body) + "\n\n" + body


def main() -> None:
    """Writes every module of `contracts/bindings/`."""
    artifacts = [json.loads((ARTIFACTS / f"{name}.json").read_text()) for name in CONTRACTS]
    types = Types()
    modules = {"ids": ids_module(), "errors": errors_module(types, artifacts)}
    for a in artifacts:
        # One name may mean different things to two contracts, so the contract's own meaning goes first.
        named = typed_names([a["abi"], *(other["abi"] for other in artifacts)])
        modules[snake(a["contractName"])] = contract_module(types, a, named)
    for old in BINDINGS.glob("*.py"):
        if old.stem not in modules and old.stem != "__init__":
            old.unlink()
    for name, text in modules.items():
        (BINDINGS / f"{name}.py").write_text(text)
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "110", BINDINGS], check=True
    )
    print(f"contracts.generate: {len(modules)} modules", file=sys.stderr)


if __name__ == "__main__":
    main()
