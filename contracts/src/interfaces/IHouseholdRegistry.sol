// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {OrganisationId} from "../types/Ids.sol";

/// @title Household accounts and the keys that accept for them (systems T09, DESIGN section 3).
/// @notice An account is pseudonymous: 20 random bytes that name nobody. A body with registrars opens it; `FundLedger`
/// refuses to pay an account that the payer opened itself.
interface IHouseholdRegistry {
    /// @notice One account to open.
    struct Opening {
        address account;
        /// @dev Signs acceptances and refusals; zero for a family that has none yet.
        address key;
    }

    /// @notice An open account.
    struct Household {
        OrganisationId openedBy;
        address key;
        /// @dev First 64 bits of the hash of the opening: tells a repeated record from a conflicting one, also after the
        /// key was replaced.
        uint64 digest;
    }

    event HouseholdOpened(address indexed account, OrganisationId indexed openedBy, address key);
    event HouseholdKeyReplaced(address indexed account, OrganisationId indexed replacedBy, address key);

    /// @notice The account may not be zero.
    /// @custom:field account
    /// @custom:remedy draw a random account
    /// @custom:retry no
    error HouseholdRegistryBadAccount(address account);
    /// @notice The account was opened already with another key or by another body.
    /// @custom:field account
    /// @custom:remedy draw another account; to change a key, replace it
    /// @custom:retry no
    error HouseholdRegistryConflict(address account);
    /// @notice There is no such household account.
    /// @custom:field household
    /// @custom:remedy have a registrar open the account first
    /// @custom:retry yes
    error HouseholdRegistryUnknownHousehold(address account);
    /// @notice Only the body that opened the account may replace its key.
    /// @custom:field organisation
    /// @custom:remedy ask the body that opened the account
    /// @custom:retry no
    error HouseholdRegistryNotOpenedBy(address account, OrganisationId organisation);

    /// @notice Opens accounts; the same opening again is a no-op. Caller: REGISTRAR of `organisation`.
    function open(OrganisationId organisation, Opening[] calldata openings) external;

    /// @notice Gives an account a new key; its history stays. Caller: REGISTRAR of the body that opened it.
    function replaceKey(OrganisationId organisation, address account, address key) external;

    /// @notice The account's record; reverts when unknown.
    function householdOf(address account) external view returns (Household memory);
    function isOpen(address account) external view returns (bool);
}
