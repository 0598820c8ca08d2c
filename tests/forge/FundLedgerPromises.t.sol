// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {stdError} from "forge-std/StdError.sol";

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {FundId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";

/// @notice What the delivery ledger alone does to a fund's line: promise, free, deliver, take back.
contract FundLedgerPromisesTest is Disputes {
    function test_onlyTheDeliveryLedgerPromisesFreesDeliversAndTakesBack() public {
        _offerTwoItems();
        address[5] memory callers =
            [charity.administrator, charity.cashier, firstRegulator, address(timeBank), address(field)];
        for (uint256 i = 0; i < callers.length; ++i) {
            _assertMayNot(callers[i], abi.encodeCall(ledger.reserve, (FOOD_FUND, 1)));
            _assertMayNot(callers[i], abi.encodeCall(ledger.release, (FOOD_FUND, 1)));
            _assertMayNot(callers[i], abi.encodeCall(ledger.deliver, (FOOD_FUND, 1)));
            _assertMayNot(callers[i], abi.encodeCall(ledger.takeBack, (FOOD_FUND, 1)));
        }
    }

    function test_onlyFreeUnitsArePromised() public {
        _donate(FOOD_FUND, GIFT, 1000);
        _takeFee(FOOD_FUND, FEE, 100);
        vm.startPrank(address(deliveries));
        ledger.reserve(FOOD_FUND, 600);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 300, 301));
        ledger.reserve(FOOD_FUND, 301);
        ledger.reserve(FOOD_FUND, 300);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 900);
    }

    function test_noMoreIsFreedOrDeliveredThanWasPromised() public {
        _donate(FOOD_FUND, GIFT, 1000);
        vm.startPrank(address(deliveries));
        ledger.reserve(FOOD_FUND, 300);
        vm.expectRevert(stdError.arithmeticError);
        ledger.release(FOOD_FUND, 301);
        vm.expectRevert(stdError.arithmeticError);
        ledger.deliver(FOOD_FUND, 301);
        assertEq(ledger.deliver(FOOD_FUND, 200), 0);
        ledger.release(FOOD_FUND, 100);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 200);
    }

    function test_whatComesBackIsTheNextInflow() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.prank(address(deliveries));
        assertEq(ledger.takeBack(FOOD_FUND, 300), 1000);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 300);
    }

    function test_aFullFundTakesNothingBack() public {
        _donate(FOOD_FUND, GIFT, MAX_AMOUNT - 2);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFundFull.selector, FOOD_FUND, MAX_AMOUNT - 2, 3));
        vm.prank(address(deliveries));
        ledger.takeBack(FOOD_FUND, 3);
    }

    function test_anUnknownFundPromisesNothing() public {
        FundId nowhere = FundId.wrap("nowhere");
        bytes memory unknown = abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere);
        vm.startPrank(address(deliveries));
        vm.expectRevert(unknown);
        ledger.reserve(nowhere, 1);
        vm.expectRevert(unknown);
        ledger.release(nowhere, 1);
        vm.expectRevert(unknown);
        ledger.deliver(nowhere, 1);
        vm.expectRevert(unknown);
        ledger.takeBack(nowhere, 1);
    }

    // --- The release date

    function test_beforeItsReleaseAFundPromisesNothing() public {
        FundId locked = FundId.wrap("locked fund");
        uint64 release = NOW + 10 days;
        IFundLedger.FundOpening memory opening = _plainFund(charity, locked, RIAL, SADAQAT, NO_PROGRAMME);
        opening.releaseAtUnixS = release;
        _openFund(charity, opening);
        _donate(locked, GIFT, 1000);
        _propose(_proposal(LIST, locked, FOOD, _twoItems()), _twoItems());

        vm.warp(release - 1);
        bytes32 contentHash = deliveries.listOf(LIST).contentHash;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotReleased.selector, locked, release));
        vm.prank(charity.checker);
        deliveries.approveList(LIST, contentHash);

        vm.warp(release);
        _approve(LIST);
        assertEq(ledger.fundOf(locked).reserved, 500);
    }

    function _assertMayNot(address caller, bytes memory call) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotDeliveryLedger.selector, caller));
        vm.prank(caller);
        (bool reverted,) = address(ledger).call(call);
        assertTrue(reverted, "expectRevert turns the outcome round");
    }
}
