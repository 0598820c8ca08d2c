// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, OrganisationId} from "../types/Ids.sol";

/// @title Organisations, their right to act, and the staff keys that act for them (systems E05, E17, T16, T21).
/// @notice Expiry needs nobody to act: every check compares with the block's time. The regulator's acts need two of its
/// keys: the first call with given arguments proposes, the same call by another key carries it out. An act carried out on
/// an organisation ends all other proposals on it, so that a call sent again cannot undo a later act with one key.
interface ILicenceRegistry {
    /// @notice A licence to grant.
    struct LicenceGrant {
        OrganisationId organisation;
        /// @dev The body's own key for opening funds and programmes and appointing operators.
        address administrator;
        /// @dev What the body is, e.g. "charity", "registrar".
        Code kind;
        /// @dev Where it may pay out, e.g. "IR-23"; zero: everywhere (system E05).
        Code area;
        /// @dev The body above it: complaints about it and disputes with it go there; zero: to the regulator (system S04).
        OrganisationId supervisor;
        /// @dev Sum of the roles that the body may give to its staff: its scope.
        uint16 roles;
        uint64 fromUnixS;
        /// @dev First second at which the licence is no longer valid.
        uint64 untilUnixS;
    }

    /// @notice A body's right to act. Times are UTC seconds.
    struct Licence {
        uint64 fromUnixS;
        uint64 untilUnixS;
        uint64 gradedAtUnixS;
        uint16 roles;
        bool suspended;
        address administrator;
        Code kind;
        Code area;
        OrganisationId supervisor;
        /// @dev What the last appraisal found (system E17); zero: not appraised.
        Code grade;
    }

    /// @notice A staff key's roles in one organisation.
    struct Operator {
        uint16 roles;
        uint64 untilUnixS;
        /// @dev Every role that the key has ever been given here.
        uint16 everRoles;
    }

    /// @notice An act of the regulator that two of its keys carried out.
    struct RegulatorAct {
        bytes32 act;
        OrganisationId organisation;
        address first;
        address second;
        uint64 atUnixS;
    }

    /// @notice A regulator key asks for an act; `act` is keccak256 of the calldata that another key must repeat.
    event ActProposed(bytes32 indexed act, OrganisationId indexed organisation, address indexed regulator);
    /// @notice The act was carried out by a second key.
    event ActCarriedOut(
        bytes32 indexed act, OrganisationId indexed organisation, address indexed first, address second
    );
    event LicenceGranted(
        OrganisationId indexed organisation,
        address indexed administrator,
        OrganisationId indexed supervisor,
        Code kind,
        Code area,
        uint16 roles,
        uint64 fromUnixS,
        uint64 untilUnixS
    );
    /// @notice The body lost its right to act in this very block.
    event LicenceRevoked(OrganisationId indexed organisation, Code reason);
    /// @notice The body may not act from this very block on, until the licence is resumed.
    event LicenceSuspended(OrganisationId indexed organisation, Code reason);
    event LicenceResumed(OrganisationId indexed organisation);
    /// @notice The body was appraised (system E17); the issuer is the regulator.
    event OrganisationGraded(OrganisationId indexed organisation, Code grade);
    /// @notice Lists and transfers of the organisation above this amount need a second checker.
    event SecondCheckerThresholdSet(OrganisationId indexed organisation, Code unit, uint64 thresholdMinor);
    /// @notice The organisation may confirm services of at most this many minutes in all (system T05).
    event IssuingCeilingSet(OrganisationId indexed organisation, uint64 ceilingMinutes);
    /// @notice The successor may take over what the organisation kept for households.
    event SuccessorNamed(OrganisationId indexed organisation, OrganisationId indexed successor);
    event OperatorAppointed(
        OrganisationId indexed organisation, address indexed operator, uint16 roles, uint64 untilUnixS
    );

    /// @notice The caller is not a key of the regulator.
    /// @custom:field caller
    /// @custom:remedy sign with a key of the regulator
    /// @custom:retry no
    error LicenceRegistryNotRegulator(address caller);
    /// @notice The regulator must be two or more different keys, none of them zero.
    /// @custom:field regulators
    /// @custom:remedy name at least two different keys
    /// @custom:retry no
    error LicenceRegistryBadRegulators(address key);
    /// @notice The same key cannot both propose and carry out an act.
    /// @custom:field caller
    /// @custom:remedy have another key of the regulator send the same call
    /// @custom:retry no
    error LicenceRegistrySecondKeyNeeded(address caller, bytes32 act);
    /// @notice A licence must end after it begins, and later than now.
    /// @custom:field untilUnixS
    /// @custom:remedy give an end that lies after the beginning and in the future
    /// @custom:retry no
    error LicenceRegistryBadPeriod(uint64 fromUnixS, uint64 untilUnixS);
    /// @notice Neither the organisation's id nor its administrator may be zero.
    /// @custom:field organisation
    /// @custom:remedy give an id and an administrator's key
    /// @custom:retry no
    error LicenceRegistryBadOrganisation(OrganisationId organisation, address administrator);
    /// @notice The supervisor was never licensed, or the body would stand above itself or below more than 8 others.
    /// @custom:field supervisor
    /// @custom:remedy name a licensed body that this one does not supervise, with at most 7 above it, or none
    /// @custom:retry no
    error LicenceRegistryBadSupervisor(OrganisationId organisation, OrganisationId supervisor);
    /// @notice The organisation holds no licence that is valid now: none, not begun, expired, suspended or revoked (I8).
    /// @custom:field organisation
    /// @custom:remedy ask the regulator to grant, resume or renew the licence
    /// @custom:retry yes
    error LicenceRegistryNotLicensed(OrganisationId organisation, uint64 nowUnixS);
    /// @notice The licence is suspended already, or is not suspended.
    /// @custom:field organisation
    /// @custom:remedy look at the licence; suspend and resume in turn
    /// @custom:retry no
    error LicenceRegistrySuspension(OrganisationId organisation, bool suspended);
    /// @notice The caller is not the organisation's administrator.
    /// @custom:field caller
    /// @custom:remedy sign with the administrator's key
    /// @custom:retry no
    error LicenceRegistryNotAdministrator(OrganisationId organisation, address caller);
    /// @notice The caller does not hold the role in this organisation, or no longer.
    /// @custom:field caller
    /// @custom:remedy have the administrator give this key the role
    /// @custom:retry yes
    error LicenceRegistryNotInRole(OrganisationId organisation, address caller, uint16 role);
    /// @notice Roles must be a sum of known roles, and staff's roles within the body's licence.
    /// @custom:field roles
    /// @custom:remedy give a sum of the roles that the licence allows; contracts/README.md lists them
    /// @custom:retry no
    error LicenceRegistryUnknownRoles(uint16 roles);

