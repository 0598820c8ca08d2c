// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {CaseId, Code, OrganisationId} from "../types/Ids.sol";

/// @title Cases: requests, complaints, reports, ideas, and the desk that answers for each (systems S01-S05, E20).
/// @notice The text lies in the office; a salted commitment to it is here. At all times exactly one desk is responsible
/// for a case, also for a closed one. A case about a body is answered above that body, never by it (S04).
interface ICaseLog {
    /// @notice Where a case stands.
    enum CaseState {
        None,
        Opened,
        Answered,
        Closed
    }

    /// @notice One case to open.
    struct CaseEntry {
        /// @dev The owner's pseudonymous account: a household, a donor, a volunteer.
        address applicant;
        CaseId caseId;
        /// @dev E.g. "request", "complaint", "report", "idea", "criticism", "thanks", "plan", "advice".
        Code kind;
        /// @dev The body that the case is about; zero: about none. It need not be licensed (any more).
        OrganisationId about;
        /// @dev The responsible desk; zero: the regulator's own.
        OrganisationId desk;
        bytes32 commitment;
    }

    /// @notice A case that its applicant signed: EIP-712 `CaseOpening`.
    struct SignedCaseEntry {
        address applicant;
        CaseId caseId;
        Code kind;
        OrganisationId about;
        OrganisationId desk;
        bytes32 commitment;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The applicant is not content and opens the case again: EIP-712 `CaseReopening`.
    struct SignedReopening {
        CaseId caseId;
        /// @dev Counts the applicant's own reopenings of the case, from 1: a signature works once, and a desk that
        /// reopens the case does not spoil it.
        uint32 reopening;
        Code reason;
        bytes32 commitment;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A case. Its kind and commitments stand in its events.
    struct Case {
        address applicant;
        CaseState state;
        /// @dev How often the applicant reopened it by signature.
        uint32 reopenings;
        /// @dev First 56 bits of the hash of the opening: tells a repeated record from a conflicting one.
        uint56 digest;
        OrganisationId about;
        OrganisationId desk;
    }

    /// @notice A case was opened: by a desk of `openedBy`, or, when `signed`, by its applicant.
    event CaseOpened(
        CaseId indexed caseId,
        address indexed applicant,
        OrganisationId indexed about,
        OrganisationId desk,
        OrganisationId openedBy,
        bool signed,
        Code kind,
        bytes32 commitment
    );
    /// @notice The desk handed the case on; `toDesk` is responsible from this very block on.
    event CaseReferred(
        CaseId indexed caseId,
        OrganisationId indexed fromDesk,
        OrganisationId indexed toDesk,
        address operator,
        Code reason,
        bytes32 commitment
    );
    /// @notice A desk took the case over from one that can no longer handle it.
    event CaseTakenOver(
        CaseId indexed caseId, OrganisationId indexed fromDesk, OrganisationId indexed toDesk, address operator
    );
    /// @notice Something was done for the applicant; `record` is the delivery's, service's or other record's id (S05).
    event CaseActRegistered(
        CaseId indexed caseId,
        bytes32 indexed record,
        OrganisationId indexed desk,
        address operator,
        Code kind,
        bytes32 commitment
    );
    event CaseAnswered(
        CaseId indexed caseId, OrganisationId indexed desk, address indexed operator, bytes32 commitment
    );
    event CaseClosed(CaseId indexed caseId, OrganisationId indexed desk, address indexed operator, Code reason);
    /// @notice The case was reopened by its applicant, for the `reopening`th time; or, when that is zero, by its desk.
    event CaseReopened(
        CaseId indexed caseId,
        OrganisationId indexed desk,
        address indexed reopenedBy,
        uint32 reopening,
        Code reason,
        bytes32 commitment
    );

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error CaseLogMissing(CaseId caseId, bytes32 field);
    /// @notice The id is taken by a different record: of the case, or of the act `record` on it.
    /// @custom:field record
    /// @custom:remedy make a new id for a new fact; send the same record again only unchanged
    /// @custom:retry no
    error CaseLogConflict(CaseId caseId, bytes32 record);
    /// @notice There is no case with this id.
    /// @custom:field caseId
    /// @custom:remedy open the case first, or correct its id
    /// @custom:retry yes
    error CaseLogUnknownCase(CaseId caseId);
    /// @notice The case's state does not allow this act, or the act was done already.
    /// @custom:field caseId
    /// @custom:remedy look at the case; reopen it to go on with an answered or closed one
    /// @custom:retry no
    error CaseLogState(CaseId caseId, CaseState state);
    /// @notice The body cannot be responsible for a case: its licence is not valid now or has no desk in its scope.
    /// @custom:field desk
    /// @custom:remedy name a licensed body that may have a desk, or none for the regulator's own
    /// @custom:retry yes
    error CaseLogNoDesk(CaseId caseId, OrganisationId desk);
    /// @notice The desk does not stand above `body`: the body that the case is about (S04), or the desk that it takes
    /// over from.
    /// @custom:field desk
    /// @custom:remedy name a body that supervises this one, or none for the regulator's own desk
    /// @custom:retry no
    error CaseLogDeskNotAbove(CaseId caseId, OrganisationId desk, OrganisationId body);
    /// @notice The desk is responsible for the case already.
    /// @custom:field desk
    /// @custom:remedy nothing, if the case was to be at this desk; else name another one
    /// @custom:retry no
    error CaseLogSameDesk(CaseId caseId, OrganisationId desk);
    /// @notice A case is taken over only from a desk that cannot handle it; the responsible one can.
    /// @custom:field desk
    /// @custom:remedy have the responsible desk refer the case
    /// @custom:retry no
    error CaseLogDeskCanHandle(CaseId caseId, OrganisationId desk);
    /// @notice The signature is for another of the applicant's reopenings, or this one was done already.
    /// @custom:field reopening
    /// @custom:remedy nothing, if it was done; else have the applicant sign the expected number
    /// @custom:retry no
    error CaseLogNotNextReopening(CaseId caseId, uint32 reopening, uint32 expected);

