// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code} from "./Ids.sol";

/// @notice Place codes name an area by its path, as ISO 3166-2 does: "IR-23-01" is a part of "IR-23" (systems T24).
library Places {
    /// @notice True when `inner` is `outer` or a part of it. Everything lies within the zero code; it lies only in itself.
    function within(Code inner, Code outer) internal pure returns (bool) {
        (bytes32 a, bytes32 b) = (Code.unwrap(inner), Code.unwrap(outer));
        if (b == 0 || a == b) return true;
        uint256 length = 0;
        while (length < 32 && b[length] != 0) ++length;
        if (length == 32 || a[length] != "-") return false;
        bytes32 path = ~bytes32(type(uint256).max >> (8 * length));
        return a & path == b;
    }
}
