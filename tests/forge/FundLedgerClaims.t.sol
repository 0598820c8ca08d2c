// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {DonationId} from "contracts/src/types/Ids.sol";

import {Transfers} from "./Transfers.sol";
import {TypedData} from "./TypedData.sol";

/// @notice The key printed on a receipt moves the gift to the donor's own wallet, once.
contract FundLedgerClaimsTest is Transfers {
    bytes32 internal constant TYPE =
        keccak256("Claim(address claimKey,bytes32 donation,address wallet,bytes32 genesisHash,uint64 deadlineUnixS)");

    Person internal claimKey;
    Person internal wallet;

    function setUp() public override {
        super.setUp();
        claimKey = _person("claim key", 0);
        wallet = _person("wallet", 0);
        _donate(GENERAL_FUND, _giftOf(claimKey, GIFT, 1000));
    }

    function test_theGiftNowBelongsToTheWallet() public {
        IFundLedger.SignedClaim[] memory claims = _claim(claimKey, GIFT, wallet.account);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationClaimed(GIFT, claimKey.account, wallet.account);
        vm.prank(stranger);
        ledger.claim(claims);

        IFundLedger.Donation memory donation = ledger.donationOf(GIFT);
        assertEq(donation.donor, wallet.account);
        assertTrue(donation.claimed);
        assertEq(donation.amountMinor, 1000);
    }

    function test_aGiftIsClaimedOnce() public {
        IFundLedger.SignedClaim[] memory claims = _claim(claimKey, GIFT, wallet.account);
        ledger.claim(claims);
        bytes memory claimed =
            abi.encodeWithSelector(IFundLedger.FundLedgerAlreadyClaimed.selector, GIFT, wallet.account);
        vm.expectRevert(claimed);
        ledger.claim(claims);

        claims = _claim(wallet, GIFT, stranger);
        vm.expectRevert(claimed);
        ledger.claim(claims);
    }

    function test_theSameGiftRecordedAgainAfterTheClaimIsStillANoOp() public {
        ledger.claim(_claim(claimKey, GIFT, wallet.account));
        vm.recordLogs();
        _donate(GENERAL_FUND, _giftOf(claimKey, GIFT, 1000));
        assertEq(vm.getRecordedLogs().length, 0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, GIFT));
        _donate(GENERAL_FUND, _giftOf(wallet, GIFT, 1000));
    }

    function test_afterTheClaimTheWalletConsentsAndTheClaimKeyNoLonger() public {
        ledger.claim(_claim(claimKey, GIFT, wallet.account));
        IFundLedger.SignedReassignment[] memory consents = _consent(claimKey, REASSIGNMENT, GIFT, FOOD_FUND, 10);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, REASSIGNMENT, claimKey.account, wallet.account
            )
        );
        _reassign(GENERAL_FUND, consents);
        _reassign(GENERAL_FUND, _consent(wallet, REASSIGNMENT, GIFT, FOOD_FUND, 10));
        assertEq(ledger.donationOf(GIFT).reassignedMinor, 10);
    }

    function test_aClaimNeedsAWalletAndAKnownGift() public {
        IFundLedger.SignedClaim[] memory claims = _claim(claimKey, GIFT, address(0));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("wallet")));
        ledger.claim(claims);

        DonationId unknown = DonationId.wrap("unknown");
        claims[0].donation = unknown;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownDonation.selector, unknown));
        ledger.claim(claims);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownDonation.selector, unknown));
        ledger.claimDigest(unknown, wallet.account, DEADLINE);
    }

    // --- The claim key's signature

    function test_theDigestIsThatOfTheEip712Text() public view {
        bytes32 structHash = keccak256(abi.encode(TYPE, claimKey.account, GIFT, wallet.account, GENESIS, DEADLINE));
        TypedData.Domain memory domain = TypedData.Domain("Amanat FundLedger", block.chainid, address(ledger));
        assertEq(ledger.claimDigest(GIFT, wallet.account, DEADLINE), TypedData.digest(domain, structHash));
    }

    function test_onlyTheClaimKeyClaims() public {
        IFundLedger.SignedClaim[] memory claims = _claim(wallet, GIFT, wallet.account);
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, GIFT, wallet.account, claimKey.account)
        );
        ledger.claim(claims);
    }

    function test_aClaimIsForItsOwnGiftAndWallet() public {
        IFundLedger.SignedClaim[] memory claims = _claim(claimKey, GIFT, wallet.account);
        claims[0].wallet = stranger;
        _assertWrongSigner(claims);
        claims = _claim(claimKey, GIFT, wallet.account);
        claims[0].deadlineUnixS += 1;
        _assertWrongSigner(claims);
        _donate(GENERAL_FUND, _giftOf(claimKey, OTHER_GIFT, 5));
        claims = _claim(claimKey, GIFT, wallet.account);
        claims[0].donation = OTHER_GIFT;
        _assertWrongSigner(claims);
    }

    function test_aClaimEndsAfterItsDeadline() public {
        IFundLedger.SignedClaim[] memory claims = _claim(claimKey, GIFT, wallet.account);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, GIFT, DEADLINE));
        ledger.claim(claims);
        vm.warp(DEADLINE);
        ledger.claim(claims);
        assertTrue(ledger.donationOf(GIFT).claimed);
    }

    function test_aBatchOfClaimsIsAllOrNothing() public {
        _donate(GENERAL_FUND, _giftOf(claimKey, OTHER_GIFT, 5));
        IFundLedger.SignedClaim[] memory claims = new IFundLedger.SignedClaim[](2);
        claims[0] = _claim(claimKey, GIFT, wallet.account)[0];
        claims[1] = _claim(wallet, OTHER_GIFT, wallet.account)[0];
        _assertWrongSigner(claims);
        assertFalse(ledger.donationOf(GIFT).claimed);
    }

    function _assertWrongSigner(IFundLedger.SignedClaim[] memory claims) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        ledger.claim(claims);
    }
}
