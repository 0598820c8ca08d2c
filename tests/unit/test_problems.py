"""Every refusal there is, is a documented problem with a field, a remedy and a word on trying again."""

from __future__ import annotations

import json
import re

import pytest

from contracts.abi import ContractError, UnknownContractError
from contracts.bindings import errors
from contracts.bindings.errors import BY_SELECTOR
from ledger_api import problems
from ledger_api.problem_response import MEDIA_TYPE, ProblemResponse
from ledger_api.problems import OWN, STATUS, Problem, documented, from_contract, kebab, own

ERRORS = sorted(BY_SELECTOR.values(), key=lambda e: e.__name__)
VALUE = {"bytes32": bytes(31) + b"\x01", "address": b"\x01" * 20, "int": 7, "code": "SAR"}


def example(cls: type[ContractError]) -> ContractError:
    return cls(*(VALUE[column.kind] for column in cls.COLUMNS))


def test_every_generated_error_is_known_by_its_selector() -> None:
    generated = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, ContractError)}
    assert generated - {ContractError} == set(ERRORS)


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_a_contracts_error_names_field_remedy_and_retry(cls: type[ContractError]) -> None:
    problem = from_contract(example(cls))
    assert problem.kind == kebab(cls.__name__)
    assert 400 <= problem.status < 500
    assert problem.title == " ".join((cls.__doc__ or "").split()) != ""
    assert problem.field and problem.field != "request" and not re.search("[A-Z ]", problem.field)
    assert problem.remedy == cls.REMEDY != "" and problem.retry is cls.RETRY
    assert set(problem.values) == {column.name for column in cls.COLUMNS}
    json.dumps(problem.body())


def test_no_two_errors_have_one_type() -> None:
    kinds = [kebab(e.__name__) for e in ERRORS] + list(OWN) + [kebab(UnknownContractError.__name__)]
    assert len(kinds) == len(set(kinds))


def test_every_status_is_of_an_error_that_exists_and_of_one_only() -> None:
    named = [name for names in STATUS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= {e.__name__ for e in ERRORS}


FAMILIES = {"Conflict": 409, "State": 409, "NotEnough": 409, "AlreadyDone": 409, "MakerIsChecker": 403}
"""Errors of one ending say the same of whichever contract, and are answered alike."""


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_of_a_family_has_the_familys_status(cls: type[ContractError]) -> None:
    name, status = cls.__name__, from_contract(example(cls)).status
    for ending, wanted in FAMILIES.items():
        if name.endswith(ending) and name != "TimeBankNotEnough":
            assert status == wanted
    unknown = re.search("Unknown[A-Z]", name) is not None and name != "LicenceRegistryUnknownRoles"
    assert (status == 404) == unknown
    if re.search("Not(FundLedger|DeliveryLedger|TimeBank|FieldAcceptance)$", name):
        assert status == 403, "only another contract may do this"


def test_a_missing_value_is_named_by_its_own_name() -> None:
    for cls in (errors.FundLedgerMissing, errors.TimeBankMissing):
        assert from_contract(cls(b"donor".ljust(32, b"\0"))).field == "donor"


def test_a_revert_without_a_known_reason_is_a_problem_too() -> None:
    problem = from_contract(UnknownContractError(b"\x12"))
    assert (problem.field, problem.status, problem.values) == ("request", 422, {"data": "0x12"})
    assert problem.remedy


@pytest.mark.parametrize("kind", OWN)
def test_an_office_problem_names_remedy_and_retry(kind: str) -> None:
    status, title, remedy, retry = OWN[kind]
    problem = own(kind, "a field", "a detail")
    assert 400 <= status < 600 and title.endswith(".") and remedy and kind == kebab(kind)
    assert (problem.status, problem.field, problem.detail) == (status, "a field", "a detail")
    assert (problem.remedy, problem.retry) == (remedy, retry)
    assert own(kind, "f", "d", "another remedy").remedy == "another remedy"


def test_an_unknown_office_problem_is_a_fault() -> None:
    with pytest.raises(KeyError):
        own("no-such-problem", "f", "d")


def test_the_documented_list_is_complete() -> None:
    types = [p["type"] for p in documented()]
    kinds = [kebab(e.__name__) for e in ERRORS] + list(OWN) + ["unknown-contract-error"]
    assert sorted(types) == sorted(f"/problems/{kind}" for kind in kinds)
    for problem in documented():
        assert set(problem) == {"type", "title", "status", "field", "remedy", "retry"}
        assert problem["title"] and problem["remedy"]


def test_the_documented_list_says_what_an_answer_says() -> None:
    listed = {p["type"]: p for p in documented()}
    for cls in ERRORS:
        body = from_contract(example(cls)).body()
        told = ("type", "title", "status", "remedy", "retry")
        assert {k: body[k] for k in told} == {k: listed[body["type"]][k] for k in told}


@pytest.mark.parametrize(
    ("status", "header"), [(401, "www-authenticate"), (429, "retry-after"), (503, "retry-after"), (422, None)]
)
def test_an_answer_has_the_headers_its_status_asks_for(status: int, header: str | None) -> None:
    response = ProblemResponse(Problem("k", status, "t", "f", "r"))
    assert response.status_code == status and response.headers["content-type"] == MEDIA_TYPE
    extra = set(response.headers) - {"content-type", "content-length"}
    assert extra == ({header} if header else set())


def test_an_answer_can_say_any_name_a_caller_made_up() -> None:
    body = ProblemResponse(problems.own("invalid-request", "half \ud800", "d")).body
    assert json.loads(bytes(body))["field"] == "half \ud800"
