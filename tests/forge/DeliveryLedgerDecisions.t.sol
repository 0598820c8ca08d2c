// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, OrganisationId, PaymentListId, ReturnId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Disputes} from "./Disputes.sol";

/// @notice A body above payer and provider decides a dispute (S04). If it finds for the family, the units come back.
contract DeliveryLedgerDecisionsTest is Disputes {
    OrganisationId internal constant AGENCY = OrganisationId.wrap("agency");
    OrganisationId internal constant PROVINCE = OrganisationId.wrap("province");

    Staff internal agency;
    Staff internal province;

    /// @dev The province is above the agency, the agency above both charities. The first delivery is disputed.
    function setUp() public override {
        super.setUp();
        province = _establish(PROVINCE, "province");
        agency = _establishBelow(AGENCY, "agency", PROVINCE);
        _putBelow(charity, AGENCY);
        _putBelow(otherCharity, AGENCY);
        _offerTwoItems();
        _handOver(LIST, FIRST);
        deliveries.dispute(_objection(families[0], FIRST));
    }

    // --- What is decided

    function test_anUpheldDisputeBringsTheUnitsBack() public {
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DisputeUpheld(FIRST, AGENCY, agency.desk);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryReturned(FOOD_FUND, RETURN, FIRST, 1000, 300, 0, Code.wrap("upheld"));
        _decideAs(agency, _decision(FIRST, true));

        _assertState(FIRST, IDeliveryLedger.EntitlementState.Upheld);
        assertEq(deliveries.entitlementOf(FIRST).returnedMinor, 300);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 300);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 200);
    }

    function test_ofAPartlyReturnedDeliveryTheRestComesBack() public {
        _return(FOOD_FUND, OTHER_RETURN, FIRST, 120);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryReturned(FOOD_FUND, RETURN, FIRST, 1120, 180, 120, Code.wrap("upheld"));
        _decideAs(agency, _decision(FIRST, true));
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
    }

    function test_ofAFullyReturnedDeliveryNothingComesBackAgain() public {
        _return(FOOD_FUND, RETURN, FIRST, 300);
        _decideAs(agency, _decision(FIRST, true));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Upheld);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
    }

    function test_aDismissedDisputeMovesNothing() public {
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DisputeDismissed(FIRST, AGENCY, agency.desk);
        _decideAs(agency, _decision(FIRST, false));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Dismissed);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1000);
        assertEq(deliveries.entitlementOf(FIRST).returnedMinor, 0);
    }

    function test_whatWasDecidedIsNeitherDecidedNorDisputedNorAcceptedAgain() public {
        uint256 snapshot = vm.snapshotState();
        _decideAs(agency, _decision(FIRST, true));
        _assertFinal(IDeliveryLedger.EntitlementState.Upheld);
        vm.revertToState(snapshot);
        _decideAs(agency, _decision(FIRST, false));
        _assertFinal(IDeliveryLedger.EntitlementState.Dismissed);
    }

    function test_onlyWhatIsDisputedIsDecided() public {
        _assertNotDecided(
            agency, _decision(SECOND, true), _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered)
        );
        _handOver(LIST, SECOND);
        _assertNotDecided(
            agency, _decision(SECOND, true), _wrongState(SECOND, IDeliveryLedger.EntitlementState.HandedOver)
        );
        EntitlementId unknown = EntitlementId.wrap("unknown");
        _assertNotDecided(
            agency,
            _decision(unknown, true),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown)
        );
    }

    function test_anUpheldDisputeNeedsANewReturnId() public {
        IDeliveryLedger.Decision[] memory decisions = _decision(FIRST, true);
        decisions[0].returnId = ReturnId.wrap(0);
        _assertNotDecided(
            agency, decisions, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("return"))
        );
        _return(FOOD_FUND, RETURN, FIRST, 1);
        _assertNotDecided(
            agency,
            _decision(FIRST, true),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerConflict.selector, RETURN)
        );
    }

    function test_aDismissalNeedsNoReturnId() public {
        IDeliveryLedger.Decision[] memory decisions = _decision(FIRST, false);
        decisions[0].returnId = ReturnId.wrap(0);
        _decideAs(agency, decisions);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Dismissed);
    }

    function test_aBatchOfDecisionsIsAllOrNothing() public {
        IDeliveryLedger.Decision[] memory decisions = new IDeliveryLedger.Decision[](2);
        decisions[0] = _decision(FIRST, true)[0];
        decisions[1] = _decision(SECOND, true)[0];
        _assertNotDecided(agency, decisions, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1000);
    }

    function test_aBodyThatLostItsLicenceIsDecidedAboutAllTheSame() public {
        _revokeLicence(CHARITY);
        _decideAs(agency, _decision(FIRST, true));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Upheld);
    }

    // --- Who decides

    function test_aBodyFurtherUpDecidesToo() public {
        _decideAs(province, _decision(FIRST, true));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Upheld);
    }

    function test_theRegulatorDecidesForNoBody() public {
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DisputeDismissed(FIRST, NO_BODY, firstRegulator);
        _decide(_decision(FIRST, false));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Dismissed);
    }

    function test_nobodyDecidesAboutItselfOrItsEquals() public {
        Staff[3] memory others = [charity, otherCharity, registrarBody];
        for (uint256 i = 0; i < others.length; ++i) {
            _assertNotDecided(others[i], _decision(FIRST, true), _notAbove(FIRST, others[i].organisation));
        }
    }

    function test_theDeskIsAbovePayerAndProvider() public {
        (PaymentListId list, EntitlementId third) = (PaymentListId.wrap("other list"), EntitlementId.wrap("third"));
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(third, families[2].account, 100);
        IDeliveryLedger.ListProposal memory proposal = _proposal(list, FOOD_FUND, FOOD, items);
        proposal.provider = OTHER_CHARITY;
        _propose(proposal, items);
        _approve(list);
        vm.prank(otherCharity.agent);
        deliveries.handOver(list, _only(third));
        deliveries.dispute(_objection(families[2], third));

        _putBelow(otherCharity, NO_BODY);
        _assertNotDecided(agency, _decision(third, true), _notAbove(third, AGENCY));
        _putBelow(otherCharity, AGENCY);
        _putBelow(charity, NO_BODY);
        _assertNotDecided(agency, _decision(third, true), _notAbove(third, AGENCY));
        _putBelow(charity, PROVINCE);
        _assertNotDecided(agency, _decision(third, true), _notAbove(third, AGENCY));
        _decideAs(province, _decision(third, true));
        _assertState(third, IDeliveryLedger.EntitlementState.Upheld);
    }

    function test_onlyADeskOfTheNamedBodyDecides() public {
        address[4] memory callers = [agency.administrator, agency.checker, charity.desk, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, AGENCY, callers[i], Roles.DESK
                )
            );
            vm.prank(callers[i]);
            deliveries.decide(AGENCY, _decision(FIRST, true));
        }
    }

    function test_onlyTheRegulatorDecidesForNoBody() public {
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, agency.desk));
        vm.prank(agency.desk);
        deliveries.decide(NO_BODY, _decision(FIRST, true));
    }

    function test_aDeskWithoutALicenceDecidesNothing() public {
        _suspendLicence(AGENCY);
        _assertNotDecided(
            agency,
            _decision(FIRST, true),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, AGENCY, NOW)
        );
    }

    // --- Words

    function _putBelow(Staff memory staff, OrganisationId supervisor) private {
        ILicenceRegistry.LicenceGrant memory grant =
            _fullGrant(staff.organisation, staff.administrator, NOW - 1 days, LICENCE_END);
        grant.supervisor = supervisor;
        _grantLicence(grant);
    }

    function _decideAs(Staff memory staff, IDeliveryLedger.Decision[] memory decisions) private {
        vm.prank(staff.desk);
        deliveries.decide(staff.organisation, decisions);
    }

    function _notAbove(EntitlementId id, OrganisationId desk) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerDeskNotAbove.selector, id, desk);
    }

    function _assertNotDecided(Staff memory staff, IDeliveryLedger.Decision[] memory decisions, bytes memory reason)
        private
    {
        vm.expectRevert(reason);
        _decideAs(staff, decisions);
    }

    function _assertFinal(IDeliveryLedger.EntitlementState state) private {
        bytes memory reason = _wrongState(FIRST, state);
        _assertNotDecided(agency, _decision(FIRST, true), reason);
        _assertNotDecided(agency, _decision(FIRST, false), reason);
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        vm.expectRevert(reason);
        deliveries.dispute(disputes);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(reason);
        deliveries.accept(acceptances);
    }
}
