// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice What becomes of an offer: handed over and confirmed, refused, or expired.
contract FundLedgerDeliveriesTest is Lists {
    Code internal constant NO_NEED = Code.wrap("no need");

    // --- Handing over

    function test_aHandOverTakesTheNextUnitsThatLeave() public {
        _offerTwoItems();
        _takeFee(FOOD_FUND, FEE, 50);

        vm.expectEmit(address(ledger));
        emit IFundLedger.DeliveryHandedOver(FOOD_FUND, SECOND, charity.agent, 50, 200);
        _handOver(LIST, SECOND);

        IFundLedger.Entitlement memory delivery = ledger.entitlementOf(SECOND);
        assertTrue(delivery.state == IFundLedger.EntitlementState.HandedOver);
        assertTrue(delivery.method == IFundLedger.AcceptanceMethod.None, "the agency's word only");
        assertEq(delivery.start, 50);
        assertEq(delivery.handedOverAtUnixS, NOW);
        IFundLedger.Fund memory fund = ledger.fundOf(FOOD_FUND);
        assertEq(fund.outflowEnd, 250);
        assertEq(fund.reserved, 300);
    }

    function test_aHandOverIsDoneOnce() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.HandedOver));
        _handOver(LIST, FIRST);
    }

    function test_aBatchOfHandOversIsAllOrNothing() public {
        _offerTwoItems();
        EntitlementId[] memory entitlements = new EntitlementId[](2);
        (entitlements[0], entitlements[1]) = (FIRST, FIRST);
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.HandedOver));
        vm.prank(charity.agent);
        ledger.handOver(LIST, entitlements);
        assertTrue(ledger.entitlementOf(FIRST).state == IFundLedger.EntitlementState.Offered);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 0);
    }

    function test_anUnapprovedListIsNotHandedOver() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.expectRevert(_listState(IFundLedger.ListState.Proposed));
        _handOver(LIST, FIRST);
    }

    function test_anExpiredListIsNotHandedOver() public {
        _offerTwoItems();
        vm.warp(LIST_END - 1);
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerListExpired.selector, LIST, LIST_END));
        _handOver(LIST, SECOND);
    }

    function test_anEntitlementIsHandedOverOnlyFromItsOwnList() public {
        _offerTwoItems();
        PaymentListId other = PaymentListId.wrap("other list");
        _offer(other, FOOD_FUND, FOOD, _oneItem(EntitlementId.wrap("third"), families[2].account, 1));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerOtherList.selector, FIRST, other));
        _handOver(other, FIRST);
    }

    function test_unknownListsAndEntitlementsAreNotHandedOver() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownList.selector, LIST));
        _handOver(LIST, FIRST);
        _offerTwoItems();
        EntitlementId unknown = EntitlementId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownEntitlement.selector, unknown));
        _handOver(LIST, unknown);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownEntitlement.selector, unknown));
        ledger.entitlementOf(unknown);
    }

    function test_onlyAnAgentOfThePayingBodyHandsOver() public {
        _offerTwoItems();
        _assertMayNotHandOver(charity.maker);
        _assertMayNotHandOver(charity.checker);
        _assertMayNotHandOver(charity.administrator);
        _assertMayNotHandOver(otherCharity.agent);
        _assertMayNotHandOver(secondRegulator);
    }

    function test_aBodyHandsOverNothingOnceItsLicenceExpiredAndNobodyNeedsToAct() public {
        _donate(FOOD_FUND, GIFT, 1000);
        vm.warp(LICENCE_END - 1);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        _handOver(LIST, FIRST);
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        _handOver(LIST, SECOND);
    }

    function test_aRevokedBodyHandsOverNothingLaterInTheSameBlock() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        _revokeLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _handOver(LIST, SECOND);
    }

    // --- Confirming

    function test_theFamilysAcceptanceConfirmsADelivery() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);

        vm.expectEmit(address(ledger));
        emit IFundLedger.DeliveryConfirmed(
            FIRST,
            families[0].account,
            IFundLedger.AcceptanceMethod.HouseholdKey,
            DEADLINE,
            acceptances[0].r,
            acceptances[0].vs
        );
        vm.prank(stranger);
        ledger.accept(acceptances);

        IFundLedger.Entitlement memory delivery = ledger.entitlementOf(FIRST);
        assertTrue(delivery.state == IFundLedger.EntitlementState.Confirmed);
        assertTrue(delivery.method == IFundLedger.AcceptanceMethod.HouseholdKey);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 300, "confirming moves no units");
    }

    function test_withTheFamilyPresentHandingOverAndConfirmingAreOneAct() public {
        _offerTwoItems();
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DeliveryHandedOver(FOOD_FUND, FIRST, charity.agent, 0, 300);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DeliveryConfirmed(
            FIRST,
            families[0].account,
            IFundLedger.AcceptanceMethod.HouseholdKey,
            DEADLINE,
            acceptances[0].r,
            acceptances[0].vs
        );
        vm.prank(charity.agent);
        ledger.handOverAccepted(LIST, acceptances);
        assertTrue(ledger.entitlementOf(FIRST).state == IFundLedger.EntitlementState.Confirmed);
    }

    function test_aFamilyConfirmsEvenAfterTheBodyLostItsLicence() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        _revokeLicence(CHARITY);
        ledger.accept(acceptances);
        assertTrue(ledger.entitlementOf(FIRST).state == IFundLedger.EntitlementState.Confirmed);
    }

    function test_nothingIsConfirmedBeforeItIsHandedOver() public {
        _offerTwoItems();
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.Offered));
        ledger.accept(acceptances);
    }

    // --- Refusing

    function test_aRefusalFreesTheUnits() public {
        _offerTwoItems();
        IFundLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectEmit(address(ledger));
        emit IFundLedger.EntitlementRefused(FIRST, FOOD_FUND, 300, NO_NEED);
        vm.prank(stranger);
        ledger.refuse(refusals);

        assertTrue(ledger.entitlementOf(FIRST).state == IFundLedger.EntitlementState.Refused);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 200);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 0);
    }

    function test_whatWasRefusedIsNotHandedOver() public {
        _offerTwoItems();
        ledger.refuse(_refusal(families[0], FIRST, NO_NEED));
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.Refused));
        _handOver(LIST, FIRST);
    }

    function test_whatWasHandedOverIsNotRefused() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IFundLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.HandedOver));
        ledger.refuse(refusals);
    }

    function test_aRefusalNeedsAReason() public {
        _offerTwoItems();
        IFundLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, Code.wrap(0));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("reason")));
        ledger.refuse(refusals);
    }

    function test_onlyAnOfferOfAnApprovedListIsRefused() public {
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        IFundLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectRevert(_listState(IFundLedger.ListState.Proposed));
        ledger.refuse(refusals);
    }

    // --- Expiring

    function test_anyoneFreesWhatAnExpiredListDidNotDeliver() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        vm.expectEmit(address(ledger));
        emit IFundLedger.EntitlementExpired(SECOND, FOOD_FUND, 200);
        vm.prank(stranger);
        ledger.expire(_only(SECOND));

        assertTrue(ledger.entitlementOf(SECOND).state == IFundLedger.EntitlementState.Expired);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_nothingExpiresBeforeItsList() public {
        _offerTwoItems();
        vm.warp(LIST_END - 1);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerListNotExpired.selector, LIST, LIST_END));
        ledger.expire(_only(FIRST));
    }

    function test_whatWasDeliveredDoesNotExpire() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.HandedOver));
        ledger.expire(_only(FIRST));
    }

    function test_whatExpiredDoesNotExpireAgain() public {
        _offerTwoItems();
        vm.warp(LIST_END);
        ledger.expire(_only(FIRST));
        vm.expectRevert(_state(FIRST, IFundLedger.EntitlementState.Expired));
        ledger.expire(_only(FIRST));
    }

    function test_whatWasNeverOfferedDoesNotExpire() public {
        IFundLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.warp(LIST_END);
        vm.expectRevert(_listState(IFundLedger.ListState.Proposed));
        ledger.expire(_only(FIRST));
    }

    // --- Words

    function _state(EntitlementId id, IFundLedger.EntitlementState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerEntitlementState.selector, id, state);
    }

    function _listState(IFundLedger.ListState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerListState.selector, LIST, state);
    }

    function _assertMayNotHandOver(address caller) private {
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.AGENT);
        vm.expectRevert(reason);
        vm.prank(caller);
        ledger.handOver(LIST, _only(FIRST));

        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(reason);
        vm.prank(caller);
        ledger.handOverAccepted(LIST, acceptances);
    }
}
