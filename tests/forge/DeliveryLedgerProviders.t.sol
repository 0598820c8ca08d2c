// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice One body may pay and another hand over (system T08): the other charity delivers what the charity pays.
contract DeliveryLedgerProvidersTest is Lists {
    function test_theProvidersAgentHandsOver() public {
        _offerThroughTheOther();
        assertTrue(deliveries.listOf(LIST).payer == CHARITY);
        assertTrue(deliveries.listOf(LIST).provider == OTHER_CHARITY);
        assertTrue(deliveries.termsOf(FIRST).payer == CHARITY);
        assertTrue(deliveries.termsOf(FIRST).provider == OTHER_CHARITY);

        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryHandedOver(FOOD_FUND, FIRST, otherCharity.agent, 0, 300);
        _handOverBy(otherCharity.agent);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 300);
    }

    function test_theProvidersAgentHandsOverWithTheFamilysSignature() public {
        _offerThroughTheOther();
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.prank(otherCharity.agent);
        deliveries.handOverAccepted(LIST, acceptances);
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_thePayersAgentDoesNot() public {
        _offerThroughTheOther();
        bytes memory reason = abi.encodeWithSelector(
            ILicenceRegistry.LicenceRegistryNotInRole.selector, OTHER_CHARITY, charity.agent, Roles.AGENT
        );
        vm.expectRevert(reason);
        _handOverBy(charity.agent);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(reason);
        vm.prank(charity.agent);
        deliveries.handOverAccepted(LIST, acceptances);
    }

    function test_theProviderNeitherProposesNorApprovesNorCancels() public {
        IDeliveryLedger.ListProposal memory proposal = _throughTheOther(_twoItems());
        vm.expectRevert(_notInRole(otherCharity.maker, Roles.MAKER));
        vm.prank(otherCharity.maker);
        deliveries.proposeList(proposal, _twoItems());

        _donate(FOOD_FUND, GIFT, 1000);
        _propose(proposal, _twoItems());
        vm.expectRevert(_notInRole(otherCharity.checker, Roles.CHECKER));
        vm.prank(otherCharity.checker);
        deliveries.approveList(LIST, proposal.contentHash);
        vm.expectRevert(_notInRole(otherCharity.checker, Roles.MAKER));
        vm.prank(otherCharity.checker);
        deliveries.cancelList(LIST, MISUSE);
    }

    function test_withoutThePayersLicenceNothingIsHandedOver() public {
        _offerThroughTheOther();
        _suspendLicence(CHARITY);
        vm.expectRevert(_notLicensed(CHARITY));
        _handOverBy(otherCharity.agent);
    }

    function test_withoutTheProvidersLicenceNothingIsHandedOver() public {
        _offerThroughTheOther();
        _suspendLicence(OTHER_CHARITY);
        vm.expectRevert(_notLicensed(OTHER_CHARITY));
        _handOverBy(otherCharity.agent);
        _byTwoKeys(abi.encodeCall(licences.resumeLicence, (OTHER_CHARITY)));
        _handOverBy(otherCharity.agent);
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.HandedOver);
    }

    function test_aListNamesALicensedProvider() public {
        IDeliveryLedger.ListProposal memory proposal = _throughTheOther(_twoItems());
        proposal.provider = NO_BODY;
        vm.expectRevert(_notLicensed(NO_BODY));
        _propose(proposal, _twoItems());

        proposal.provider = OTHER_CHARITY;
        _suspendLicence(OTHER_CHARITY);
        vm.expectRevert(_notLicensed(OTHER_CHARITY));
        _propose(proposal, _twoItems());
    }

    function test_aHouseholdThatTheProviderOpenedIsRefused() public {
        _open(otherCharity);
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(FIRST, stranger, 300);
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerPayerOpenedHousehold.selector, FIRST, stranger)
        );
        _propose(_throughTheOther(items), items);

        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        assertEq(deliveries.entitlementOf(FIRST).household, stranger, "where it does not hand over it may");
    }

    function test_aHouseholdThatThePayerOpenedIsRefusedAlsoThroughAnother() public {
        _open(charity);
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(FIRST, stranger, 300);
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerPayerOpenedHousehold.selector, FIRST, stranger)
        );
        _propose(_throughTheOther(items), items);
    }

    // --- Words

    function _throughTheOther(IDeliveryLedger.EntitlementEntry[] memory items)
        private
        view
        returns (IDeliveryLedger.ListProposal memory proposal)
    {
        proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        proposal.provider = OTHER_CHARITY;
    }

    function _offerThroughTheOther() private {
        _donate(FOOD_FUND, GIFT, 1000);
        _propose(_throughTheOther(_twoItems()), _twoItems());
        _approve(LIST);
    }

    function _handOverBy(address agent) private {
        vm.prank(agent);
        deliveries.handOver(LIST, _only(FIRST));
    }

    function _open(Staff memory staff) private {
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](1);
        openings[0] = IHouseholdRegistry.Opening(stranger, stranger, bytes32(0));
        vm.prank(staff.registrar);
        households.open(staff.organisation, openings);
    }

    function _notInRole(address caller, uint16 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, role);
    }

    function _notLicensed(OrganisationId organisation) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, organisation, NOW);
    }
}
