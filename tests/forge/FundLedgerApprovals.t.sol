// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice Another checker approves what a maker proposed, as a whole and as it is (I5).
contract FundLedgerApprovalsTest is Lists {
    function test_anotherCheckerApprovesAndTheTotalIsReserved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);

        vm.expectEmit(address(ledger));
        emit IFundLedger.PaymentListApproved(LIST, FOOD_FUND, charity.checker, 500);
        vm.prank(charity.checker);
        ledger.approveList(LIST, _contentHash(items));

        IFundLedger.PaymentList memory list = ledger.listOf(LIST);
        assertTrue(list.state == IFundLedger.ListState.Approved);
        assertEq(list.checker, charity.checker);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_theSameApprovalAgainIsANoOpWithoutAnEvent() public {
        _offerTwoItems();
        vm.recordLogs();
        vm.prank(charity.checker);
        ledger.approveList(LIST, _contentHash(_twoItems()));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_aListIsApprovedOnce() public {
        _offerTwoItems();
        _appoint(charity, stranger, Roles.CHECKER);
        _assertNotApproved(
            stranger,
            abi.encodeWithSelector(IFundLedger.FundLedgerListState.selector, LIST, IFundLedger.ListState.Approved)
        );
    }

    function test_aListCheckedByItsMakerIsRefused() public {
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _assertNotApproved(
            charity.maker, abi.encodeWithSelector(IFundLedger.FundLedgerMakerIsChecker.selector, LIST, charity.maker)
        );
    }

    function test_nobodySkipsTheChecker() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _assertMayNotApprove(charity.maker);
        _assertMayNotApprove(charity.agent);
        _assertMayNotApprove(charity.administrator);
        _assertMayNotApprove(otherCharity.checker);
        _assertMayNotApprove(firstRegulator);
    }

    function test_aCheckerApprovesExactlyWhatWasChecked() public {
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerOtherContent.selector, LIST, _contentHash(items)));
        vm.prank(charity.checker);
        ledger.approveList(LIST, keccak256("another list"));
    }

    function test_anUnfinishedListIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        _propose(proposal, _oneItem(FIRST, families[0].account, 300));
        bytes32 addedHash = ledger.listOf(LIST).addedHash;
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IFundLedger.FundLedgerListDiffers.selector, LIST, 1, 300, addedHash)
        );
    }

    function test_aListOfOtherItemsThanProposedIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        IFundLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        (items[0].household, items[1].household) = (items[1].household, items[0].household);
        _propose(proposal, items);
        _assertNotApproved(
            charity.checker,
            abi.encodeWithSelector(
                IFundLedger.FundLedgerListDiffers.selector, LIST, 2, 500, ledger.listOf(LIST).addedHash
            )
        );
    }

    function test_anExpiredListIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.warp(LIST_END);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IFundLedger.FundLedgerListExpired.selector, LIST, LIST_END)
        );
    }

    function test_aListAboveTheFreeUnitsIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 499);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 499, 500)
        );
    }

    function test_anUnknownListIsNotApproved() public {
        _assertNotApproved(charity.checker, abi.encodeWithSelector(IFundLedger.FundLedgerUnknownList.selector, LIST));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownList.selector, LIST));
        ledger.listOf(LIST);
    }

    function test_aRevokedBodyApprovesNothing() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _revokeLicence(CHARITY);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW)
        );
    }

    // --- Words

    function _contentHash(IFundLedger.EntitlementEntry[] memory items) private view returns (bytes32) {
        return _proposal(LIST, FOOD_FUND, FOOD, items).contentHash;
    }

    function _assertNotApproved(address checker, bytes memory reason) private {
        bytes32 contentHash = _contentHash(_twoItems());
        vm.expectRevert(reason);
        vm.prank(checker);
        ledger.approveList(LIST, contentHash);
    }

    function _assertMayNotApprove(address caller) private {
        _assertNotApproved(
            caller,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.CHECKER)
        );
    }
}
