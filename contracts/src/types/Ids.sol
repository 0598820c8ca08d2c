// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

// Ids are made by whoever first knows the fact (DESIGN section 1, idea 7) and are typed, so that swapping two of them
// does not compile. Zero is never an id.

type OrganisationId is bytes32;
type RuleId is bytes32;
type ProgrammeId is bytes32;
type FundId is bytes32;
type DonationId is bytes32;
type FeeId is bytes32;
type RefundId is bytes32;
type TransferId is bytes32;
type ReassignmentId is bytes32;
type PaymentListId is bytes32;
type EntitlementId is bytes32;
type ReturnId is bytes32;
type OrderId is bytes32;
type DebtId is bytes32;
type ServiceId is bytes32;
type RedemptionId is bytes32;
type HeirNamingId is bytes32;
type CaseId is bytes32;

/// @dev A short printable ASCII word padded with zeros: a unit, a head, a channel, a reason. Settings, not enums.
type Code is bytes32;

function sameOrganisation(OrganisationId a, OrganisationId b) pure returns (bool) {
    return OrganisationId.unwrap(a) == OrganisationId.unwrap(b);
}

function sameProgramme(ProgrammeId a, ProgrammeId b) pure returns (bool) {
    return ProgrammeId.unwrap(a) == ProgrammeId.unwrap(b);
}

function sameFund(FundId a, FundId b) pure returns (bool) {
    return FundId.unwrap(a) == FundId.unwrap(b);
}

function sameEntitlement(EntitlementId a, EntitlementId b) pure returns (bool) {
    return EntitlementId.unwrap(a) == EntitlementId.unwrap(b);
}

function sameRule(RuleId a, RuleId b) pure returns (bool) {
    return RuleId.unwrap(a) == RuleId.unwrap(b);
}

function sameCode(Code a, Code b) pure returns (bool) {
    return Code.unwrap(a) == Code.unwrap(b);
}

/// @dev The unit of a fund that holds minutes of volunteers' service.
Code constant MINUTES = Code.wrap("MIN");

using {sameOrganisation as ==} for OrganisationId global;
using {sameProgramme as ==} for ProgrammeId global;
using {sameFund as ==} for FundId global;
using {sameEntitlement as ==} for EntitlementId global;
using {sameRule as ==} for RuleId global;
using {sameCode as ==} for Code global;
