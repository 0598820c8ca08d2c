// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {Code, RedemptionId, ServiceId} from "contracts/src/types/Ids.sol";

import {Hours} from "./Hours.sol";

/// @notice Minutes move among members, are redeemed, or are given to a fund and delivered; supply = issued - redeemed.
contract TimeBankMinutesTest is Hours {
    function setUp() public override {
        super.setUp();
        _earn(SERVICE, volunteers[0], 90);
    }

    // --- Moving

    function test_minutesAreWholeAndNamed() public view {
        assertEq(timeBank.decimals(), 0);
        assertEq(timeBank.symbol(), "MIN");
        assertEq(timeBank.name(), "Amanat minutes");
    }

    function test_minutesMoveAmongMembers() public {
        _earn(ServiceId.wrap("another service"), volunteers[1], 30);
        vm.prank(volunteers[0].account);
        assertTrue(timeBank.transfer(volunteers[1].account, 40));
        assertEq(timeBank.balanceOf(volunteers[0].account), 50);
        assertEq(timeBank.balanceOf(volunteers[1].account), 70);
    }

    function test_minutesMoveToNobodyElse() public {
        _assertNotMember(stranger);
        _assertNotMember(volunteers[1].account);
        _assertNotMember(address(ledger));
        _assertNotMember(address(timeBank));
    }

    function test_nobodyMovesMoreThanTheyHold() public {
        _earn(ServiceId.wrap("another service"), volunteers[1], 30);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, volunteers[0].account, 90, 91)
        );
        vm.prank(volunteers[0].account);
        timeBank.transfer(volunteers[1].account, 91);
    }

    function test_nobodyMovesAnothersMinutes() public {
        vm.expectRevert(ITimeBank.TimeBankNoAllowances.selector);
        vm.prank(volunteers[0].account);
        timeBank.approve(stranger, 90);
        vm.expectRevert(ITimeBank.TimeBankNoAllowances.selector);
        vm.prank(stranger);
        timeBank.transferFrom(volunteers[0].account, stranger, 1);
    }

    // --- Redeeming

    function test_aVolunteerRedeemsMinutesForAService() public {
        ITimeBank.SignedRedemption[] memory redemptions = _redemption(REDEMPTION, volunteers[0], 60);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.MinutesRedeemed(REDEMPTION, CHARITY, volunteers[0].account, 60);
        _redeem(redemptions);

        assertEq(timeBank.balanceOf(volunteers[0].account), 30);
        assertEq(timeBank.issuedMinutes(), 90);
        assertEq(timeBank.redeemedMinutes(), 60);
        assertEq(timeBank.totalSupply(), 30);
    }

    function test_aRedemptionIsDoneOnce() public {
        ITimeBank.SignedRedemption[] memory redemptions = _redemption(REDEMPTION, volunteers[0], 30);
        _redeem(redemptions);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankAlreadyDone.selector, REDEMPTION));
        _redeem(redemptions);
    }

    function test_aRedemptionNeedsAnIdMinutesAndABalance() public {
        ITimeBank.SignedRedemption[] memory redemptions = _redemption(RedemptionId.wrap(0), volunteers[0], 1);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankMissing.selector, bytes32("id")));
        _redeem(redemptions);
        redemptions = _redemption(REDEMPTION, volunteers[0], 0);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankBadMinutes.selector, REDEMPTION, 0));
        _redeem(redemptions);
        redemptions = _redemption(REDEMPTION, volunteers[0], 91);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotEnough.selector, volunteers[0].account, 90, 91));
        _redeem(redemptions);
    }

    function test_onlyTheVolunteerRedeemsAndOnlyWhereItSaysSo() public {
        ITimeBank.SignedRedemption[] memory redemptions = _redemption(REDEMPTION, volunteers[1], 60);
        redemptions[0].volunteer = volunteers[0].account;
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _redeem(redemptions);

        redemptions = _redemption(REDEMPTION, volunteers[0], 60);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        vm.prank(otherCharity.coordinator);
        timeBank.redeem(OTHER_CHARITY, redemptions);
    }

    // --- Giving

    function test_aVolunteerGivesMinutesToAFund() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 60);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.MinutesGiven(MINUTES_GIFT, MINUTES_FUND, volunteers[0].account, 60);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRecorded(
            MINUTES_FUND,
            MINUTES_GIFT,
            volunteers[0].account,
            0,
            60,
            NOW,
            Code.wrap("service"),
            Code.wrap("time-bank"),
            0,
            NO_CODE,
            gifts[0].commitment
        );
        vm.prank(stranger);
        timeBank.give(gifts);

        assertEq(timeBank.balanceOf(volunteers[0].account), 30);
        assertEq(timeBank.balanceOf(address(ledger)), 60);
        assertEq(timeBank.totalSupply(), 90, "given minutes are kept, not burnt");
        assertEq(ledger.donationOf(MINUTES_GIFT).donor, volunteers[0].account);
        assertEq(ledger.fundOf(MINUTES_FUND).inflowEnd, 60);
    }

    function test_aGiftOfMinutesIsDoneOnce() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 30);
        timeBank.give(gifts);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankAlreadyDone.selector, MINUTES_GIFT));
        timeBank.give(gifts);
    }

    function test_aGiftOfMinutesUnderATakenIdIsAConflictAndMovesNothing() public {
        _donate(GENERAL_FUND, MINUTES_GIFT, 30);
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 30);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, MINUTES_GIFT));
        timeBank.give(gifts);
        assertEq(timeBank.balanceOf(volunteers[0].account), 90);
    }

    function test_minutesAreGivenOnlyToAFundOfMinutes() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, GENERAL_FUND, volunteers[0], 30);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankOtherUnit.selector, GENERAL_FUND));
        timeBank.give(gifts);
    }

    function test_onlyTheVolunteerGives() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[1], 30);
        gifts[0].volunteer = volunteers[0].account;
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        timeBank.give(gifts);
    }

    function test_nobodyGivesMoreMinutesThanTheyHold() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 91);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotEnough.selector, volunteers[0].account, 90, 91));
        timeBank.give(gifts);
    }

    function test_aBodyWithoutALicenceReceivesNoMinutes() public {
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 30);
        _revokeLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        timeBank.give(gifts);
    }

    // --- Delivering

    function test_deliveredMinutesAreGone() public {
        timeBank.give(_minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 60));
        _offer(LIST, MINUTES_FUND, FOOD, _oneItem(FIRST, families[0].account, 45));
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryHandedOver(MINUTES_FUND, FIRST, charity.agent, 0, 45);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.MinutesDelivered(45);
        _handOver(LIST, FIRST);

        assertEq(timeBank.balanceOf(address(ledger)), 15);
        assertEq(timeBank.redeemedMinutes(), 45);
        assertEq(timeBank.totalSupply(), 45);
    }

    function test_aDeliveryOfMoneyTouchesNoMinutes() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        assertEq(timeBank.redeemedMinutes(), 0);
        assertEq(timeBank.totalSupply(), 90);
    }

    function test_onlyTheFundLedgerDeliversMinutes() public {
        timeBank.give(_minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 60));
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotFundLedger.selector, charity.agent));
        vm.prank(charity.agent);
        timeBank.deliver(1);
    }

    function _redeem(ITimeBank.SignedRedemption[] memory redemptions) private {
        vm.prank(charity.coordinator);
        timeBank.redeem(CHARITY, redemptions);
    }

    function _assertNotMember(address to) private {
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotMember.selector, to));
        vm.prank(volunteers[0].account);
        timeBank.transfer(to, 1);
    }
}
