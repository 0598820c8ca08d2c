// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {IRulebook} from "contracts/src/interfaces/IRulebook.sol";
import {Code, FundId, OrganisationId, PaymentListId, ProgrammeId, RuleId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice A list keeps its fund's place and campaign, its payer's area, and cites the rule in force (I9, E05, T17).
contract DeliveryLedgerRestrictionsTest is Lists {
    FundId internal constant NARROW = FundId.wrap("narrow fund");
    ProgrammeId internal constant RULED = ProgrammeId.wrap("programme with a rule");
    RuleId internal constant RULE = RuleId.wrap("who is in need");
    Code internal constant TEHRAN = Code.wrap("IR-23");
    Code internal constant SHEMIRAN = Code.wrap("IR-23-01");
    Code internal constant GILAN = Code.wrap("IR-24");
    Code internal constant BLANKETS = Code.wrap("blankets");
    uint64 internal constant NEW_RULE = NOW + 10 days;

    // --- Places

    function test_aFundOfOnePlaceServesThatPlaceAndItsParts() public {
        _openNarrowFund(TEHRAN, NO_CODE);
        _assertProposed(_listAt("a", NARROW, TEHRAN));
        _assertProposed(_listAt("b", NARROW, SHEMIRAN));
    }

    function test_aFundOfOnePlaceServesNoOtherAndNamesOne() public {
        _openNarrowFund(TEHRAN, NO_CODE);
        _assertRefused(_listAt("a", NARROW, GILAN), _outside(GILAN, TEHRAN));
        _assertRefused(_listAt("a", NARROW, Code.wrap("IR")), _outside(Code.wrap("IR"), TEHRAN));
        _assertRefused(_listAt("a", NARROW, NO_CODE), _outside(NO_CODE, TEHRAN));
    }

    function test_aBodyPaysOnlyWithinItsLicensedArea() public {
        _licenseArea(charity, TEHRAN);
        _assertProposed(_listAt("a", GENERAL_FUND, SHEMIRAN));
        _assertRefused(_listAt("b", GENERAL_FUND, GILAN), _outside(GILAN, TEHRAN));
        _assertRefused(_listAt("b", GENERAL_FUND, NO_CODE), _outside(NO_CODE, TEHRAN));
    }

    function test_aProviderHandsOverOnlyWithinItsLicensedArea() public {
        _licenseArea(otherCharity, TEHRAN);
        IDeliveryLedger.ListProposal memory list = _listAt("a", GENERAL_FUND, GILAN);
        list.provider = OTHER_CHARITY;
        _assertRefused(list, _outside(GILAN, TEHRAN));
        list.place = SHEMIRAN;
        _assertProposed(list);
    }

    function test_placeOfFundAndAreaOfLicenceHoldTogether() public {
        _openNarrowFund(TEHRAN, NO_CODE);
        _licenseArea(charity, SHEMIRAN);
        _assertRefused(_listAt("a", NARROW, TEHRAN), _outside(TEHRAN, SHEMIRAN));
        _assertProposed(_listAt("a", NARROW, SHEMIRAN));
    }

    function test_whereNothingIsRestrictedAnyPlaceOrNoneIsNamed() public {
        _assertProposed(_listAt("a", GENERAL_FUND, NO_CODE));
        _assertProposed(_listAt("b", GENERAL_FUND, GILAN));
        assertTrue(deliveries.listOf(PaymentListId.wrap("b")).place == GILAN);
    }

    // --- Campaigns

    function test_aFundOfACampaignServesItsProgrammesOnly() public {
        _openNarrowFund(NO_CODE, BLANKETS);
        _assertRefused(_listAt("a", NARROW, NO_CODE), _otherCampaign(NO_CODE));

        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, RULED);
        opening.campaign = Code.wrap("ramadan");
        _openProgramme(charity, opening, SADAQAT);
        IDeliveryLedger.ListProposal memory list = _listAt("a", NARROW, NO_CODE);
        list.programme = RULED;
        _assertRefused(list, _otherCampaign(Code.wrap("ramadan")));

        opening.id = ProgrammeId.wrap("of the campaign");
        opening.campaign = BLANKETS;
        _openProgramme(charity, opening, SADAQAT);
        list.programme = opening.id;
        _assertProposed(list);
    }

    function test_aFundWithoutACampaignServesProgrammesOfAny() public {
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, RULED);
        opening.campaign = BLANKETS;
        _openProgramme(charity, opening, SADAQAT);
        IDeliveryLedger.ListProposal memory list = _listAt("a", GENERAL_FUND, NO_CODE);
        list.programme = RULED;
        _assertProposed(list);
    }

    // --- Rules

    function test_aListCitesTheVersionInForce() public {
        _openRuledProgramme();
        _assertRefused(_ruledList("a", 0), _notInForce(RULE, 0, NOW));
        _assertRefused(_ruledList("a", 2), _notInForce(RULE, 2, NOW));
        _assertProposed(_ruledList("a", 1));

        vm.warp(NEW_RULE);
        _assertRefused(_ruledList("b", 1), _notInForce(RULE, 1, NEW_RULE));
        _assertProposed(_ruledList("b", 2));
        assertEq(deliveries.listOf(PaymentListId.wrap("b")).ruleVersion, 2);
    }

    function test_aListProposedInTimeIsApprovedUnderItsOwnVersion() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _openRuledProgramme();
        IDeliveryLedger.ListProposal memory list = _ruledList("a", 1);
        list.expiresAtUnixS = NEW_RULE + 1 days;
        _propose(list, _twoItems());
        vm.warp(NEW_RULE);
        _approve(list.id);
        assertEq(deliveries.listOf(list.id).ruleVersion, 1);
        assertEq(ledger.fundOf(GENERAL_FUND).reserved, 500);
    }

    function test_aProgrammeWithoutARuleCitesNone() public {
        IDeliveryLedger.ListProposal memory list = _listAt("a", GENERAL_FUND, NO_CODE);
        list.ruleVersion = 1;
        _assertRefused(list, _notInForce(RuleId.wrap(0), 1, NOW));
    }

    // --- Implementers

    function test_anAdmittedBodyPaysUnderTheProgrammeFromItsOwnFunds() public {
        IDeliveryLedger.ListProposal memory list = _listAt("a", OTHER_FUND, NO_CODE);
        bytes memory ofOther =
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, FOOD, OTHER_CHARITY);
        _assertRefusedTo(otherCharity.maker, list, ofOther);

        OrganisationId[] memory bodies = new OrganisationId[](1);
        bodies[0] = OTHER_CHARITY;
        vm.prank(charity.administrator);
        programmes.admitImplementers(FOOD, bodies);
        _donate(OTHER_FUND, GIFT, 500);
        vm.prank(otherCharity.maker);
        deliveries.proposeList(list, _twoItems());

        vm.prank(charity.administrator);
        programmes.dismissImplementers(FOOD, bodies);
        vm.prank(otherCharity.checker);
        deliveries.approveList(list.id, list.contentHash);
        assertEq(ledger.fundOf(OTHER_FUND).reserved, 500, "what was proposed before the dismissal goes on");
        _assertRefusedTo(otherCharity.maker, _listAt("b", OTHER_FUND, NO_CODE), ofOther);
    }

    // --- Words

    function _openNarrowFund(Code place, Code campaign) private {
        IFundLedger.FundOpening memory opening = _plainFund(charity, NARROW, RIAL, SADAQAT, NO_PROGRAMME);
        (opening.place, opening.campaign) = (place, campaign);
        _openFund(charity, opening);
    }

    function _licenseArea(Staff memory staff, Code area) private {
        ILicenceRegistry.LicenceGrant memory grant =
            _fullGrant(staff.organisation, staff.administrator, NOW - 1 days, LICENCE_END);
        grant.area = area;
        _grantLicence(grant);
    }

    function _openRuledProgramme() private {
        for (uint32 version = 1; version <= 2; ++version) {
            vm.prank(charity.administrator);
            rulebook.publish(
                IRulebook.RulePublication(RULE, CHARITY, version, keccak256("text"), version == 1 ? NOW : NEW_RULE)
            );
        }
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, RULED);
        opening.rule = RULE;
        _openProgramme(charity, opening, SADAQAT);
    }

    function _ruledList(bytes32 id, uint32 version) private view returns (IDeliveryLedger.ListProposal memory list) {
        list = _listAt(id, GENERAL_FUND, NO_CODE);
        (list.programme, list.ruleVersion) = (RULED, version);
    }

    function _listAt(bytes32 id, FundId fund, Code place)
        private
        view
        returns (IDeliveryLedger.ListProposal memory list)
    {
        list = _proposal(PaymentListId.wrap(id), fund, FOOD, _twoItems());
        list.place = place;
    }

    function _outside(Code place, Code area) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerPlaceOutside.selector, place, area);
    }

    function _otherCampaign(Code campaign) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerFundForOtherCampaign.selector, NARROW, campaign);
    }

    function _notInForce(RuleId rule, uint32 version, uint64 at) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRulebook.RulebookNotInForce.selector, rule, version, at);
    }

    /// @dev Without items, so that several lists may be of the same entitlements.
    function _assertProposed(IDeliveryLedger.ListProposal memory list) private {
        _propose(list, new IDeliveryLedger.EntitlementEntry[](0));
        assertTrue(deliveries.listOf(list.id).state == IDeliveryLedger.ListState.Proposed);
    }

    function _assertRefused(IDeliveryLedger.ListProposal memory list, bytes memory reason) private {
        _assertRefusedTo(charity.maker, list, reason);
    }

    function _assertRefusedTo(address maker, IDeliveryLedger.ListProposal memory list, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(maker);
        deliveries.proposeList(list, _twoItems());
    }
}