    /// @notice Grants or replaces a licence; a suspension stays until resumed. Needs two regulator keys.
    function grantLicence(LicenceGrant calldata grant) external;

    /// @notice Ends a licence at once, also one that has not begun. Needs two regulator keys.
    function revokeLicence(OrganisationId organisation, Code reason) external;

    /// @notice Stops the body from acting at once. Needs two regulator keys.
    function suspendLicence(OrganisationId organisation, Code reason) external;

    /// @notice Ends a suspension. Needs two regulator keys.
    function resumeLicence(OrganisationId organisation) external;

    /// @notice Records the result of an appraisal. Needs two regulator keys.
    function gradeOrganisation(OrganisationId organisation, Code grade) external;

    /// @notice Sets above which total a list or transfer in `unit` needs a second checker. Needs two regulator keys.
    function setSecondCheckerThreshold(OrganisationId organisation, Code unit, uint64 thresholdMinor) external;

    /// @notice Sets how many minutes the body may confirm in all. Needs two regulator keys.
    function setIssuingCeiling(OrganisationId organisation, uint64 ceilingMinutes) external;

    /// @notice Names the licensed body that may take over an organisation's household accounts, so that a body that ends
    /// leaves no family behind. Needs two regulator keys.
    function nameSuccessor(OrganisationId organisation, OrganisationId successor) external;

    /// @notice Gives a staff key its roles until a time; zero roles dismiss it. Only the licensed body's administrator.
    function appointOperator(OrganisationId organisation, address operator, uint16 roles, uint64 untilUnixS) external;

    /// @notice Reverts unless the organisation is licensed now (I8).
    function requireLicensed(OrganisationId organisation) external view;

    /// @notice Reverts unless the organisation is licensed now and `caller` is its administrator.
    function requireAdministrator(OrganisationId organisation, address caller) external view;

    /// @notice Reverts unless the organisation is licensed now and `caller` holds `role` in it now.
    function requireRole(OrganisationId organisation, address caller, uint16 role) external view;

    /// @notice Reverts unless `caller` acts for the desk: a DESK of the organisation, or, for organisation zero, a key of
    /// the regulator.
    function requireDesk(OrganisationId organisation, address caller) external view;

    /// @notice The roles that the key holds now in an organisation that is licensed now; zero when none.
    function rolesOf(OrganisationId organisation, address operator) external view returns (uint16 roles);
    /// @notice The roles that the body may give to its staff; zero when it is not licensed now.
    function scopeOf(OrganisationId organisation) external view returns (uint16 roles);
    function isRegulator(address key) external view returns (bool);
    function licenceOf(OrganisationId organisation) external view returns (Licence memory);
    function operatorOf(OrganisationId organisation, address operator) external view returns (Operator memory);
    /// @notice The body above, or zero: the regulator itself.
    function supervisorOf(OrganisationId organisation) external view returns (OrganisationId);
    /// @notice True when `above` supervises the body directly or through others, up to 8 steps; zero, the regulator,
    /// stands above every body.
    function isAbove(OrganisationId above, OrganisationId organisation) external view returns (bool);
    /// @notice The body that may take over the organisation's household accounts, or zero.
    function successorOf(OrganisationId organisation) external view returns (OrganisationId);
    /// @notice Where the body may pay out; zero: everywhere.
    function areaOf(OrganisationId organisation) external view returns (Code);
    /// @notice The amount above which a second checker is needed; 2^64-1 when the regulator has set none.
    function secondCheckerThreshold(OrganisationId organisation, Code unit) external view returns (uint64);
    /// @notice The most minutes that the body may confirm; 2^64-1 when the regulator has set none.
    function issuingCeiling(OrganisationId organisation) external view returns (uint64);
    /// @notice The key that proposed an act not yet carried out, or zero.
    function proposerOf(bytes32 act) external view returns (address);
    /// @notice How many acts the regulator has carried out.
    function actCount() external view returns (uint256);
    /// @notice The regulator's act number `index`, from zero, in the order in which they were carried out.
    function actOf(uint256 index) external view returns (RegulatorAct memory);
}
