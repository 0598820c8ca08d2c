"""What went wrong, as RFC 9457 problems. Each says which field, what to do, and whether trying again can
help."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from contracts.abi import ContractError, UnknownContractError, code_text
from contracts.bindings.errors import BY_SELECTOR
from ledger_api.wire import hex_text

FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 403, 404, 409, 422

# Everything else a contract refuses is 422: the request is well formed and cannot be done as it stands.
STATUS: dict[int, tuple[str, ...]] = {
    FORBIDDEN: (
        "LicenceRegistryNotLicensed",
        "LicenceRegistryNotAdministrator",
        "LicenceRegistryNotInRole",
        "LicenceRegistryNotRegulator",
        "LicenceRegistrySecondKeyNeeded",
        "HouseholdRegistryNotOpenedBy",
        "ProgrammeRegistryNotDeliveryLedger",
        "FundLedgerMakerIsChecker",
        "FundLedgerNotTimeBank",
        "FundLedgerNotDeliveryLedger",
        "DeliveryLedgerMakerIsChecker",
        "DeliveryLedgerNotFieldAcceptance",
        "DeliveryLedgerNotOpenedBy",
        "DeliveryLedgerDeskNotAbove",
        "FieldAcceptanceNotIndependent",
        "RulebookNotOwner",
        "ServiceOrdersNotOrderedBy",
        "TimeBankNotFundLedger",
        "TimeBankSecondCoordinatorNeeded",
        "CaseLogDeskNotAbove",
        "SignedActsWrongSigner",
    ),
    NOT_FOUND: (
        "HouseholdRegistryUnknownHousehold",
        "RulebookUnknownVersion",
        "ProgrammeRegistryUnknownProgramme",
        "FundLedgerUnknownFund",
        "FundLedgerUnknownDonation",
        "FundLedgerUnknownTransfer",
        "DeliveryLedgerUnknownList",
        "DeliveryLedgerUnknownEntitlement",
        "ServiceOrdersUnknownOrder",
        "TimeBankUnknownService",
        "CaseLogUnknownCase",
    ),
    CONFLICT: (
        "LicenceRegistrySuspension",
        "HouseholdRegistryConflict",
        "RulebookConflict",
        "RulebookNotInForce",
        "ProgrammeRegistryConflict",
        "ProgrammeRegistryQuotaExceeded",
        "FundLedgerConflict",
        "FundLedgerNotEnough",
        "FundLedgerNotReleased",
        "FundLedgerTransferState",
        "FundLedgerAlreadyClaimed",
        "FundLedgerAlreadyDone",
        "DeliveryLedgerConflict",
        "DeliveryLedgerSeasonTaken",
        "DeliveryLedgerHouseholdClosed",
        "DeliveryLedgerEntitlementState",
        "DeliveryLedgerListState",
        "DeliveryLedgerListExpired",
        "DeliveryLedgerListNotExpired",
        "DeliveryLedgerDisputeTooLate",
        "FieldAcceptanceCardFieldUsed",
        "ServiceOrdersConflict",
        "ServiceOrdersState",
        "ServiceOrdersNotConfirmed",
        "DebtReliefConflict",
        "TimeBankConflict",
        "TimeBankAlreadyChosen",
        "TimeBankAlreadyDone",
        "TimeBankBequestNotDue",
        "CaseLogConflict",
        "CaseLogState",
        "CaseLogSameDesk",
        "CaseLogDeskCanHandle",
        "CaseLogNotNextReopening",
    ),
}
_STATUS_BY_NAME = {name: status for status, names in STATUS.items() for name in names}


@dataclass
class Problem(Exception):
    """An answer that refuses, with what the caller needs to mend it (RFC 9457 section 3)."""

    kind: str
    status: int
    title: str
    field: str
    remedy: str
    retry: bool = False
    detail: str = ""
    values: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.field}: {self.title} {self.detail}; {self.remedy}"

    def body(self) -> dict[str, Any]:
        """The JSON body; its media type is application/problem+json."""
        return {
            "type": f"/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.title,
            "field": self.field,
            "remedy": self.remedy,
            "retry": self.retry,
            "values": self.values,
        }


def kebab(name: str) -> str:
    """`FundLedgerNotEnough` -> `fund-ledger-not-enough`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def from_contract(error: ContractError) -> Problem:
    """The contract's own words, unchanged."""
    values = {k: hex_text(v) if isinstance(v, bytes) else v for k, v in error.values.items()}
    return Problem(
        kind=kebab(type(error).__name__),
        status=_STATUS_BY_NAME.get(type(error).__name__, UNPROCESSABLE),
        title=" ".join((type(error).__doc__ or "").split()),
        field=_field(error),
        remedy=error.REMEDY or "look at the values, or ask the operator of this service",
        retry=error.RETRY,
        detail=", ".join(f"{k} {v}" for k, v in values.items()),
        values=values,
    )


def _field(error: ContractError) -> str:
    """The input to look at; an error about a missing value names it in its own `field`, a code."""
    named = error.values.get("field")
    if error.FIELD == "field" and isinstance(named, bytes):
        return code_text(named) or error.FIELD
    return error.FIELD or "request"


# Problems of the office itself: kind -> (status, title, remedy, retry).
OWN: dict[str, tuple[int, str, str, bool]] = {
    "invalid-request": (422, "A value of the request cannot be used.", "correct the named field", False),
    "malformed-body": (
        400,
        "The body is not what this route reads.",
        "send the documented JSON or file",
        False,
    ),
    "body-too-large": (413, "The body is larger than this route reads.", "send it in parts", False),
    "not-signed-in": (401, "This route needs a staff API key.", "send `Authorization: Bearer <key>`", False),
    "not-found": (
        404,
        "There is no such record.",
        "correct the id or code; a new record takes a moment",
        True,
    ),
    "conflicting-record": (
        409,
        "The id is taken by a different record.",
        "make a new id for a new fact; send the same record again only unchanged",
        False,
    ),
    "statement-refused": (422, "The bank statement cannot be imported.", "see the named field", False),
    "node-unreachable": (503, "The chain's node does not answer.", "send the same request again later", True),
    "node-refused": (
        503,
        "The chain's node cannot answer this request now.",
        "send the same request again later, in smaller parts if it is large",
        True,
    ),
    "mirror-missing": (
        503,
        "The mirror of the chain is not there yet.",
        "have the operator start the indexer, then send the same request again",
        True,
    ),
    "internal-error": (
        500,
        "This service failed.",
        "send the same request again; sending again is safe",
        True,
    ),
    "too-many-requests": (429, "Too many requests from this caller.", "wait a moment and send again", True),
    "method-not-allowed": (405, "This route does not take this method.", "see the documented routes", False),
}


def own(kind: str, field: str, detail: str, remedy: str = "", **values: Any) -> Problem:
    """A problem of the office; `remedy` replaces the general one where more can be said."""
    status, title, general, retry = OWN[kind]
    return Problem(kind, status, title, field, remedy or general, retry, detail, values)


def documented() -> list[dict[str, Any]]:
    """Every problem there is, for the documented list."""
    contract = [from_contract(cls(*(b"" for _ in cls.COLUMNS))) for cls in BY_SELECTOR.values()]
    office = [Problem(kind, *row[:2], "", row[2], row[3]) for kind, row in OWN.items()]
    unknown = from_contract(UnknownContractError(b""))
    every = [*contract, *office, unknown]
    return [{k: v for k, v in p.body().items() if k not in ("detail", "values")} for p in every]
