// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

import {IERC5192} from "./IERC5192.sol";

/// @title A soulbound view of the ledger's records as ERC-721 tokens (ERC-5192; system T01).
/// @notice The token id is the record's id. Owner and metadata are read from the ledger, so every record is a token from
/// the moment it is recorded, at no cost to the record. ERC-721 also wants a `Transfer` event and a balance: those are
/// written when somebody announces the token, and again after the ledger's owner changed.
interface ILedgerToken is IERC721Metadata, IERC5192 {
    /// @notice Nobody can transfer or approve a soulbound token.
    /// @custom:field tokenId
    /// @custom:remedy nothing: the token follows its record in the ledger
    /// @custom:retry no
    error LedgerTokenSoulbound(uint256 tokenId);

    /// @notice Writes the events and balances of tokens that are new or changed hands in the ledger. Caller: anyone.
    function announce(uint256[] calldata tokenIds) external;

    /// @notice The owner that was last announced, or zero.
    function announcedOwnerOf(uint256 tokenId) external view returns (address);
}
