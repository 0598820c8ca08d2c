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

    mapping(address key => bool) private _regulator;
    mapping(bytes32 act => Proposal) private _proposal;
    /// @dev How many acts were carried out on the organisation: none of them leaves an older proposal alive.
    mapping(OrganisationId organisation => uint64) private _actsOn;
    mapping(OrganisationId organisation => Licence) private _licence;
    mapping(OrganisationId organisation => mapping(address operator => Operator)) private _operator;

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
            emit ActProposed(act, msg.sender);
        } else {
            require(first != msg.sender, LicenceRegistrySecondKeyNeeded(msg.sender, act));
            _actsOn[organisation] += 1;
            _;
            emit ActCarriedOut(act, first, msg.sender);
        }
    }

    /// @inheritdoc ILicenceRegistry
    function grantLicence(
        OrganisationId organisation,
        address administrator,
        Code kind,
        uint64 fromUnixS,
        uint64 untilUnixS
    ) external twoKeys(organisation) {
        require(
            OrganisationId.unwrap(organisation) != 0 && administrator != address(0),
            LicenceRegistryBadOrganisation(organisation, administrator)
        );
        require(fromUnixS < untilUnixS && untilUnixS > block.timestamp, LicenceRegistryBadPeriod(fromUnixS, untilUnixS));
        _licence[organisation] = Licence(administrator, fromUnixS, untilUnixS, kind);
        emit LicenceGranted(organisation, administrator, kind, fromUnixS, untilUnixS);
    }

    /// @inheritdoc ILicenceRegistry
    function revokeLicence(OrganisationId organisation, Code reason) external twoKeys(organisation) {
        Licence storage licence = _licence[organisation];
        require(block.timestamp < licence.untilUnixS, LicenceRegistryNotLicensed(organisation, uint64(block.timestamp)));
        licence.untilUnixS = uint64(block.timestamp);
        emit LicenceRevoked(organisation, reason);
    }

    /// @inheritdoc ILicenceRegistry
    function appointOperator(OrganisationId organisation, address operator, uint16 roles, uint64 untilUnixS) external {
        requireAdministrator(organisation, msg.sender);
        require(roles <= Roles.ALL, LicenceRegistryUnknownRoles(roles));
        _operator[organisation][operator] = Operator(roles, untilUnixS);
        emit OperatorAppointed(organisation, operator, roles, untilUnixS);
    }

    /// @inheritdoc ILicenceRegistry
    function requireLicensed(OrganisationId organisation) public view {
        Licence storage licence = _licence[organisation];
        require(
            licence.fromUnixS <= block.timestamp && block.timestamp < licence.untilUnixS,
            LicenceRegistryNotLicensed(organisation, uint64(block.timestamp))
        );
    }

    /// @inheritdoc ILicenceRegistry
    function requireAdministrator(OrganisationId organisation, address caller) public view {
        requireLicensed(organisation);
        require(_licence[organisation].administrator == caller, LicenceRegistryNotAdministrator(organisation, caller));
    }

    /// @inheritdoc ILicenceRegistry
    function requireRole(OrganisationId organisation, address caller, uint16 role) external view {
        requireLicensed(organisation);
        Operator storage operator = _operator[organisation][caller];
        require(
            operator.roles & role == role && block.timestamp < operator.untilUnixS,
            LicenceRegistryNotInRole(organisation, caller, role)
        );
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
    function proposerOf(bytes32 act) public view returns (address) {
        Proposal storage proposal = _proposal[act];
        return proposal.actsBefore == _actsOn[proposal.organisation] ? proposal.regulator : address(0);
    }
}
