// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice What becomes of an offer: handed over and confirmed, refused, or expired.
contract DeliveryLedgerDeliveriesTest is Lists {
    Code internal constant NO_NEED = Code.wrap("no need");

    // --- Handing over

    function test_aHandOverTakesTheNextUnitsThatLeave() public {
        _offerTwoItems();
        _takeFee(FOOD_FUND, FEE, 50);

        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryHandedOver(FOOD_FUND, SECOND, charity.agent, 50, 200);
        _handOver(LIST, SECOND);

        IDeliveryLedger.Entitlement memory delivery = deliveries.entitlementOf(SECOND);
        assertTrue(delivery.state == IDeliveryLedger.EntitlementState.HandedOver);
        assertTrue(delivery.method == IDeliveryLedger.AcceptanceMethod.None, "the agency's word only");
        assertEq(delivery.start, 50);
        assertEq(delivery.handedOverAtUnixS, NOW);
        IFundLedger.Fund memory fund = ledger.fundOf(FOOD_FUND);
        assertEq(fund.outflowEnd, 250);
        assertEq(fund.reserved, 300);
    }

    function test_aHandOverIsDoneOnce() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.expectRevert(_state(FIRST, IDeliveryLedger.EntitlementState.HandedOver));
        _handOver(LIST, FIRST);
    }

    function test_aBatchOfHandOversIsAllOrNothing() public {
        _offerTwoItems();
        EntitlementId[] memory entitlements = new EntitlementId[](2);
        (entitlements[0], entitlements[1]) = (FIRST, FIRST);
        vm.expectRevert(_state(FIRST, IDeliveryLedger.EntitlementState.HandedOver));
        vm.prank(charity.agent);
        deliveries.handOver(LIST, entitlements);
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Offered);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 0);
    }

    function test_anUnapprovedListIsNotHandedOver() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.expectRevert(_listState(IDeliveryLedger.ListState.Proposed));
        _handOver(LIST, FIRST);
    }

    function test_anExpiredListIsNotHandedOver() public {
        _offerTwoItems();
        vm.warp(LIST_END - 1);
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, LIST_END));
        _handOver(LIST, SECOND);
    }

    function test_anEntitlementIsHandedOverOnlyFromItsOwnList() public {
        _offerTwoItems();
        PaymentListId other = PaymentListId.wrap("other list");
        _offer(other, FOOD_FUND, FOOD, _oneItem(EntitlementId.wrap("third"), families[2].account, 1));
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerOtherList.selector, FIRST, other));
        _handOver(other, FIRST);
    }

    function test_unknownListsAndEntitlementsAreNotHandedOver() public {
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, LIST));
        _handOver(LIST, FIRST);
        _offerTwoItems();
        EntitlementId unknown = EntitlementId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown));
        _handOver(LIST, unknown);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown));
        deliveries.entitlementOf(unknown);
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
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);

        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryConfirmed(
            FIRST,
            families[0].account,
            IDeliveryLedger.AcceptanceMethod.HouseholdKey,
            DEADLINE,
            acceptances[0].r,
            acceptances[0].vs
        );
        vm.prank(stranger);
        deliveries.accept(acceptances);

        IDeliveryLedger.Entitlement memory delivery = deliveries.entitlementOf(FIRST);
        assertTrue(delivery.state == IDeliveryLedger.EntitlementState.Confirmed);
        assertTrue(delivery.method == IDeliveryLedger.AcceptanceMethod.HouseholdKey);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 300, "confirming moves no units");
    }

    function test_withTheFamilyPresentHandingOverAndConfirmingAreOneAct() public {
        _offerTwoItems();
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryHandedOver(FOOD_FUND, FIRST, charity.agent, 0, 300);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryConfirmed(
            FIRST,
            families[0].account,
            IDeliveryLedger.AcceptanceMethod.HouseholdKey,
            DEADLINE,
            acceptances[0].r,
            acceptances[0].vs
        );
        vm.prank(charity.agent);
        deliveries.handOverAccepted(LIST, acceptances);
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_aFamilyConfirmsEvenAfterTheBodyLostItsLicence() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        _revokeLicence(CHARITY);
        deliveries.accept(acceptances);
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_nothingIsConfirmedBeforeItIsHandedOver() public {
        _offerTwoItems();
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(_state(FIRST, IDeliveryLedger.EntitlementState.Offered));
        deliveries.accept(acceptances);
    }

    // --- Refusing

    function test_aRefusalFreesTheUnits() public {
        _offerTwoItems();
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.EntitlementRefused(FIRST, FOOD_FUND, 300, NO_NEED);
        vm.prank(stranger);
        deliveries.refuse(refusals);

        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Refused);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 200);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 0);
    }

    function test_whatWasRefusedIsNotHandedOver() public {
        _offerTwoItems();
        deliveries.refuse(_refusal(families[0], FIRST, NO_NEED));
        vm.expectRevert(_state(FIRST, IDeliveryLedger.EntitlementState.Refused));
        _handOver(LIST, FIRST);
    }

    function test_whatWasHandedOverIsNotRefused() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectRevert(_state(FIRST, IDeliveryLedger.EntitlementState.HandedOver));
        deliveries.refuse(refusals);
    }

    function test_aRefusalNeedsAReason() public {
        _offerTwoItems();
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, Code.wrap(0));
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("reason")));
        deliveries.refuse(refusals);
    }

    function test_onlyAnOfferOfAnApprovedListIsRefused() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectRevert(_listState(IDeliveryLedger.ListState.Proposed));
        deliveries.refuse(refusals);
    }

    // --- Words

    function _state(EntitlementId id, IDeliveryLedger.EntitlementState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerEntitlementState.selector, id, state);
    }

    function _listState(IDeliveryLedger.ListState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListState.selector, LIST, state);
    }

    function _assertMayNotHandOver(address caller) private {
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.AGENT);
        vm.expectRevert(reason);
        vm.prank(caller);
        deliveries.handOver(LIST, _only(FIRST));

        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(reason);
        vm.prank(caller);
        deliveries.handOverAccepted(LIST, acceptances);
    }
}
