// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, OrganisationId} from "../types/Ids.sol";

/// @title Organisations, their right to act, and the staff keys that act for them (systems E05, T16, T21).
/// @notice Expiry needs nobody to act: every check compares with the block's time. The regulator's acts need two of its
/// keys: the first call with given arguments proposes, the same call by another key carries it out. An act carried out on
/// an organisation ends all other proposals on it, so that a call sent again cannot undo a later act with one key.
interface ILicenceRegistry {
    /// @notice A body's right to act. Times are UTC seconds.
    struct Licence {
        /// @dev The body's own key for opening funds and programmes and appointing operators.
        address administrator;
        uint64 fromUnixS;
        /// @dev First second at which the licence is no longer valid.
        uint64 untilUnixS;
        /// @dev What the body is, e.g. "charity", "registrar".
        Code kind;
    }

    /// @notice A staff key's roles in one organisation.
    struct Operator {
        uint16 roles;
        uint64 untilUnixS;
    }

    /// @notice A regulator key asks for an act; `act` is keccak256 of the calldata that another key must repeat.
    event ActProposed(bytes32 indexed act, address indexed regulator);
    /// @notice The act was carried out by a second key.
    event ActCarriedOut(bytes32 indexed act, address indexed first, address indexed second);
    event LicenceGranted(
        OrganisationId indexed organisation,
        address indexed administrator,
        Code kind,
        uint64 fromUnixS,
        uint64 untilUnixS
    );
    /// @notice The body lost its right to act in this very block.
    event LicenceRevoked(OrganisationId indexed organisation, Code reason);
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
    /// @notice The organisation holds no licence that is valid now: none, not begun, expired or revoked (I8).
    /// @custom:field organisation
    /// @custom:remedy ask the regulator to grant or renew the licence
    /// @custom:retry yes
    error LicenceRegistryNotLicensed(OrganisationId organisation, uint64 nowUnixS);
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
    /// @notice Roles must be a sum of known roles.
    /// @custom:field roles
    /// @custom:remedy give a sum of the roles listed in contracts/README.md
    /// @custom:retry no
    error LicenceRegistryUnknownRoles(uint16 roles);

    /// @notice Grants or replaces a licence. Needs two regulator keys.
    function grantLicence(
        OrganisationId organisation,
        address administrator,
        Code kind,
        uint64 fromUnixS,
        uint64 untilUnixS
    ) external;

    /// @notice Ends a licence at once, also one that has not begun. Needs two regulator keys.
    function revokeLicence(OrganisationId organisation, Code reason) external;

    /// @notice Gives a staff key its roles until a time; zero roles dismiss it. Only the licensed body's administrator.
    function appointOperator(OrganisationId organisation, address operator, uint16 roles, uint64 untilUnixS) external;

    /// @notice Reverts unless the organisation is licensed now (I8).
    function requireLicensed(OrganisationId organisation) external view;

    /// @notice Reverts unless the organisation is licensed now and `caller` is its administrator.
    function requireAdministrator(OrganisationId organisation, address caller) external view;

    /// @notice Reverts unless the organisation is licensed now and `caller` holds `role` in it now.
    function requireRole(OrganisationId organisation, address caller, uint16 role) external view;

    function isRegulator(address key) external view returns (bool);
    function licenceOf(OrganisationId organisation) external view returns (Licence memory);
    function operatorOf(OrganisationId organisation, address operator) external view returns (Operator memory);
    /// @notice The key that proposed an act not yet carried out, or zero.
    function proposerOf(bytes32 act) external view returns (address);
}
