// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ServiceOrders} from "contracts/src/ServiceOrders.sol";
import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IServiceOrders} from "contracts/src/interfaces/IServiceOrders.sol";
import {Code, DonationId, EntitlementId, OrderId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice A service order is bound to one broker, split into two shares, and closed by the receiver alone (T08).
contract ServiceOrdersTest is Lists {
    OrderId internal constant ORDER = OrderId.wrap("order");
    PaymentListId internal constant STATE_LIST = PaymentListId.wrap("state's list");
    EntitlementId internal constant STATE_SHARE = EntitlementId.wrap("state's share");
    EntitlementId internal constant PEOPLE_SHARE = EntitlementId.wrap("people's share");
    Code internal constant REPAIR = Code.wrap("home-repair");

    ServiceOrders internal orders;

    function setUp() public override {
        super.setUp();
        orders = new ServiceOrders(licences, deliveries);
        _donate(FOOD_FUND, GIFT, 1000);
        _donate(OTHER_FUND, OTHER_GIFT, 1000);
    }

    // --- Ordering

    function test_theRegulatorsDeskOrdersAService() public {
        vm.expectEmit(address(orders));
        emit IServiceOrders.ServiceOrdered(
            ORDER, CHARITY, families[0].account, REGISTRAR_BODY, REPAIR, RIAL, 700, 300, "conditions"
        );
        _order(_entry());
        IServiceOrders.Order memory known = orders.orderOf(ORDER);
        assertTrue(known.orderedBy == REGISTRAR_BODY && known.broker == CHARITY && known.unit == RIAL);
        assertEq(known.household, families[0].account);
        assertEq(known.stateShareMinor, 700);
        assertEq(known.peopleShareMinor, 300);
        assertTrue(known.state == IServiceOrders.OrderState.Ordered);
    }

    function test_theSameOrderAgainIsANoOpAndAnotherAConflict() public {
        _order(_entry());
        vm.recordLogs();
        _order(_entry());
        assertEq(vm.getRecordedLogs().length, 0);
        IServiceOrders.OrderEntry memory other = _entry();
        other.peopleShareMinor += 1;
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersConflict.selector, ORDER));
        _order(other);
    }

    function test_onlyABodyThatTheRegulatorLetsOrderDoes() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.maker, Roles.ORDERER
            )
        );
        vm.prank(charity.maker);
        orders.order(CHARITY, _only(_entry()));
        // A licence without the role takes it from the staff at once.
        ILicenceRegistry.LicenceGrant memory grant =
            _fullGrant(REGISTRAR_BODY, registrarBody.administrator, NOW - 1 days, LICENCE_END);
        grant.roles = Roles.ALL - Roles.ORDERER;
        _grantLicence(grant);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, REGISTRAR_BODY, registrarBody.orderer, Roles.ORDERER
            )
        );
        _order(_entry());
    }

    function test_anOrderNamesEverything() public {
        IServiceOrders.OrderEntry memory entry = _entry();
        entry.id = OrderId.wrap(0);
        _assertMissing(entry, "order");
        entry = _entry();
        entry.household = address(0);
        _assertMissing(entry, "household");
        entry = _entry();
        entry.service = NO_CODE;
        _assertMissing(entry, "service");
        entry = _entry();
        entry.unit = NO_CODE;
        _assertMissing(entry, "unit");
        entry = _entry();
        (entry.stateShareMinor, entry.peopleShareMinor) = (0, 0);
        _assertMissing(entry, "share");
    }

    function test_aShareFitsTheLine() public {
        IServiceOrders.OrderEntry memory entry = _entry();
        entry.stateShareMinor = MAX_AMOUNT + 1;
        _assertBadShare(entry);
        entry = _entry();
        entry.peopleShareMinor = MAX_AMOUNT + 1;
        _assertBadShare(entry);
    }

    function _assertBadShare(IServiceOrders.OrderEntry memory entry) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IServiceOrders.ServiceOrdersBadShare.selector, ORDER, entry.stateShareMinor, entry.peopleShareMinor
            )
        );
        _order(entry);
    }

    function test_theBrokerIsLicensed() public {
        _revokeLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _order(_entry());
    }

    function test_anUnknownOrderIsSaidToBe() public {
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersUnknownOrder.selector, ORDER));
        orders.orderOf(ORDER);
    }

    // --- Shares

    function test_anOrderClosesOnlyWhenTheHouseholdConfirmedBothShares() public {
        _order(_entry());
        _payShares();
        _handOver(LIST, PEOPLE_SHARE);
        _handOver(STATE_LIST, STATE_SHARE);
        _assertNotConfirmed(IServiceOrders.Share.State);
        deliveries.accept(_acceptance(families[0], STATE_SHARE, 700));
        _assertNotConfirmed(IServiceOrders.Share.People);
        deliveries.accept(_acceptance(families[0], PEOPLE_SHARE, 300));
        vm.expectEmit(address(orders));
        emit IServiceOrders.ServiceOrderClosed(ORDER);
        orders.closeOrders(_one());
        assertTrue(orders.orderOf(ORDER).state == IServiceOrders.OrderState.Closed);
        vm.recordLogs();
        orders.closeOrders(_one());
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aShareThatIsNotLinkedIsNotConfirmed() public {
        _order(_entry());
        _assertNotConfirmed(IServiceOrders.Share.State);
    }

    function test_anOrderOfOneShareNeedsOnlyThatOne() public {
        IServiceOrders.OrderEntry memory entry = _entry();
        entry.stateShareMinor = 0;
        _order(entry);
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(PEOPLE_SHARE, families[0].account, 300));
        _link(charity.maker, IServiceOrders.Share.People, PEOPLE_SHARE);
        _handOver(LIST, PEOPLE_SHARE);
        deliveries.accept(_acceptance(families[0], PEOPLE_SHARE, 300));
        orders.closeOrders(_one());
    }

    function test_aShareIsAnEntitlementOfTheOrdersHouseholdBrokerUnitAndAmount() public {
        _order(_entry());
        EntitlementId otherAmount = EntitlementId.wrap("other amount");
        EntitlementId otherHousehold = EntitlementId.wrap("other household");
        EntitlementId otherProvider = EntitlementId.wrap("other provider");
        _offer(PaymentListId.wrap("a"), FOOD_FUND, FOOD, _oneItem(otherAmount, families[0].account, 299));
        _offer(PaymentListId.wrap("b"), FOOD_FUND, FOOD, _oneItem(otherHousehold, families[1].account, 300));
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(otherProvider, families[0].account, 300);
        IDeliveryLedger.ListProposal memory proposal = _proposal(PaymentListId.wrap("c"), FOOD_FUND, FOOD, items);
        proposal.provider = OTHER_CHARITY;
        _propose(proposal, items);
        _assertOtherEntitlement(otherAmount);
        _assertOtherEntitlement(otherHousehold);
        _assertOtherEntitlement(otherProvider);
    }

    function test_anEntitlementPaysOneShareOfOneOrder() public {
        _order(_entry());
        IServiceOrders.OrderEntry memory second = _entry();
        second.id = OrderId.wrap("second order");
        _order(second);
        _payShares();
        IServiceOrders.ShareLink[] memory links = _shareLink(IServiceOrders.Share.People, PEOPLE_SHARE);
        links[0].id = second.id;
        vm.expectRevert(
            abi.encodeWithSelector(IServiceOrders.ServiceOrdersOtherEntitlement.selector, second.id, PEOPLE_SHARE)
        );
        vm.prank(charity.maker);
        orders.linkShares(links);
    }

    function test_onlyAMakerOfThePayerLinksAndLinkingAgainIsANoOp() public {
        _order(_entry());
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(PEOPLE_SHARE, families[0].account, 300));
        IServiceOrders.ShareLink[] memory links = _shareLink(IServiceOrders.Share.People, PEOPLE_SHARE);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, otherCharity.maker, Roles.MAKER
            )
        );
        vm.prank(otherCharity.maker);
        orders.linkShares(links);
        vm.expectEmit(address(orders));
        emit IServiceOrders.OrderShareLinked(ORDER, PEOPLE_SHARE, IServiceOrders.Share.People);
        _link(charity.maker, IServiceOrders.Share.People, PEOPLE_SHARE);
        vm.recordLogs();
        _link(charity.maker, IServiceOrders.Share.People, PEOPLE_SHARE);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aShareThatEndedWithoutAidMayBePaidByAnother() public {
        _order(_entry());
        _payShares();
        EntitlementId again = EntitlementId.wrap("people's share again");
        _offer(PaymentListId.wrap("again"), FOOD_FUND, FOOD, _oneItem(again, families[0].account, 300));
        _assertOtherEntitlement(again);
        deliveries.refuse(_refusal(families[0], PEOPLE_SHARE, Code.wrap("too-late")));
        _link(charity.maker, IServiceOrders.Share.People, again);
        assertTrue(orders.orderOf(ORDER).peopleEntitlement == again);
    }

    // --- Withdrawing

    function test_whoOrderedWithdrawsWhatIsNotClosed() public {
        _order(_entry());
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersNotOrderedBy.selector, ORDER, CHARITY));
        vm.prank(charity.orderer);
        orders.withdrawOrder(CHARITY, ORDER, MISUSE);
        vm.startPrank(registrarBody.orderer);
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersMissing.selector, bytes32("reason")));
        orders.withdrawOrder(REGISTRAR_BODY, ORDER, NO_CODE);
        vm.expectEmit(address(orders));
        emit IServiceOrders.ServiceOrderWithdrawn(ORDER, MISUSE);
        orders.withdrawOrder(REGISTRAR_BODY, ORDER, MISUSE);
        vm.recordLogs();
        orders.withdrawOrder(REGISTRAR_BODY, ORDER, MISUSE);
        vm.stopPrank();
        assertEq(vm.getRecordedLogs().length, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IServiceOrders.ServiceOrdersState.selector, ORDER, IServiceOrders.OrderState.Withdrawn
            )
        );
        orders.closeOrders(_one());
    }

    // --- Words of this test

    function _entry() private view returns (IServiceOrders.OrderEntry memory) {
        return IServiceOrders.OrderEntry(ORDER, CHARITY, families[0].account, REPAIR, RIAL, 700, 300, "conditions");
    }

    function _order(IServiceOrders.OrderEntry memory entry) private {
        vm.prank(registrarBody.orderer);
        orders.order(REGISTRAR_BODY, _only(entry));
    }

    function _only(IServiceOrders.OrderEntry memory entry)
        private
        pure
        returns (IServiceOrders.OrderEntry[] memory entries)
    {
        entries = new IServiceOrders.OrderEntry[](1);
        entries[0] = entry;
    }

    /// @dev The people's share from the charity's fund, the state's share from its general fund; linked.
    function _payShares() private {
        _donate(GENERAL_FUND, DonationId.wrap("state's money"), 700);
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(PEOPLE_SHARE, families[0].account, 300));
        _offer(STATE_LIST, GENERAL_FUND, FOOD, _oneItem(STATE_SHARE, families[0].account, 700));
        _link(charity.maker, IServiceOrders.Share.People, PEOPLE_SHARE);
        _link(charity.maker, IServiceOrders.Share.State, STATE_SHARE);
    }

    function _link(address maker, IServiceOrders.Share share, EntitlementId entitlement) private {
        vm.prank(maker);
        orders.linkShares(_shareLink(share, entitlement));
    }

    function _shareLink(IServiceOrders.Share share, EntitlementId entitlement)
        private
        pure
        returns (IServiceOrders.ShareLink[] memory links)
    {
        links = new IServiceOrders.ShareLink[](1);
        links[0] = IServiceOrders.ShareLink(ORDER, share, entitlement);
    }

    function _one() private pure returns (OrderId[] memory ids) {
        ids = new OrderId[](1);
        ids[0] = ORDER;
    }

    function _assertMissing(IServiceOrders.OrderEntry memory entry, bytes32 what) private {
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersMissing.selector, what));
        _order(entry);
    }

    function _assertNotConfirmed(IServiceOrders.Share share) private {
        vm.expectRevert(abi.encodeWithSelector(IServiceOrders.ServiceOrdersNotConfirmed.selector, ORDER, share));
        orders.closeOrders(_one());
    }

    function _assertOtherEntitlement(EntitlementId entitlement) private {
        IServiceOrders.ShareLink[] memory links = _shareLink(IServiceOrders.Share.People, entitlement);
        vm.expectRevert(
            abi.encodeWithSelector(IServiceOrders.ServiceOrdersOtherEntitlement.selector, ORDER, entitlement)
        );
        vm.prank(charity.maker);
        orders.linkShares(links);
    }
}
