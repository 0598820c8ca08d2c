// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {OrganisationId} from "../types/Ids.sol";

/// @title Household accounts and what accepts for them: a key or a card (systems T09, E15, DESIGN section 3).
/// @notice An account is pseudonymous: 20 random bytes that name nobody. A body with registrars opens it; `DeliveryLedger`
/// refuses to pay an account that the payer or the provider opened itself.
interface IHouseholdRegistry {
    /// @notice One account to open.
    struct Opening {
        address account;
        /// @dev Signs acceptances and refusals; zero for a family that has none yet.
        address key;
        /// @dev Merkle root of the secrets on the family's scratch card; zero for a family that has none.
        bytes32 cardRoot;
    }

    /// @notice An account. Its history stays when it is closed.
    struct Household {
        /// @dev Who opened the account, or its successor: the only body that may change it.
        OrganisationId openedBy;
        address key;
        /// @dev No new aid is promised to a closed account (system E15).
        bool closed;
        /// @dev First 64 bits of the hash of the opening: tells a repeated record from a conflicting one, also after key
        /// or card were replaced.
        uint64 digest;
        bytes32 cardRoot;
    }

    event HouseholdOpened(address indexed account, OrganisationId indexed openedBy, address key, bytes32 cardRoot);
    event HouseholdKeyReplaced(address indexed account, OrganisationId indexed replacedBy, address key);
    /// @notice A lost or used card was replaced; the old one's secrets are void.
    event HouseholdCardReplaced(address indexed account, OrganisationId indexed replacedBy, bytes32 cardRoot);
    event HouseholdClosed(address indexed account, OrganisationId indexed closedBy);
    event HouseholdReopened(address indexed account, OrganisationId indexed reopenedBy);
    /// @notice The account is kept by the successor that the regulator named for the body that kept it.
    event HouseholdTakenOver(address indexed account, OrganisationId indexed from, OrganisationId indexed to);

    /// @notice The account may not be zero.
    /// @custom:field account
    /// @custom:remedy draw a random account
    /// @custom:retry no
    error HouseholdRegistryBadAccount(address account);
    /// @notice The account was opened already with another key or card, or by another body.
    /// @custom:field account
    /// @custom:remedy draw another account; to change key or card, replace them
    /// @custom:retry no
    error HouseholdRegistryConflict(address account);
    /// @notice There is no such household account.
    /// @custom:field household
    /// @custom:remedy have a registrar open the account first
    /// @custom:retry yes
    error HouseholdRegistryUnknownHousehold(address account);
    /// @notice Only the body that opened the account may change it.
    /// @custom:field organisation
    /// @custom:remedy ask the body that opened the account
    /// @custom:retry no
    error HouseholdRegistryNotOpenedBy(address account, OrganisationId organisation);
    /// @notice A body that may promise or hand over aid could confirm its own deliveries with the accounts it took over (I6).
    /// @custom:field successor
    /// @custom:remedy have the regulator name a successor whose licence allows neither maker nor agent
    /// @custom:retry yes
    error HouseholdRegistryPayingSuccessor(OrganisationId successor);

    /// @notice Opens accounts; the same opening again is a no-op. Caller: REGISTRAR of `organisation`.
    function open(OrganisationId organisation, Opening[] calldata openings) external;

    /// @notice Gives an account a new key; its history stays. Caller: REGISTRAR of the body that opened it.
    function replaceKey(OrganisationId organisation, address account, address key) external;

    /// @notice Gives an account a new card; its history stays. Caller: REGISTRAR of the body that opened it.
    function replaceCard(OrganisationId organisation, address account, bytes32 cardRoot) external;

    /// @notice Closes accounts: the families left the programmes. Closing twice is a no-op. Caller: REGISTRAR of the body
    /// that opened them.
    function close(OrganisationId organisation, address[] calldata accounts) external;

    /// @notice Reopens closed accounts; on an open one a no-op. Caller: REGISTRAR of the body that opened them.
    function reopen(OrganisationId organisation, address[] calldata accounts) external;

    /// @notice Takes over accounts of bodies whose successor the regulator named; their history stays. Taking over again is
    /// a no-op. Caller: REGISTRAR of the successor.
    function takeOver(OrganisationId successor, address[] calldata accounts) external;

    /// @notice The account's record; reverts when unknown.
    function householdOf(address account) external view returns (Household memory);
    /// @notice True for an account that was opened, also when it was closed since.
    function isKnown(address account) external view returns (bool);
    /// @notice True for an account that was opened and is not closed.
    function isOpen(address account) external view returns (bool);
}
