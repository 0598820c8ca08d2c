// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {EntitlementId, FundId, MINUTES, PaymentListId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";
import {Hours} from "./Hours.sol";
import {Transfers} from "./Transfers.sol";

/// @notice Minutes given to a fund: the bank holds as many as lie in all funds of minutes, on their way or waiting (I10).
contract TimeBankFundsTest is Hours, Disputes, Transfers {
    PaymentListId internal constant OTHER_LIST = PaymentListId.wrap("other list");
    FundId internal constant OTHER_MINUTES = FundId.wrap("minutes of the other charity");

    function setUp() public override {
        super.setUp();
        _openFund(otherCharity, OTHER_MINUTES, MINUTES, SADAQAT, NO_PROGRAMME);
        _earn(SERVICE, volunteers[0], 90);
        timeBank.give(_minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 60));
        _offer(LIST, MINUTES_FUND, FOOD, _oneItem(FIRST, families[0].account, 45));
    }

    // --- Coming back

    function test_returnedMinutesAreKeptByTheFundAgain() public {
        _handOver(LIST, FIRST);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.MinutesTakenBack(20);
        _return(MINUTES_FUND, RETURN, FIRST, 20);
        assertEq(timeBank.balanceOf(address(ledger)), 35);
        assertEq(timeBank.redeemedMinutes(), 25);
        assertEq(timeBank.totalSupply(), timeBank.issuedMinutes() - timeBank.redeemedMinutes());
        assertEq(timeBank.liabilityMinutes(), 65);
        assertEq(ledger.fundOf(MINUTES_FUND).inflowEnd, 80);
    }

    function test_anUpheldDisputeRestoresTheMinutes() public {
        _handOver(LIST, FIRST);
        deliveries.dispute(_objection(families[0], FIRST));
        vm.expectEmit(address(timeBank));
        emit ITimeBank.MinutesTakenBack(45);
        _decide(_decision(FIRST, true));
        assertEq(timeBank.balanceOf(address(ledger)), 60);
        assertEq(timeBank.redeemedMinutes(), 0);
        assertEq(timeBank.totalSupply(), 90);
    }

    function test_returnedMinutesAreDeliveredAgain() public {
        _handOver(LIST, FIRST);
        _return(MINUTES_FUND, RETURN, FIRST, 45);
        _offer(OTHER_LIST, MINUTES_FUND, FOOD, _oneItem(SECOND, families[1].account, 60));
        _handOver(OTHER_LIST, SECOND);
        assertEq(timeBank.balanceOf(address(ledger)), 0);
        assertEq(timeBank.redeemedMinutes(), 60);
        assertEq(timeBank.totalSupply(), 30);
    }

    function test_aReturnOfMoneyTouchesNoMinutes() public {
        _donate(FOOD_FUND, GIFT, 100);
        _offer(OTHER_LIST, FOOD_FUND, FOOD, _oneItem(SECOND, families[1].account, 60));
        _handOver(OTHER_LIST, SECOND);
        _return(FOOD_FUND, RETURN, SECOND, 60);
        assertEq(timeBank.totalSupply(), 90);
        assertEq(timeBank.redeemedMinutes(), 0);
    }

    function test_onlyTheFundLedgerTakesMinutesBack() public {
        _handOver(LIST, FIRST);
        address[2] memory callers = [charity.cashier, address(deliveries)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotFundLedger.selector, callers[i]));
            vm.prank(callers[i]);
            timeBank.takeBack(1);
        }
    }

    function test_anEmptyHandOverEmitsNothing() public {
        vm.recordLogs();
        vm.prank(charity.agent);
        deliveries.handOver(LIST, new EntitlementId[](0));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    // --- Moving on

    function test_minutesMoveBetweenFundsOfMinutes() public {
        _send(_transferOf(TRANSFER, MINUTES_FUND, OTHER_MINUTES, 15));
        assertEq(timeBank.balanceOf(address(ledger)), 60, "on their way they are kept");
        _receive(otherCharity.cashier, TRANSFER);
        assertEq(ledger.fundOf(OTHER_MINUTES).inflowEnd, 15);
        assertEq(timeBank.balanceOf(address(ledger)), 60);
        assertEq(timeBank.totalSupply(), 90);
    }

    function test_transferredMinutesAreDeliveredFromTheirNewFund() public {
        _send(_transferOf(TRANSFER, MINUTES_FUND, OTHER_MINUTES, 15));
        _receive(otherCharity.cashier, TRANSFER);
        _handOver(LIST, FIRST);
        vm.prank(address(deliveries));
        ledger.reserve(OTHER_MINUTES, 15);
        vm.prank(address(deliveries));
        ledger.deliver(OTHER_MINUTES, 15);
        assertEq(timeBank.balanceOf(address(ledger)), 0);
        assertEq(timeBank.redeemedMinutes(), 60);
    }

    function test_minutesAreNotTransferredIntoMoney() public {
        IFundLedger.TransferProposal memory proposal = _transferOf(TRANSFER, MINUTES_FUND, GENERAL_FUND, 15);
        vm.expectRevert(
            abi.encodeWithSelector(IFundLedger.FundLedgerLessRestricted.selector, MINUTES_FUND, GENERAL_FUND)
        );
        _proposeTransfer(charity.maker, proposal);
    }

    function test_aVolunteerReassignsGivenMinutes() public {
        FundId zakat = FundId.wrap("minutes for zakat");
        _openFund(charity, zakat, MINUTES, ZAKAT, NO_PROGRAMME);
        _reassign(MINUTES_FUND, _consent(volunteers[0], REASSIGNMENT, MINUTES_GIFT, zakat, 15));
        assertEq(ledger.fundOf(zakat).inflowEnd, 15);
        assertEq(timeBank.balanceOf(address(ledger)), 60);
    }
}
