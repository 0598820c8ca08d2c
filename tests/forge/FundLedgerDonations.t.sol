// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, DonationId, FundId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Gifts} from "./Gifts.sol";

contract FundLedgerDonationsTest is Gifts {
    Code internal constant GOODS = Code.wrap("goods");

    function test_aGiftTakesTheNextUnitsOfTheLine() public {
        _donate(GENERAL_FUND, OTHER_GIFT, 700);

        IFundLedger.DonationEntry memory gift = _gift(GIFT, 1000);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRecorded(
            GENERAL_FUND, GIFT, donor, 700, 1000, gift.settledAtUnixS, CASH, BANK, 0, NO_CODE, gift.commitment
        );
        _donate(GENERAL_FUND, gift);

        IFundLedger.Donation memory donation = ledger.donationOf(GIFT);
        assertEq(donation.donor, donor);
        assertEq(donation.start, 700);
        assertEq(donation.amountMinor, 1000);
        assertEq(donation.refundedMinor, 0);
        assertEq(donation.reassignedMinor, 0);
        assertFalse(donation.claimed);
        assertEq(donation.fundNumber, ledger.donationOf(OTHER_GIFT).fundNumber);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1700);
        assertEq(ledger.undelivered(GIFT), 1000);
        assertTrue(ledger.fundOfDonation(GIFT).id == GENERAL_FUND);
    }

    function test_eachFundHasItsOwnLine() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _donate(OTHER_FUND, OTHER_GIFT, 5);
        assertEq(ledger.donationOf(OTHER_GIFT).start, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1000);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, 5);
    }

    function test_theSameGiftAgainIsANoOpWithoutAnEvent() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        vm.recordLogs();
        _donate(GENERAL_FUND, GIFT, 1000);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1000);
    }

    function test_theSameGiftAgainCostsLittle() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        IFundLedger.DonationEntry[] memory gifts = new IFundLedger.DonationEntry[](1);
        gifts[0] = _gift(GIFT, 1000);
        vm.prank(charity.cashier);
        uint256 before = gasleft();
        ledger.donate(GENERAL_FUND, gifts);
        assertLt(before - gasleft(), 20_000, "no storage is written");
    }

    function test_anyOtherGiftUnderTheIdIsAConflict() public {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 1000);
        _donate(GENERAL_FUND, gift);
        gift.amountMinor = 1001;
        _assertConflict(GENERAL_FUND, gift);
        gift = _gift(GIFT, 1000);
        gift.donor = stranger;
        _assertConflict(GENERAL_FUND, gift);
        gift = _gift(GIFT, 1000);
        gift.settledAtUnixS += 1;
        _assertConflict(GENERAL_FUND, gift);
        gift = _gift(GIFT, 1000);
        gift.channel = Code.wrap("app");
        _assertConflict(GENERAL_FUND, gift);
        gift = _gift(GIFT, 1000);
        (gift.form, gift.valueMinor, gift.valueCurrency) = (GOODS, 1, RIAL);
        _assertConflict(GENERAL_FUND, gift);
        gift = _gift(GIFT, 1000);
        gift.commitment = bytes32(uint256(1));
        _assertConflict(GENERAL_FUND, gift);
    }

    function test_theSameGiftInAnotherFundIsAConflict() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _assertConflict(FOOD_FUND, _gift(GIFT, 1000));
        _assertConflict(OTHER_FUND, _gift(GIFT, 1000));
    }

    function test_aBatchOfGiftsIsAllOrNothing() public {
        IFundLedger.DonationEntry[] memory gifts = new IFundLedger.DonationEntry[](2);
        gifts[0] = _gift(GIFT, 1000);
        gifts[1] = _gift(OTHER_GIFT, 0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, OTHER_GIFT, 0));
        vm.prank(charity.cashier);
        ledger.donate(GENERAL_FUND, gifts);
        assertEq(ledger.donationOf(GIFT).donor, address(0));
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 0);

        gifts[1] = _gift(OTHER_GIFT, 1);
        vm.prank(charity.cashier);
        ledger.donate(GENERAL_FUND, gifts);
        assertEq(ledger.donationOf(OTHER_GIFT).start, 1000);
    }

    function test_aGiftNeedsAnIdAndADonor() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("donation")));
        _donate(GENERAL_FUND, DonationId.wrap(0), 1000);

        IFundLedger.DonationEntry memory gift = _gift(GIFT, 1000);
        gift.donor = address(0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("donor")));
        _donate(GENERAL_FUND, gift);
    }

    function test_anAmountIsAboveZeroAndFitsASignedInteger() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, GIFT, 0));
        _donate(GENERAL_FUND, GIFT, 0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, GIFT, MAX_AMOUNT + 1));
        _donate(GENERAL_FUND, GIFT, MAX_AMOUNT + 1);
    }

    function test_aFundIsFullAtTheLargestSignedInteger() public {
        _donate(GENERAL_FUND, OTHER_GIFT, MAX_AMOUNT - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IFundLedger.FundLedgerFundFull.selector, GENERAL_FUND, MAX_AMOUNT - 1, 2)
        );
        _donate(GENERAL_FUND, GIFT, 2);

        _donate(GENERAL_FUND, GIFT, 1);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, MAX_AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFundFull.selector, GENERAL_FUND, MAX_AMOUNT, 1));
        _donate(GENERAL_FUND, DonationId.wrap("one too many"), 1);
    }

    function test_aGiftIsSettledADayAheadAtMost() public {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 1000);
        gift.settledAtUnixS = NOW + 1 days + 1;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotYetSettled.selector, GIFT, gift.settledAtUnixS));
        _donate(GENERAL_FUND, gift);
        gift.settledAtUnixS = NOW + 1 days;
        _donate(GENERAL_FUND, gift);
        assertEq(ledger.donationOf(GIFT).amountMinor, 1000);
    }

    function test_aGiftNeedsAKnownFund() public {
        FundId nowhere = FundId.wrap("nowhere");
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere));
        _donate(nowhere, GIFT, 1000);
    }

    function test_onlyACashierOfTheFundsOwnBodyRecordsGifts() public {
        _assertMayNotDonate(charity.administrator);
        _assertMayNotDonate(charity.maker);
        _assertMayNotDonate(otherCharity.cashier);
        _assertMayNotDonate(firstRegulator);
    }

    function test_anExpiredBodyRecordsNoGifts() public {
        vm.warp(LICENCE_END - 1);
        _donate(GENERAL_FUND, GIFT, 1000);
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
    }

    function test_aRevokedBodyRecordsNoGiftsLaterInTheSameBlock() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _revokeLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
    }

    function test_minutesAreNotRecordedByACashier() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMinutes.selector, MINUTES_FUND));
        _donate(MINUTES_FUND, GIFT, 60);
    }

    function test_onlyTheTimeBankRecordsGiftsOfMinutes() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotTimeBank.selector, charity.cashier));
        vm.prank(charity.cashier);
        ledger.donateMinutes(MINUTES_FUND, _gift(GIFT, 60));
    }

    function test_theTimeBankRecordsNoMoney() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMinutes.selector, GENERAL_FUND));
        vm.prank(address(timeBank));
        ledger.donateMinutes(GENERAL_FUND, _gift(GIFT, 60));
    }

    function test_aGiftNobodyRecordedHasNothingUndelivered() public {
        bytes memory unknown = abi.encodeWithSelector(IFundLedger.FundLedgerUnknownDonation.selector, GIFT);
        vm.expectRevert(unknown);
        ledger.undelivered(GIFT);
        vm.expectRevert(unknown);
        ledger.fundOfDonation(GIFT);
    }

    // --- What was given

    function test_goodsAndServicesHaveAValue() public {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 40);
        (gift.form, gift.valueMinor, gift.valueCurrency) = (GOODS, 900_000, RIAL);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRecorded(
            GENERAL_FUND, GIFT, donor, 0, 40, gift.settledAtUnixS, GOODS, BANK, 900_000, RIAL, gift.commitment
        );
        _donate(GENERAL_FUND, gift);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 40, "units are given, not their value");
    }

    function test_aGiftHasAForm() public {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 40);
        gift.form = NO_CODE;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("form")));
        _donate(GENERAL_FUND, gift);
    }

    function test_cashHasNeitherValueNorCurrencyAndOthersHaveBoth() public {
        _assertBadValue(CASH, 1, NO_CODE);
        _assertBadValue(CASH, 0, RIAL);
        _assertBadValue(CASH, 1, RIAL);
        _assertBadValue(GOODS, 0, NO_CODE);
        _assertBadValue(GOODS, 1, NO_CODE);
        _assertBadValue(GOODS, 0, RIAL);
        _assertBadValue(Code.wrap("service"), 0, RIAL);
        _assertBadValue(GOODS, MAX_AMOUNT + 1, RIAL);
    }

    // --- Words

    function _assertBadValue(Code form, uint64 valueMinor, Code currency) private {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 40);
        (gift.form, gift.valueMinor, gift.valueCurrency) = (form, valueMinor, currency);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadValue.selector, GIFT, valueMinor));
        _donate(GENERAL_FUND, gift);
    }

    function _assertConflict(FundId fund, IFundLedger.DonationEntry memory gift) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, gift.id));
        _donate(fund, gift);
    }

    function _assertMayNotDonate(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.CASHIER)
        );
        vm.prank(caller);
        ledger.donate(GENERAL_FUND, new IFundLedger.DonationEntry[](0));
    }
}
