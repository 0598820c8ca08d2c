// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @notice What a staff key may do for its organisation; a set is the sum of its bits. The licence says which of them a
/// body may give to its staff at all.
library Roles {
    /// @notice Proposes payment lists and transfers.
    uint16 internal constant MAKER = 1;
    /// @notice Approves payment lists and transfers made by somebody else.
    uint16 internal constant CHECKER = 2;
    /// @notice Records gifts, fees, refunds, returns, reassignments and transfers received.
    uint16 internal constant CASHIER = 4;
    /// @notice Hands aid over to households for the body that provides it.
    uint16 internal constant AGENT = 8;
    /// @notice Opens household accounts, replaces their keys and cards, closes and reopens them.
    uint16 internal constant REGISTRAR = 16;
    /// @notice Confirms volunteers' services.
    uint16 internal constant COORDINATOR = 32;
    /// @notice Signs that a household accepted aid of another body.
    uint16 internal constant WITNESS = 64;
    /// @notice Handles cases and decides disputes about bodies below its own.
    uint16 internal constant DESK = 128;
    /// @notice Signs that a household has not had the same aid elsewhere.
    uint16 internal constant CLEARER = 256;
    /// @notice Issues the regulator's service orders.
    uint16 internal constant ORDERER = 512;
    /// @notice Every role there is; anything above is refused.
    uint16 internal constant ALL = 1023;
}
