// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @notice A household's scratch card with 16 secrets, and its Merkle tree.
library CardTree {
    uint8 internal constant FIELDS = 16;

    function secret(address household, uint8 field) internal pure returns (bytes32) {
        return keccak256(abi.encode("secret", household, field));
    }

    function root(address household) internal pure returns (bytes32) {
        return _tree(household)[1];
    }

    /// @return proof The neighbours on the way from the field's leaf up to the root.
    function proof(address household, uint8 field) internal pure returns (bytes32[4] memory) {
        bytes32[2 * FIELDS] memory tree = _tree(household);
        uint256 node = FIELDS + field;
        return [tree[node ^ 1], tree[(node >> 1) ^ 1], tree[(node >> 2) ^ 1], tree[(node >> 3) ^ 1]];
    }

    /// @dev Node n stands above nodes 2n and 2n + 1; the leaves are the last 16.
    function _tree(address household) private pure returns (bytes32[2 * FIELDS] memory tree) {
        for (uint8 f = 0; f < FIELDS; ++f) {
            bytes32 inner = keccak256(abi.encode(household, f, secret(household, f)));
            tree[FIELDS + f] = keccak256(bytes.concat(inner));
        }
        for (uint256 n = FIELDS - 1; n > 0; --n) {
            (bytes32 a, bytes32 b) = (tree[2 * n], tree[2 * n + 1]);
            tree[n] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        }
    }
}
