// SPDX-License-Identifier: CC0-1.0
pragma solidity ^0.8.27;

/// @title Minimal soulbound tokens (ERC-5192).
interface IERC5192 {
    /// @notice The token is bound to its owner.
    event Locked(uint256 tokenId);
    /// @notice The token may be transferred. Never emitted here.
    event Unlocked(uint256 tokenId);

    /// @notice True when the token cannot be transferred; reverts for tokens of nobody.
    function locked(uint256 tokenId) external view returns (bool);
}
