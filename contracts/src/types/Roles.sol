// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @notice What a staff key may do for its organisation; a set is the sum of its bits.
library Roles {
    /// @notice Proposes payment lists.
    uint16 internal constant MAKER = 1;
    /// @notice Approves payment lists made by somebody else.
    uint16 internal constant CHECKER = 2;
    /// @notice Records gifts, fees and refunds.
    uint16 internal constant CASHIER = 4;
    /// @notice Hands aid over to households.
    uint16 internal constant AGENT = 8;
    /// @notice Opens household accounts and replaces their keys.
    uint16 internal constant REGISTRAR = 16;
    /// @notice Confirms volunteers' services.
    uint16 internal constant COORDINATOR = 32;
    /// @notice Every role there is; anything above is refused.
    uint16 internal constant ALL = 63;
}