    /// @notice Opens cases for applicants; the same case again is a no-op. Caller: DESK of `openedBy`; zero: the
    /// regulator.
    function openCases(OrganisationId openedBy, CaseEntry[] calldata entries) external;

    /// @notice Opens cases that their applicants signed, so that nobody can stand between applicant and desk; the same
    /// case again is a no-op. Caller: anyone.
    function openSigned(SignedCaseEntry[] calldata entries) external;

    /// @notice Hands an open case to another desk. Caller: DESK of the responsible desk.
    function refer(CaseId caseId, OrganisationId toDesk, Code reason, bytes32 commitment) external;

    /// @notice Takes a case, whatever its state, over from a desk that lost its licence or scope, or no longer stands
    /// above the body that the case is about. Caller: DESK of `ownDesk`, a body above that desk; zero: the regulator.
    function takeOver(CaseId caseId, OrganisationId ownDesk) external;

    /// @notice Registers advice, a service or a delivery for the applicant of a case that is not closed; the same again
    /// is a no-op. `record` is the ledger record's id, or a random one. Caller: DESK of the responsible desk.
    function registerAct(CaseId caseId, bytes32 record, Code kind, bytes32 commitment) external;

    /// @notice Answers an open case. Caller: DESK of the responsible desk.
    function answer(CaseId caseId, bytes32 commitment) external;

    /// @notice Closes a case, answered or not. Caller: DESK of the responsible desk.
    function close(CaseId caseId, Code reason) external;

    /// @notice Reopens an answered or closed case. Caller: DESK of the responsible desk.
    function reopen(CaseId caseId, Code reason, bytes32 commitment) external;

    /// @notice Reopens answered or closed cases as their applicants signed: a second reading is theirs to ask. Caller:
    /// anyone.
    function reopenSigned(SignedReopening[] calldata reopenings) external;

    /// @notice A case's record; reverts when unknown.
    function caseOf(CaseId caseId) external view returns (Case memory);
    /// @notice What the applicant signs to open the case: the EIP-712 digest of `CaseOpening`.
    function openingDigest(CaseEntry calldata entry, uint64 deadlineUnixS) external view returns (bytes32);
    /// @notice What the applicant signs to reopen a known case: the EIP-712 digest of `CaseReopening`.
    function reopeningDigest(CaseId caseId, uint32 reopening, Code reason, bytes32 commitment, uint64 deadlineUnixS)
        external
        view
        returns (bytes32);
}
