// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, OrganisationId, ProgrammeId, RuleId} from "../types/Ids.sol";

/// @title Programmes: what is given, to whom, under which rule, in which season and place (systems A03, A04, E14, I04).
/// @notice A programme belongs to one organisation; others may carry it out. What it says at opening never changes, but
/// heads, implementers and quotas can be added.
interface IProgrammeRegistry {
    /// @notice A programme to open.
    struct ProgrammeOpening {
        ProgrammeId id;
        OrganisationId organisation;
        /// @dev Zero, or the campaign that the programme belongs to (system E08).
        Code campaign;
        /// @dev Zero, or the rule whose version in force every payment list cites (system T17).
        RuleId rule;
        /// @dev Zero, or the body whose clearance every entitlement carries: not had elsewhere (system T13).
        OrganisationId clearer;
        /// @dev One entitlement per household and season (system A04).
        bool seasonal;
        /// @dev Only places with a quota are served, and only so many entitlements in each (system I04).
        bool quotas;
        /// @dev How long after the hand-over a household may dispute it.
        uint64 disputeWindowS;
        /// @dev What it gives, from the catalogue, e.g. "food-package" (system E14).
        Code service;
        /// @dev What its deliveries are counted in: "person", "household", "case", "person-service" (system E14).
        Code countedIn;
    }

    /// @notice An open programme.
    struct Programme {
        OrganisationId organisation;
        Code campaign;
        RuleId rule;
        OrganisationId clearer;
        bool seasonal;
        bool quotas;
        uint64 disputeWindowS;
        Code service;
        Code countedIn;
    }

    /// @notice How many entitlements of a programme and season a place may have, and has.
    struct PlaceQuota {
        uint64 most;
        uint64 taken;
    }

    event ProgrammeOpened(
        ProgrammeId indexed programme,
        OrganisationId indexed organisation,
        Code campaign,
        RuleId rule,
        OrganisationId clearer,
        bool seasonal,
        bool quotas,
        uint64 disputeWindowS,
        Code service,
        Code countedIn
    );
    /// @notice Money of this head may serve the programme.
    event ProgrammeHeadAllowed(ProgrammeId indexed programme, Code head);
    /// @notice The body may pay under the programme from its own funds.
    event ImplementerAdmitted(ProgrammeId indexed programme, OrganisationId indexed organisation);
    /// @notice The body may propose no new payment lists under the programme.
    event ImplementerDismissed(ProgrammeId indexed programme, OrganisationId indexed organisation);
    /// @notice So many deliveries are planned for the month, e.g. "2026-03" (system A01). A later plan replaces it.
    event ProgrammePlanned(ProgrammeId indexed programme, Code month, uint64 plannedUnits);
    event PlaceQuotaSet(ProgrammeId indexed programme, Code season, Code place, uint64 quota);

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error ProgrammeRegistryMissing(bytes32 field);
    /// @notice The id is taken by a different programme.
    /// @custom:field programme
    /// @custom:remedy make a new id; what a programme says at opening never changes
    /// @custom:retry no
    error ProgrammeRegistryConflict(ProgrammeId programme);
    /// @notice There is no programme with this id.
    /// @custom:field programme
    /// @custom:remedy open the programme first, or correct its id
    /// @custom:retry no
    error ProgrammeRegistryUnknownProgramme(ProgrammeId programme);
    /// @notice The programme belongs to another organisation, which has not admitted this one.
    /// @custom:field programme
    /// @custom:remedy choose a programme of the fund's organisation, or have its owner admit the organisation
    /// @custom:retry yes
    error ProgrammeRegistryOfOther(ProgrammeId programme, OrganisationId organisation);
    /// @notice The programme does not take money given under this head (I9).
    /// @custom:field fund
    /// @custom:remedy choose a fund whose head the programme takes
    /// @custom:retry no
    error ProgrammeRegistryHeadNotAllowed(ProgrammeId programme, Code head);
    /// @notice The place's quota is used up, or would be overrun.
    /// @custom:field place
    /// @custom:remedy ask the programme's owner for a higher quota, or choose fewer households
    /// @custom:retry yes
    error ProgrammeRegistryQuotaExceeded(ProgrammeId programme, Code season, Code place, uint64 freePlaces);
    /// @notice A quota cannot be set below what is taken.
    /// @custom:field quota
    /// @custom:remedy give at least the number of places taken
    /// @custom:retry no
    error ProgrammeRegistryQuotaBelowTaken(ProgrammeId programme, uint64 quota, uint64 taken);
    /// @notice Only the delivery ledger may take and free places.
    /// @custom:field caller
    /// @custom:remedy propose a payment list at the delivery ledger
    /// @custom:retry no
    error ProgrammeRegistryNotDeliveryLedger(address caller);

    /// @notice Opens a programme that may be fed by money of the given heads; the same opening again may add heads.
    /// Caller: administrator.
    function openProgramme(ProgrammeOpening calldata opening, Code[] calldata heads) external;

    /// @notice Lets other bodies pay under the programme from their own funds. Caller: administrator of its owner.
    function admitImplementers(ProgrammeId programme, OrganisationId[] calldata organisations) external;

    /// @notice Ends that for new payment lists. Caller: administrator of its owner.
    function dismissImplementers(ProgrammeId programme, OrganisationId[] calldata organisations) external;

    /// @notice Says how many deliveries are planned for a month. Caller: administrator of its owner.
    function plan(ProgrammeId programme, Code month, uint64 plannedUnits) external;

    /// @notice Sets how many entitlements a place may have in a season (zero season where the programme has none).
    /// Caller: administrator of its owner.
    function setQuota(ProgrammeId programme, Code season, Code place, uint64 quota) external;

    /// @notice Takes places of the quota. Caller: delivery ledger.
    function takePlaces(ProgrammeId programme, Code season, Code place, uint64 count) external;

    /// @notice Frees places of the quota. Caller: delivery ledger.
    function freePlaces(ProgrammeId programme, Code season, Code place, uint64 count) external;

    /// @notice Reverts unless the organisation may pay under the programme with money of this head (I9).
    function requireServes(ProgrammeId programme, OrganisationId organisation, Code head) external view;

    /// @notice Reverts unless the organisation owns the programme or carries it out.
    function requireImplements(ProgrammeId programme, OrganisationId organisation) external view;

    /// @notice The programme's record; reverts when unknown.
    function programmeOf(ProgrammeId programme) external view returns (Programme memory);
    function takesHead(ProgrammeId programme, Code head) external view returns (bool);
    function isImplementer(ProgrammeId programme, OrganisationId organisation) external view returns (bool);
    function plannedUnits(ProgrammeId programme, Code month) external view returns (uint64);
    function quotaOf(ProgrammeId programme, Code season, Code place) external view returns (PlaceQuota memory);
}
