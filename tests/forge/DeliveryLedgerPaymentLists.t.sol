// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, FundId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice A maker proposes who shall receive what, for what the money was given (I9).
contract DeliveryLedgerPaymentListsTest is Lists {
    // --- Proposing

    function test_aMakerProposesAListWithItsItems() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListProposed(
            LIST, FOOD_FUND, FOOD, CHARITY, NO_CODE, NO_CODE, 0, charity.maker, proposal.contentHash, 500, LIST_END, 2
        );
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.EntitlementListed(LIST, FIRST, families[0].account, 300);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.EntitlementListed(LIST, SECOND, families[1].account, 200);
        _propose(proposal, items);

        IDeliveryLedger.PaymentList memory list = deliveries.listOf(LIST);
        assertTrue(list.state == IDeliveryLedger.ListState.Proposed);
        assertEq(list.maker, charity.maker);
        assertEq(list.checker, address(0));
        assertEq(list.count, 2);
        assertEq(list.added, 2);
        assertEq(list.totalMinor, 500);
        assertEq(list.addedMinor, 500);
        assertEq(list.contentHash, proposal.contentHash);
        assertEq(list.addedHash, proposal.contentHash);
        assertEq(list.expiresAtUnixS, LIST_END);
        assertTrue(list.programme == FOOD);
        assertTrue(list.fund == FOOD_FUND);
        assertTrue(list.payer == CHARITY);
        assertTrue(list.provider == CHARITY);
        assertTrue(list.unit == RIAL);
        IDeliveryLedger.Entitlement memory first = deliveries.entitlementOf(FIRST);
        assertEq(first.household, families[0].account);
        assertEq(first.amountMinor, 300);
        assertEq(first.listNumber, deliveries.entitlementOf(SECOND).listNumber);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0, "a proposal reserves nothing");
    }

    function test_aLongListTakesSeveralCallsInOrder() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        _propose(proposal, new IDeliveryLedger.EntitlementEntry[](0));
        _propose(proposal, _oneItem(FIRST, families[0].account, 300));
        assertEq(deliveries.listOf(LIST).added, 1);
        _propose(proposal, _oneItem(SECOND, families[1].account, 200));
        assertEq(deliveries.listOf(LIST).addedHash, proposal.contentHash);
    }

    function test_theSameProposalAndItemsAgainAreANoOpWithoutAnEvent() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        _propose(proposal, items);
        bytes memory before = abi.encode(deliveries.listOf(LIST));
        vm.recordLogs();
        _propose(proposal, items);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(abi.encode(deliveries.listOf(LIST)), before);
    }

    function test_anotherListUnderTheIdIsAConflict() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        IDeliveryLedger.ListProposal memory changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.totalMinor += 1;
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.count += 1;
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.expiresAtUnixS += 1;
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.contentHash = 0;
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.provider = OTHER_CHARITY;
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.place = Code.wrap("IR-23");
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.season = Code.wrap("1405-winter");
        _assertConflict(changed);
        changed = _proposal(LIST, FOOD_FUND, FOOD, items);
        changed.ruleVersion = 1;
        _assertConflict(changed);
        _assertConflict(_proposal(LIST, GENERAL_FUND, FOOD, items));
        _assertConflict(_proposal(LIST, FOOD_FUND, ZAKAT_AID, items));
    }

    function test_anotherMakerCannotContinueAList() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        _propose(proposal, _oneItem(FIRST, families[0].account, 300));
        _appoint(charity, stranger, Roles.MAKER);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerConflict.selector, LIST));
        vm.prank(stranger);
        deliveries.proposeList(proposal, _oneItem(SECOND, families[1].account, 200));
    }

    function test_aListNeedsAnIdACountAndATotal() public {
        IDeliveryLedger.ListProposal memory proposal = _proposal(PaymentListId.wrap(0), FOOD_FUND, FOOD, _twoItems());
        _assertRefused(
            proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("list"))
        );
        proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        proposal.count = 0;
        _assertRefused(
            proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("count"))
        );
        proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        proposal.totalMinor = 0;
        _assertRefused(proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadAmount.selector, LIST, 0));
        proposal.totalMinor = MAX_AMOUNT + 1;
        _assertRefused(
            proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadAmount.selector, LIST, MAX_AMOUNT + 1)
        );
    }

    function test_aListExpiresLaterThanNow() public {
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        proposal.expiresAtUnixS = NOW;
        _assertRefused(proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, NOW));
    }

    function test_aListLivesAYearAtMost() public {
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        proposal.expiresAtUnixS = NOW + 366 days + 1;
        _assertRefused(
            proposal,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, proposal.expiresAtUnixS)
        );
        proposal.expiresAtUnixS = NOW + 366 days;
        _propose(proposal, _twoItems());
        assertEq(deliveries.listOf(LIST).expiresAtUnixS, NOW + 366 days);
    }

    function test_nobodySkipsTheMaker() public {
        _assertMayNotPropose(charity.checker);
        _assertMayNotPropose(charity.agent);
        _assertMayNotPropose(charity.administrator);
        _assertMayNotPropose(otherCharity.maker);
        _assertMayNotPropose(firstRegulator);
    }

    function test_aRevokedBodyProposesNothing() public {
        _revokeLicence(CHARITY);
        _assertRefused(
            _proposal(LIST, FOOD_FUND, FOOD, _twoItems()),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW)
        );
    }

    // --- Restrictions (I9)

    function test_aZakatFundCannotServeAProgrammeThatTakesNoZakat() public {
        _assertRefused(
            _proposal(LIST, ZAKAT_FUND, FOOD, _twoItems()),
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryHeadNotAllowed.selector, FOOD, ZAKAT)
        );
    }

    function test_theZakatProgrammeCannotBeFedBySadaqat() public {
        _assertRefused(
            _proposal(LIST, GENERAL_FUND, ZAKAT_AID, _twoItems()),
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryHeadNotAllowed.selector, ZAKAT_AID, SADAQAT)
        );
    }

    function test_zakatServesTheZakatProgramme() public {
        _donate(ZAKAT_FUND, GIFT, 500);
        _offer(LIST, ZAKAT_FUND, ZAKAT_AID, _twoItems());
        assertEq(ledger.fundOf(ZAKAT_FUND).reserved, 500);
    }

    function test_aFundOfOneProgrammeServesNoOther() public {
        ProgrammeId winter = ProgrammeId.wrap("winter");
        _openProgramme(charity, winter, SADAQAT);
        _assertRefused(
            _proposal(LIST, FOOD_FUND, winter, _twoItems()),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerFundForOtherProgramme.selector, FOOD_FUND, winter)
        );
    }

    function test_aListServesAKnownProgrammeOfItsOwnBody() public {
        ProgrammeId nothing = ProgrammeId.wrap("nothing");
        _assertRefused(
            _proposal(LIST, GENERAL_FUND, nothing, _twoItems()),
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryUnknownProgramme.selector, nothing)
        );
        _assertRefused(
            _proposal(LIST, GENERAL_FUND, OTHER_FOOD, _twoItems()),
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, OTHER_FOOD, CHARITY)
        );
    }

    function test_aListNeedsAKnownFund() public {
        FundId nowhere = FundId.wrap("nowhere");
        _assertRefused(
            _proposal(LIST, nowhere, FOOD, _twoItems()),
            abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere)
        );
    }

    // --- Items

    function test_anItemNeedsAnIdAndAnAmount() public {
        _assertItemRefused(
            _oneItem(EntitlementId.wrap(0), families[0].account, 300),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("entitlement"))
        );
        _assertItemRefused(
            _oneItem(FIRST, families[0].account, 0),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadAmount.selector, FIRST, 0)
        );
    }

    function test_aHouseholdMustBeOpen() public {
        _assertItemRefused(
            _oneItem(FIRST, stranger, 300),
            abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, stranger)
        );
    }

    function test_aHouseholdThatThePayerOpenedItselfIsRefused() public {
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](1);
        openings[0] = IHouseholdRegistry.Opening(stranger, stranger, bytes32(0));
        vm.prank(charity.registrar);
        households.open(CHARITY, openings);
        _assertItemRefused(
            _oneItem(FIRST, stranger, 300),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerPayerOpenedHousehold.selector, FIRST, stranger)
        );
    }

    function test_aClosedHouseholdIsPromisedNothingNew() public {
        address[] memory accounts = new address[](1);
        accounts[0] = families[0].account;
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, accounts);
        _assertItemRefused(
            _oneItem(FIRST, accounts[0], 300),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerHouseholdClosed.selector, FIRST, accounts[0])
        );
        vm.prank(registrarBody.registrar);
        households.reopen(REGISTRAR_BODY, accounts);
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _twoItems());
        assertEq(deliveries.entitlementOf(FIRST).household, accounts[0]);
    }

    function test_whatWasPromisedBeforeTheHouseholdClosedIsStillHandedOver() public {
        _offerTwoItems();
        address[] memory accounts = new address[](1);
        accounts[0] = families[0].account;
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, accounts);
        _handOver(LIST, FIRST);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_nothingIsAddedToAListThatIsApproved() public {
        _offerTwoItems();
        EntitlementId third = EntitlementId.wrap("third entitlement");
        vm.expectRevert(
            abi.encodeWithSelector(
                IDeliveryLedger.DeliveryLedgerListState.selector, LIST, IDeliveryLedger.ListState.Approved
            )
        );
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _oneItem(third, families[2].account, 1));
    }

    function test_anotherItemUnderTheIdIsAConflict() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        bytes memory conflict = abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerConflict.selector, FIRST);
        _assertItemRefused(_oneItem(FIRST, families[1].account, 300), conflict);
        _assertItemRefused(_oneItem(FIRST, families[0].account, 301), conflict);
        _assertItemRefused(_oneItem(FIRST, families[0].account, 300), conflict);
    }

    function test_moreItemsOrMoreMoneyThanProposedIsRefused() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        _propose(proposal, items);
        bytes32 addedHash =
            keccak256(abi.encode(proposal.contentHash, EntitlementId.wrap("third"), families[2].account, uint64(1)));
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListDiffers.selector, LIST, 3, 501, addedHash)
        );
        _propose(proposal, _oneItem(EntitlementId.wrap("third"), families[2].account, 1));
    }

    function test_itemsOfHugeSumAreRefusedByNameToo() public {
        IDeliveryLedger.EntitlementEntry[] memory items = new IDeliveryLedger.EntitlementEntry[](3);
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _entry(EntitlementId.wrap(bytes32(i + 1)), families[i].account, MAX_AMOUNT);
        }
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        (proposal.totalMinor, proposal.count) = (MAX_AMOUNT, 3);
        vm.expectPartialRevert(IDeliveryLedger.DeliveryLedgerListDiffers.selector);
        _propose(proposal, items);
    }

    // --- Words

    function _assertRefused(IDeliveryLedger.ListProposal memory proposal, bytes memory reason) private {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        vm.expectRevert(reason);
        _propose(proposal, items);
    }

    function _assertConflict(IDeliveryLedger.ListProposal memory proposal) private {
        _assertRefused(proposal, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerConflict.selector, LIST));
    }

    function _assertItemRefused(IDeliveryLedger.EntitlementEntry[] memory items, bytes memory reason) private {
        IDeliveryLedger.ListProposal memory proposal =
            _proposal(PaymentListId.wrap("of items"), FOOD_FUND, FOOD, _twoItems());
        vm.expectRevert(reason);
        _propose(proposal, items);
    }

    function _assertMayNotPropose(address caller) private {
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.MAKER)
        );
        vm.prank(caller);
        deliveries.proposeList(proposal, new IDeliveryLedger.EntitlementEntry[](0));
    }
}
