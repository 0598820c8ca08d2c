// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";

import {AidToken} from "contracts/src/AidToken.sol";
import {DonationToken} from "contracts/src/DonationToken.sol";
import {IERC5192} from "contracts/src/interfaces/IERC5192.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILedgerToken} from "contracts/src/interfaces/ILedgerToken.sol";
import {Code, DonationId, EntitlementId, FundId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice Gifts and entitlements as soulbound tokens: ERC-721 and ERC-5192 views of the ledger.
contract LedgerTokensTest is Lists {
    DonationToken internal gifts;
    AidToken internal aid;

    Person internal claimKey;
    uint256 internal giftToken = uint256(DonationId.unwrap(GIFT));
    uint256 internal firstToken = uint256(EntitlementId.unwrap(FIRST));

    function setUp() public override {
        super.setUp();
        gifts = new DonationToken(ledger);
        aid = new AidToken(deliveries);
        claimKey = _person("claim key", 0);
        donor = claimKey.account;
    }

    // --- Owner

    function test_aGiftIsItsDonorsTokenFromTheMomentItIsRecorded() public {
        _donate(FOOD_FUND, GIFT, 1000);
        assertEq(gifts.ownerOf(giftToken), donor);
        assertTrue(gifts.locked(giftToken));
        assertEq(gifts.getApproved(giftToken), address(0));
        assertFalse(gifts.isApprovedForAll(donor, stranger));
    }

    function test_anEntitlementIsItsHouseholdsToken() public {
        _offerTwoItems();
        assertEq(aid.ownerOf(firstToken), families[0].account);
        assertTrue(aid.locked(firstToken));
    }

    function test_nobodyOwnsWhatIsNotRecorded() public {
        ILedgerToken[2] memory tokens = [ILedgerToken(gifts), ILedgerToken(aid)];
        for (uint256 i = 0; i < tokens.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 7);
            vm.expectRevert(reason);
            tokens[i].ownerOf(7);
            vm.expectRevert(reason);
            tokens[i].locked(7);
            vm.expectRevert(reason);
            tokens[i].tokenURI(7);
            vm.expectRevert(reason);
            tokens[i].getApproved(7);
            vm.expectRevert(reason);
            tokens[i].announce(_one(7));
            vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOwner.selector, address(0)));
            tokens[i].balanceOf(address(0));
        }
    }

    // --- Announcing

    function test_anybodyAnnouncesATokenOnceWithTheStandardsEvents() public {
        _donate(FOOD_FUND, GIFT, 1000);
        assertEq(gifts.announcedOwnerOf(giftToken), address(0));
        vm.expectEmit(address(gifts));
        emit IERC721.Transfer(address(0), donor, giftToken);
        vm.expectEmit(address(gifts));
        emit IERC5192.Locked(giftToken);
        gifts.announce(_one(giftToken));
        assertEq(gifts.balanceOf(donor), 1);
        assertEq(gifts.announcedOwnerOf(giftToken), donor);

        vm.recordLogs();
        gifts.announce(_one(giftToken));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(gifts.balanceOf(donor), 1);
    }

    function test_aClaimedGiftIsTheWalletsToken() public {
        _donate(FOOD_FUND, GIFT, 1000);
        _donate(FOOD_FUND, OTHER_GIFT, 10);
        gifts.announce(_one(giftToken));
        gifts.announce(_one(uint256(DonationId.unwrap(OTHER_GIFT))));
        address wallet = makeAddr("wallet");
        (bytes32 r, bytes32 vs) = vm.signCompact(claimKey.key, ledger.claimDigest(GIFT, wallet, DEADLINE));
        IFundLedger.SignedClaim[] memory claims = new IFundLedger.SignedClaim[](1);
        claims[0] = IFundLedger.SignedClaim(GIFT, wallet, DEADLINE, r, vs);
        ledger.claim(claims);

        assertEq(gifts.ownerOf(giftToken), wallet);
        vm.expectEmit(address(gifts));
        emit IERC721.Transfer(donor, wallet, giftToken);
        gifts.announce(_one(giftToken));
        assertEq(gifts.balanceOf(wallet), 1);
        assertEq(gifts.balanceOf(donor), 1, "the other gift is still the claim key's");
    }

    // --- Soulbound

    function test_nobodyMovesOrApprovesAToken() public {
        _offerTwoItems();
        _assertSoulbound(gifts, giftToken, donor);
        _assertSoulbound(aid, firstToken, families[0].account);
    }

    function _assertSoulbound(ILedgerToken token, uint256 tokenId, address owner) private {
        bytes memory reason = abi.encodeWithSelector(ILedgerToken.LedgerTokenSoulbound.selector, tokenId);
        vm.startPrank(owner);
        vm.expectRevert(reason);
        token.transferFrom(owner, stranger, tokenId);
        vm.expectRevert(reason);
        token.safeTransferFrom(owner, stranger, tokenId);
        vm.expectRevert(reason);
        token.safeTransferFrom(owner, stranger, tokenId, "");
        vm.expectRevert(reason);
        token.approve(stranger, tokenId);
        vm.expectRevert(abi.encodeWithSelector(ILedgerToken.LedgerTokenSoulbound.selector, 0));
        token.setApprovalForAll(stranger, true);
        vm.stopPrank();
        assertEq(token.ownerOf(tokenId), owner);
    }

    // --- Metadata

    function test_interfacesAreThoseOfTheStandards() public view {
        ILedgerToken[2] memory tokens = [ILedgerToken(gifts), ILedgerToken(aid)];
        for (uint256 i = 0; i < tokens.length; ++i) {
            assertTrue(tokens[i].supportsInterface(0x01ffc9a7), "ERC-165");
            assertTrue(tokens[i].supportsInterface(0x80ac58cd), "ERC-721");
            assertTrue(tokens[i].supportsInterface(0x5b5e139f), "ERC-721 metadata");
            assertTrue(tokens[i].supportsInterface(0xb45a3c0e), "ERC-5192");
            assertFalse(tokens[i].supportsInterface(0xffffffff));
            assertFalse(tokens[i].supportsInterface(0x780e9d63), "not enumerable");
        }
        assertEq(gifts.symbol(), "AMANAT-D");
        assertEq(aid.symbol(), "AMANAT-A");
    }

    function test_aGiftsMetadataNamesUnitAmountFundAndHowFarItWasUsed() public {
        _donate(FOOD_FUND, GIFT, 600);
        _donate(FOOD_FUND, OTHER_GIFT, 400);
        uint256 other = uint256(DonationId.unwrap(OTHER_GIFT));
        _assertUri(gifts, giftToken, "Amanat donation", "600", "waiting");
        _takeFee(FOOD_FUND, FEE, 100);
        _assertUri(gifts, giftToken, "Amanat donation", "600", "partly used");
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        _handOver(LIST, FIRST);
        _handOver(LIST, SECOND);
        _assertUri(gifts, giftToken, "Amanat donation", "600", "used");
        _assertUri(gifts, other, "Amanat donation", "400", "waiting");
        _refund(FOOD_FUND, REFUND, OTHER_GIFT, 400);
        _assertUri(gifts, other, "Amanat donation", "400", "withdrawn");
    }

    function test_aidsMetadataNamesUnitAmountFundAndState() public {
        _donate(FOOD_FUND, GIFT, 1000);
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _twoItems());
        _assertUri(aid, firstToken, "Amanat aid", "300", "listed");
        _approve(LIST);
        _assertUri(aid, firstToken, "Amanat aid", "300", "offered");
        _handOver(LIST, FIRST);
        _assertUri(aid, firstToken, "Amanat aid", "300", "handed over");
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _assertUri(aid, firstToken, "Amanat aid", "300", "confirmed");
        vm.warp(LIST_END);
        _assertUri(aid, uint256(EntitlementId.unwrap(SECOND)), "Amanat aid", "200", "expired");
    }

    function test_aUnitThatIsNoPlainTextCannotBreakTheMetadata() public {
        FundId odd = FundId.wrap("odd fund");
        _openFund(charity, odd, Code.wrap('A"\\'), SADAQAT, NO_PROGRAMME);
        _donate(odd, GIFT, 5);
        assertEq(gifts.tokenURI(giftToken), _uri(giftToken, "Amanat donation", 'A\\"\\\\', "5", odd, "waiting"));
        FundId binary = FundId.wrap("binary fund");
        bytes32 unit = hex"4101";
        _openFund(charity, binary, Code.wrap(unit), SADAQAT, NO_PROGRAMME);
        _donate(binary, OTHER_GIFT, 5);
        uint256 other = uint256(DonationId.unwrap(OTHER_GIFT));
        string memory shown = vm.toString(unit);
        assertEq(gifts.tokenURI(other), _uri(other, "Amanat donation", shown, "5", binary, "waiting"));
    }

    function _assertUri(
        ILedgerToken token,
        uint256 tokenId,
        string memory name,
        string memory amount,
        string memory state
    ) private view {
        assertEq(token.tokenURI(tokenId), _uri(tokenId, name, "IRR", amount, FOOD_FUND, state));
    }

    function _uri(
        uint256 tokenId,
        string memory name,
        string memory unit,
        string memory amount,
        FundId fund,
        string memory state
    ) private pure returns (string memory) {
        string memory json = string.concat(
            '{"name":"', name, " ", vm.toString(bytes32(tokenId)), '","attributes":[', _trait("unit", unit), ","
        );
        json = string.concat(json, _trait("amount_minor", amount), ",");
        json = string.concat(json, _trait("fund", vm.toString(FundId.unwrap(fund))), ",");
        json = string.concat(json, _trait("state", state), "]}");
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    function _trait(string memory name, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', name, '","value":"', value, '"}');
    }

    function _one(uint256 tokenId) private pure returns (uint256[] memory tokenIds) {
        tokenIds = new uint256[](1);
        tokenIds[0] = tokenId;
    }
}
