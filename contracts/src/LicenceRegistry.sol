// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {Code, OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract LicenceRegistry is ILicenceRegistry {
    /// @dev A regulator key's wish for an act on the organisation, after `actsBefore` others.
    struct Proposal {
        OrganisationId organisation;
        address regulator;
        uint64 actsBefore;
    }

    /// @dev A limit that was set; unset means no limit.
    struct Limit {
        bool isSet;
        uint64 most;
    }

    /// @dev How many bodies may stand above each other: village, county, province, agency, nation, and some to spare
    /// (system S02 names four levels).
    uint256 private constant LEVELS = 8;

    mapping(address key => bool) private _regulator;
    mapping(bytes32 act => Proposal) private _proposal;
    /// @dev How many acts were carried out on the organisation: none of them leaves an older proposal alive.
    mapping(OrganisationId organisation => uint64) private _actsOn;
    RegulatorAct[] private _acts;
    mapping(OrganisationId organisation => Licence) private _licence;
    mapping(OrganisationId organisation => mapping(address operator => Operator)) private _operator;
    mapping(OrganisationId organisation => mapping(Code unit => Limit)) private _secondChecker;
    mapping(OrganisationId organisation => Limit) private _ceiling;
    mapping(OrganisationId organisation => OrganisationId) private _successor;

    /// @dev The regulator's keys cannot change: a new regulator means a new registry, seen by everyone.
    constructor(address[] memory regulators) {
        require(regulators.length >= 2, LicenceRegistryBadRegulators(address(0)));
        for (uint256 i = 0; i < regulators.length; ++i) {
            address key = regulators[i];
            require(key != address(0) && !_regulator[key], LicenceRegistryBadRegulators(key));
            _regulator[key] = true;
        }
    }

    /// @dev The body runs only on the second key's call; the first call is recorded and does nothing else.
    modifier twoKeys(OrganisationId organisation) {
        require(_regulator[msg.sender], LicenceRegistryNotRegulator(msg.sender));
        bytes32 act = keccak256(msg.data);
        address first = proposerOf(act);
        if (first == address(0)) {
            _proposal[act] = Proposal(organisation, msg.sender, _actsOn[organisation]);
            emit ActProposed(act, organisation, msg.sender);
        } else {
            require(first != msg.sender, LicenceRegistrySecondKeyNeeded(msg.sender, act));
            _actsOn[organisation] += 1;
            _acts.push(RegulatorAct(act, organisation, first, msg.sender, uint64(block.timestamp)));
            _;
            emit ActCarriedOut(act, organisation, first, msg.sender);
        }
    }

    // --- The regulator

    /// @inheritdoc ILicenceRegistry
    function grantLicence(LicenceGrant calldata g) external twoKeys(g.organisation) {
        require(
            OrganisationId.unwrap(g.organisation) != 0 && g.administrator != address(0),
            LicenceRegistryBadOrganisation(g.organisation, g.administrator)
        );
        require(
            g.fromUnixS < g.untilUnixS && g.untilUnixS > block.timestamp,
            LicenceRegistryBadPeriod(g.fromUnixS, g.untilUnixS)
        );
        require(g.roles <= Roles.ALL, LicenceRegistryUnknownRoles(g.roles));
        if (OrganisationId.unwrap(g.supervisor) != 0) {
            require(
                _licence[g.supervisor].administrator != address(0) && _endsWithout(g.supervisor, g.organisation),
                LicenceRegistryBadSupervisor(g.organisation, g.supervisor)
            );
        }
        Licence storage licence = _licence[g.organisation];
        licence.administrator = g.administrator;
        licence.fromUnixS = g.fromUnixS;
        licence.untilUnixS = g.untilUnixS;
        licence.roles = g.roles;
        licence.kind = g.kind;
        licence.area = g.area;
        licence.supervisor = g.supervisor;
        emit LicenceGranted(
            g.organisation, g.administrator, g.supervisor, g.kind, g.area, g.roles, g.fromUnixS, g.untilUnixS
        );
    }

    /// @inheritdoc ILicenceRegistry
    function revokeLicence(OrganisationId organisation, Code reason) external twoKeys(organisation) {
        _requireNotOver(organisation).untilUnixS = uint64(block.timestamp);
        emit LicenceRevoked(organisation, reason);
    }

    /// @inheritdoc ILicenceRegistry
    function suspendLicence(OrganisationId organisation, Code reason) external twoKeys(organisation) {
        Licence storage licence = _requireNotOver(organisation);
        require(!licence.suspended, LicenceRegistrySuspension(organisation, true));
        licence.suspended = true;
        emit LicenceSuspended(organisation, reason);
    }

    /// @inheritdoc ILicenceRegistry
    function resumeLicence(OrganisationId organisation) external twoKeys(organisation) {
        Licence storage licence = _licence[organisation];
        require(licence.suspended, LicenceRegistrySuspension(organisation, false));
        licence.suspended = false;
        emit LicenceResumed(organisation);
    }

    /// @inheritdoc ILicenceRegistry
    function gradeOrganisation(OrganisationId organisation, Code grade) external twoKeys(organisation) {
        Licence storage licence = _requireNotOver(organisation);
        licence.grade = grade;
        licence.gradedAtUnixS = uint64(block.timestamp);
        emit OrganisationGraded(organisation, grade);
    }

    /// @inheritdoc ILicenceRegistry
    function setSecondCheckerThreshold(OrganisationId organisation, Code unit, uint64 thresholdMinor)
        external
        twoKeys(organisation)
    {
        _secondChecker[organisation][unit] = Limit(true, thresholdMinor);
        emit SecondCheckerThresholdSet(organisation, unit, thresholdMinor);
    }

    /// @inheritdoc ILicenceRegistry
    function setIssuingCeiling(OrganisationId organisation, uint64 ceilingMinutes) external twoKeys(organisation) {
        _ceiling[organisation] = Limit(true, ceilingMinutes);
        emit IssuingCeilingSet(organisation, ceilingMinutes);
    }

    /// @inheritdoc ILicenceRegistry
    function nameSuccessor(OrganisationId organisation, OrganisationId successor) external twoKeys(organisation) {
        requireLicensed(successor);
        _successor[organisation] = successor;
        emit SuccessorNamed(organisation, successor);
    }

    // --- The organisation

    /// @inheritdoc ILicenceRegistry
    function appointOperator(OrganisationId organisation, address operator, uint16 roles, uint64 untilUnixS) external {
        requireAdministrator(organisation, msg.sender);
        require(roles & ~_licence[organisation].roles == 0, LicenceRegistryUnknownRoles(roles));
        Operator storage record = _operator[organisation][operator];
        (record.roles, record.untilUnixS) = (roles, untilUnixS);
        record.everRoles |= roles;
        emit OperatorAppointed(organisation, operator, roles, untilUnixS);
    }

    // --- Checks

    /// @inheritdoc ILicenceRegistry
    function requireLicensed(OrganisationId organisation) public view {
        require(_isLicensed(_licence[organisation]), LicenceRegistryNotLicensed(organisation, uint64(block.timestamp)));
    }

    /// @inheritdoc ILicenceRegistry
    function requireAdministrator(OrganisationId organisation, address caller) public view {
        requireLicensed(organisation);
        require(_licence[organisation].administrator == caller, LicenceRegistryNotAdministrator(organisation, caller));
    }

    /// @inheritdoc ILicenceRegistry
    function requireRole(OrganisationId organisation, address caller, uint16 role) public view {
        requireLicensed(organisation);
        require(rolesOf(organisation, caller) & role == role, LicenceRegistryNotInRole(organisation, caller, role));
    }

    /// @inheritdoc ILicenceRegistry
    function requireDesk(OrganisationId organisation, address caller) external view {
        if (OrganisationId.unwrap(organisation) == 0) {
            require(_regulator[caller], LicenceRegistryNotRegulator(caller));
        } else {
            requireRole(organisation, caller, Roles.DESK);
        }
    }

    // --- Views

    /// @inheritdoc ILicenceRegistry
    function rolesOf(OrganisationId organisation, address operator) public view returns (uint16) {
        Licence storage licence = _licence[organisation];
        Operator storage record = _operator[organisation][operator];
        if (!_isLicensed(licence) || block.timestamp >= record.untilUnixS) return 0;
        // A licence that was narrowed narrows its staff at once.
        return record.roles & licence.roles;
    }

    /// @inheritdoc ILicenceRegistry
    function scopeOf(OrganisationId organisation) external view returns (uint16) {
        Licence storage licence = _licence[organisation];
        return _isLicensed(licence) ? licence.roles : 0;
    }

    /// @inheritdoc ILicenceRegistry
    function isRegulator(address key) external view returns (bool) {
        return _regulator[key];
    }

    /// @inheritdoc ILicenceRegistry
    function licenceOf(OrganisationId organisation) external view returns (Licence memory) {
        return _licence[organisation];
    }

    /// @inheritdoc ILicenceRegistry
    function operatorOf(OrganisationId organisation, address operator) external view returns (Operator memory) {
        return _operator[organisation][operator];
    }

    /// @inheritdoc ILicenceRegistry
    function supervisorOf(OrganisationId organisation) external view returns (OrganisationId) {
        return _licence[organisation].supervisor;
    }

    /// @inheritdoc ILicenceRegistry
    function isAbove(OrganisationId above, OrganisationId organisation) public view returns (bool) {
        if (OrganisationId.unwrap(above) == 0) return true;
        OrganisationId body = organisation;
        for (uint256 level = 0; level < LEVELS; ++level) {
            body = _licence[body].supervisor;
            if (body == above) return true;
            if (OrganisationId.unwrap(body) == 0) return false;
        }
        return false;
    }

    /// @inheritdoc ILicenceRegistry
    function successorOf(OrganisationId organisation) external view returns (OrganisationId) {
        return _successor[organisation];
    }

    /// @inheritdoc ILicenceRegistry
    function areaOf(OrganisationId organisation) external view returns (Code) {
        return _licence[organisation].area;
    }

    /// @inheritdoc ILicenceRegistry
    function secondCheckerThreshold(OrganisationId organisation, Code unit) external view returns (uint64) {
        return _most(_secondChecker[organisation][unit]);
    }

    /// @inheritdoc ILicenceRegistry
    function issuingCeiling(OrganisationId organisation) external view returns (uint64) {
        return _most(_ceiling[organisation]);
    }

    /// @inheritdoc ILicenceRegistry
    function proposerOf(bytes32 act) public view returns (address) {
        Proposal storage proposal = _proposal[act];
        return proposal.actsBefore == _actsOn[proposal.organisation] ? proposal.regulator : address(0);
    }

    /// @inheritdoc ILicenceRegistry
    function actCount() external view returns (uint256) {
        return _acts.length;
    }

    /// @inheritdoc ILicenceRegistry
    function actOf(uint256 index) external view returns (RegulatorAct memory) {
        return _acts[index];
    }

    function _isLicensed(Licence storage licence) private view returns (bool) {
        return licence.fromUnixS <= block.timestamp && block.timestamp < licence.untilUnixS && !licence.suspended;
    }

    /// @dev True when the walk upwards from `start` ends at the regulator without meeting `body`. A walk that is cut off
    /// might hide a circle in which two bodies stand above each other.
    function _endsWithout(OrganisationId start, OrganisationId body) private view returns (bool) {
        OrganisationId above = start;
        for (uint256 level = 0; level < LEVELS; ++level) {
            if (above == body) return false;
            above = _licence[above].supervisor;
            if (OrganisationId.unwrap(above) == 0) return true;
        }
        return false;
    }

    /// @dev The licence may have begun or not; it is neither expired nor revoked.
    function _requireNotOver(OrganisationId organisation) private view returns (Licence storage licence) {
        licence = _licence[organisation];
        require(block.timestamp < licence.untilUnixS, LicenceRegistryNotLicensed(organisation, uint64(block.timestamp)));
    }

    function _most(Limit storage limit) private view returns (uint64) {
        return limit.isSet ? limit.most : type(uint64).max;
    }
}
