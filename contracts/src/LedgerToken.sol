// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IERC5192} from "./interfaces/IERC5192.sol";
import {ILedgerToken} from "./interfaces/ILedgerToken.sol";
import {Code, FundId} from "./types/Ids.sol";

abstract contract LedgerToken is ILedgerToken, IERC721Errors {
    using Strings for uint256;

    bytes1 private constant FIRST_PRINTABLE = 0x20;
    bytes1 private constant LAST_PRINTABLE = 0x7e;

    mapping(uint256 tokenId => address) private _announced;
    mapping(address owner => uint256) private _balance;

    /// @inheritdoc ILedgerToken
    function announce(uint256[] calldata tokenIds) external {
        for (uint256 i = 0; i < tokenIds.length; ++i) {
            uint256 tokenId = tokenIds[i];
            (address from, address to) = (_announced[tokenId], ownerOf(tokenId));
            if (from == to) continue;
            _announced[tokenId] = to;
            _balance[to] += 1;
            if (from != address(0)) _balance[from] -= 1;
            emit Transfer(from, to, tokenId);
            if (from == address(0)) emit Locked(tokenId);
        }
    }

    /// @inheritdoc ILedgerToken
    function announcedOwnerOf(uint256 tokenId) external view returns (address) {
        return _announced[tokenId];
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) public view returns (address owner) {
        owner = _holder(tokenId);
        require(owner != address(0), ERC721NonexistentToken(tokenId));
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner) external view returns (uint256) {
        require(owner != address(0), ERC721InvalidOwner(owner));
        return _balance[owner];
    }

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool) {
        ownerOf(tokenId);
        return true;
    }

    /// @inheritdoc IERC721Metadata
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        ownerOf(tokenId);
        return string.concat("data:application/json;base64,", Base64.encode(bytes(_metadata(tokenId))));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == type(IERC721Metadata).interfaceId || interfaceId == type(IERC5192).interfaceId;
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view returns (address) {
        ownerOf(tokenId);
        return address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC721
    function transferFrom(address, address, uint256 tokenId) external pure {
        revert LedgerTokenSoulbound(tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 tokenId) external pure {
        revert LedgerTokenSoulbound(tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 tokenId, bytes calldata) external pure {
        revert LedgerTokenSoulbound(tokenId);
    }

    /// @inheritdoc IERC721
    function approve(address, uint256 tokenId) external pure {
        revert LedgerTokenSoulbound(tokenId);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address, bool) external pure {
        revert LedgerTokenSoulbound(0);
    }

    /// @dev The owner by the ledger; zero when there is no such record.
    function _holder(uint256 tokenId) internal view virtual returns (address);

    /// @dev ERC-721 metadata as JSON.
    function _metadata(uint256 tokenId) internal view virtual returns (string memory);

    function _json(
        string memory name_,
        uint256 tokenId,
        Code unit,
        uint64 amountMinor,
        FundId fund,
        string memory state
    ) internal pure returns (string memory) {
        return string.concat(
            '{"name":"',
            name_,
            " ",
            tokenId.toHexString(32),
            '","attributes":[{"trait_type":"unit","value":"',
            _text(unit),
            '"},{"trait_type":"amount_minor","value":"',
            uint256(amountMinor).toString(),
            '"},{"trait_type":"fund","value":"',
            uint256(FundId.unwrap(fund)).toHexString(32),
            '"},{"trait_type":"state","value":"',
            state,
            '"}]}'
        );
    }

    /// @dev A code's text, fit for JSON; a code that is not printable ASCII is shown in hex.
    function _text(Code code) private pure returns (string memory) {
        bytes32 word = Code.unwrap(code);
        uint256 length = 0;
        while (length < 32 && word[length] != 0) {
            bytes1 letter = word[length++];
            if (letter < FIRST_PRINTABLE || letter > LAST_PRINTABLE) return uint256(word).toHexString(32);
        }
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = word[i];
        }
        return Strings.escapeJSON(string(text));
    }
}
