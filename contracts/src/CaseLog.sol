// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ICaseLog} from "./interfaces/ICaseLog.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {SignedActs} from "./SignedActs.sol";
import {CaseId, Code, OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract CaseLog is ICaseLog, SignedActs {
    bytes32 private constant CASE_OPENING = keccak256(
        "CaseOpening(address applicant,bytes32 caseId,bytes32 kind,bytes32 about,bytes32 desk,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant CASE_REOPENING = keccak256(
        "CaseReopening(address applicant,bytes32 caseId,uint32 reopening,bytes32 reason,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;

    mapping(CaseId caseId => Case) private _case;
    /// @dev Hash of what an act registered: tells a repeated record from a conflicting one.
    mapping(CaseId caseId => mapping(bytes32 record => bytes32)) private _act;

    constructor(ILicenceRegistry licences, IHouseholdRegistry households, bytes32 genesis)
        SignedActs("Amanat CaseLog", genesis)
    {
        LICENCES = licences;
        HOUSEHOLDS = households;
    }

    // --- Opening

    /// @inheritdoc ICaseLog
    function openCases(OrganisationId openedBy, CaseEntry[] calldata entries) external {
        LICENCES.requireDesk(openedBy, msg.sender);
        for (uint256 i = 0; i < entries.length; ++i) {
            CaseEntry calldata e = entries[i];
            uint56 digest = uint56(bytes7(keccak256(abi.encode(false, openedBy, e))));
            if (!_isSame(e, digest)) _open(e, openedBy, false, digest);
        }
    }

    /// @inheritdoc ICaseLog
    function openSigned(SignedCaseEntry[] calldata entries) external {
        for (uint256 i = 0; i < entries.length; ++i) {
            SignedCaseEntry calldata s = entries[i];
            CaseEntry memory e = CaseEntry(s.applicant, s.caseId, s.kind, s.about, s.desk, s.commitment);
            // Not the deadline: an applicant who signs the same case again has not opened another one.
            uint56 digest = uint56(bytes7(keccak256(abi.encode(true, OrganisationId.wrap(0), e))));
            if (_isSame(e, digest)) continue;
            bytes32 structHash = _openingHash(e, s.deadlineUnixS);
            _requireSigned(CaseId.unwrap(s.caseId), _signerOf(s.applicant), structHash, s.deadlineUnixS, s.r, s.vs);
            _open(e, OrganisationId.wrap(0), true, digest);
        }
    }

    // --- The responsible desk

    /// @inheritdoc ICaseLog
    function refer(CaseId caseId, OrganisationId toDesk, Code reason, bytes32 commitment) external {
        Case storage c = _known(caseId);
        OrganisationId fromDesk = c.desk;
        // First, since a referral sent again comes from a desk that is no longer responsible.
        require(!(fromDesk == toDesk), CaseLogSameDesk(caseId, toDesk));
        LICENCES.requireDesk(fromDesk, msg.sender);
        require(c.state == CaseState.Opened, CaseLogState(caseId, c.state));
        _requireReason(caseId, reason);
        _requireMayHandle(caseId, c.about, toDesk);
        c.desk = toDesk;
        emit CaseReferred(caseId, fromDesk, toDesk, msg.sender, reason, commitment);
    }

    /// @inheritdoc ICaseLog
    function takeOver(CaseId caseId, OrganisationId ownDesk) external {
        Case storage c = _known(caseId);
        OrganisationId fromDesk = c.desk;
        require(!(fromDesk == ownDesk), CaseLogSameDesk(caseId, ownDesk));
        LICENCES.requireDesk(ownDesk, msg.sender);
        require(!_hasDesk(fromDesk) || !_isAbove(fromDesk, c.about), CaseLogDeskCanHandle(caseId, fromDesk));
        require(LICENCES.isAbove(ownDesk, fromDesk), CaseLogDeskNotAbove(caseId, ownDesk, fromDesk));
        _requireAbove(caseId, ownDesk, c.about);
        c.desk = ownDesk;
        emit CaseTakenOver(caseId, fromDesk, ownDesk, msg.sender);
    }

    /// @inheritdoc ICaseLog
    function registerAct(CaseId caseId, bytes32 record, Code kind, bytes32 commitment) external {
        Case storage c = _byDesk(caseId);
        require(record != 0, CaseLogMissing(caseId, "record"));
        require(Code.unwrap(kind) != 0, CaseLogMissing(caseId, "kind"));
        bytes32 digest = keccak256(abi.encode(kind, commitment));
        bytes32 known = _act[caseId][record];
        if (known != 0) {
            require(known == digest, CaseLogConflict(caseId, record));
            return;
        }
        require(c.state != CaseState.Closed, CaseLogState(caseId, c.state));
        _act[caseId][record] = digest;
        emit CaseActRegistered(caseId, record, c.desk, msg.sender, kind, commitment);
    }

    /// @inheritdoc ICaseLog
    function answer(CaseId caseId, bytes32 commitment) external {
        Case storage c = _byDesk(caseId);
        require(c.state == CaseState.Opened, CaseLogState(caseId, c.state));
        require(commitment != 0, CaseLogMissing(caseId, "commitment"));
        _requireAbove(caseId, c.desk, c.about);
        c.state = CaseState.Answered;
        emit CaseAnswered(caseId, c.desk, msg.sender, commitment);
    }

    /// @inheritdoc ICaseLog
    function close(CaseId caseId, Code reason) external {
        Case storage c = _byDesk(caseId);
        require(c.state != CaseState.Closed, CaseLogState(caseId, c.state));
        _requireReason(caseId, reason);
        _requireAbove(caseId, c.desk, c.about);
        c.state = CaseState.Closed;
        emit CaseClosed(caseId, c.desk, msg.sender, reason);
    }

    // --- Reopening

    /// @inheritdoc ICaseLog
    function reopen(CaseId caseId, Code reason, bytes32 commitment) external {
        Case storage c = _byDesk(caseId);
        _reopen(caseId, c, reason);
        emit CaseReopened(caseId, c.desk, msg.sender, 0, reason, commitment);
    }

    /// @inheritdoc ICaseLog
    function reopenSigned(SignedReopening[] calldata reopenings) external {
        for (uint256 i = 0; i < reopenings.length; ++i) {
            SignedReopening calldata s = reopenings[i];
            Case storage c = _known(s.caseId);
            uint32 expected = c.reopenings + 1;
            require(s.reopening == expected, CaseLogNotNextReopening(s.caseId, s.reopening, expected));
            bytes32 structHash =
                _reopeningHash(c.applicant, s.caseId, s.reopening, s.reason, s.commitment, s.deadlineUnixS);
            _requireSigned(CaseId.unwrap(s.caseId), _signerOf(c.applicant), structHash, s.deadlineUnixS, s.r, s.vs);
            _reopen(s.caseId, c, s.reason);
            c.reopenings = expected;
            emit CaseReopened(s.caseId, c.desk, c.applicant, expected, s.reason, s.commitment);
        }
    }

    // --- Views

    /// @inheritdoc ICaseLog
    function caseOf(CaseId caseId) external view returns (Case memory) {
        return _known(caseId);
    }

    /// @inheritdoc ICaseLog
    function openingDigest(CaseEntry calldata entry, uint64 deadlineUnixS) external view returns (bytes32) {
        return _hashTypedDataV4(_openingHash(entry, deadlineUnixS));
    }

    /// @inheritdoc ICaseLog
    function reopeningDigest(CaseId caseId, uint32 reopening, Code reason, bytes32 commitment, uint64 deadlineUnixS)
        external
        view
        returns (bytes32)
    {
        address applicant = _known(caseId).applicant;
        return _hashTypedDataV4(_reopeningHash(applicant, caseId, reopening, reason, commitment, deadlineUnixS));
    }

    /// @dev True when this very record is known; reverts when another one is known under its id.
    function _isSame(CaseEntry memory e, uint56 digest) private view returns (bool) {
        Case storage known = _case[e.caseId];
        if (known.state == CaseState.None) return false;
        require(known.digest == digest, CaseLogConflict(e.caseId, CaseId.unwrap(e.caseId)));
        return true;
    }

    function _open(CaseEntry memory e, OrganisationId openedBy, bool signed, uint56 digest) private {
        require(CaseId.unwrap(e.caseId) != 0, CaseLogMissing(e.caseId, "caseId"));
        require(e.applicant != address(0), CaseLogMissing(e.caseId, "applicant"));
        require(Code.unwrap(e.kind) != 0, CaseLogMissing(e.caseId, "kind"));
        require(e.commitment != 0, CaseLogMissing(e.caseId, "commitment"));
        _requireMayHandle(e.caseId, e.about, e.desk);
        _case[e.caseId] = Case(e.applicant, CaseState.Opened, 0, digest, e.about, e.desk);
        emit CaseOpened(e.caseId, e.applicant, e.about, e.desk, openedBy, signed, e.kind, e.commitment);
    }

    function _reopen(CaseId caseId, Case storage c, Code reason) private {
        require(c.state != CaseState.Opened, CaseLogState(caseId, c.state));
        _requireReason(caseId, reason);
        c.state = CaseState.Opened;
    }

    function _known(CaseId caseId) private view returns (Case storage c) {
        c = _case[caseId];
        require(c.state != CaseState.None, CaseLogUnknownCase(caseId));
    }

    /// @dev The case, when the caller acts for its responsible desk.
    function _byDesk(CaseId caseId) private view returns (Case storage c) {
        c = _known(caseId);
        LICENCES.requireDesk(c.desk, msg.sender);
    }

    function _requireReason(CaseId caseId, Code reason) private pure {
        require(Code.unwrap(reason) != 0, CaseLogMissing(caseId, "reason"));
    }

    function _requireMayHandle(CaseId caseId, OrganisationId about, OrganisationId desk) private view {
        require(_hasDesk(desk), CaseLogNoDesk(caseId, desk));
        _requireAbove(caseId, desk, about);
    }

    function _requireAbove(CaseId caseId, OrganisationId desk, OrganisationId about) private view {
        require(_isAbove(desk, about), CaseLogDeskNotAbove(caseId, desk, about));
    }

    /// @dev True when somebody can act for the desk now.
    function _hasDesk(OrganisationId desk) private view returns (bool) {
        return OrganisationId.unwrap(desk) == 0 || LICENCES.scopeOf(desk) & Roles.DESK != 0;
    }

    /// @dev True when the desk may handle cases about the body; every desk may handle those about none. A body never
    /// stands above itself.
    function _isAbove(OrganisationId desk, OrganisationId about) private view returns (bool) {
        return OrganisationId.unwrap(about) == 0 || LICENCES.isAbove(desk, about);
    }

    /// @dev A family signs with its account's key, also after the account was closed; anybody else with their own.
    function _signerOf(address applicant) private view returns (address) {
        return HOUSEHOLDS.isKnown(applicant) ? HOUSEHOLDS.householdOf(applicant).key : applicant;
    }

    function _openingHash(CaseEntry memory e, uint64 deadlineUnixS) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                CASE_OPENING, e.applicant, e.caseId, e.kind, e.about, e.desk, e.commitment, genesisHash, deadlineUnixS
            )
        );
    }

    function _reopeningHash(
        address applicant,
        CaseId caseId,
        uint32 reopening,
        Code reason,
        bytes32 commitment,
        uint64 deadlineUnixS
    ) private view returns (bytes32) {
        return keccak256(
            abi.encode(CASE_REOPENING, applicant, caseId, reopening, reason, commitment, genesisHash, deadlineUnixS)
        );
    }
}
