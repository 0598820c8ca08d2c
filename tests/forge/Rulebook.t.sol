// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Rulebook} from "contracts/src/Rulebook.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IRulebook} from "contracts/src/interfaces/IRulebook.sol";
import {OrganisationId, RuleId} from "contracts/src/types/Ids.sol";

import {Licensed} from "./Licensed.sol";

contract RulebookTest is Licensed {
    RuleId internal constant RULE = RuleId.wrap("means test");
    bytes32 internal constant DOCUMENT = keccak256("the rule's text");
    bytes32 internal constant NEW_DOCUMENT = keccak256("the rule's text, changed");

    Rulebook internal rulebook;

    function setUp() public override {
        super.setUp();
        rulebook = new Rulebook(licences);
    }

    // --- Publishing

    function test_anAdministratorPublishesARule() public {
        vm.expectEmit(address(rulebook));
        emit IRulebook.RulePublished(RULE, CHARITY, 1, DOCUMENT, NOW + 10);
        _publish(1, DOCUMENT, NOW + 10);

        IRulebook.RuleVersion memory version = rulebook.ruleOf(RULE, 1);
        assertTrue(version.organisation == CHARITY);
        assertEq(version.documentHash, DOCUMENT);
        assertEq(version.inForceFromUnixS, NOW + 10);
        assertEq(rulebook.latestVersion(RULE), 1);
    }

    function test_theNextVersionLeavesTheFirstAsItWas() public {
        _publish(1, DOCUMENT, NOW);
        _publish(2, NEW_DOCUMENT, NOW + 1);
        assertEq(rulebook.ruleOf(RULE, 1).documentHash, DOCUMENT);
        assertEq(rulebook.ruleOf(RULE, 2).documentHash, NEW_DOCUMENT);
        assertTrue(rulebook.ruleOf(RULE, 2).organisation == CHARITY);
        assertEq(rulebook.latestVersion(RULE), 2);
    }

    function test_onlyALicensedBodysAdministratorPublishes() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotAdministrator.selector, CHARITY, charity.maker)
        );
        vm.prank(charity.maker);
        rulebook.publish(_publication(1, DOCUMENT, NOW));

        _suspendLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _publish(1, DOCUMENT, NOW);
    }

    function test_aRuleHasAnIdAndADocument() public {
        IRulebook.RulePublication memory publication = _publication(1, DOCUMENT, NOW);
        publication.rule = RuleId.wrap(0);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookMissing.selector, RuleId.wrap(0), bytes32("rule")));
        vm.prank(charity.administrator);
        rulebook.publish(publication);

        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookMissing.selector, RULE, bytes32("documentHash")));
        _publish(1, 0, NOW);
    }

    function test_theSamePublicationAgainIsANoOpWithoutAnEventAlsoMuchLater() public {
        _publish(1, DOCUMENT, NOW);
        _publish(2, NEW_DOCUMENT, NOW + 10);
        vm.warp(NOW + 100);
        vm.recordLogs();
        _publish(1, DOCUMENT, NOW);
        _publish(2, NEW_DOCUMENT, NOW + 10);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(rulebook.latestVersion(RULE), 2);
    }

    function test_anotherDocumentDateOrBodyUnderTheVersionIsAConflict() public {
        _publish(1, DOCUMENT, NOW + 10);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookConflict.selector, RULE, 1));
        _publish(1, NEW_DOCUMENT, NOW + 10);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookConflict.selector, RULE, 1));
        _publish(1, DOCUMENT, NOW + 11);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookConflict.selector, RULE, 1));
        _publishByOther(1, DOCUMENT, NOW + 10);
    }

    function test_aRuleBelongsToTheBodyThatFirstPublishedIt() public {
        _publish(1, DOCUMENT, NOW);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookNotOwner.selector, RULE, OTHER_CHARITY));
        _publishByOther(2, NEW_DOCUMENT, NOW + 1);
    }

    function test_versionsFollowEachOtherWithoutGaps() public {
        _assertNotNextVersion(0, 1);
        _assertNotNextVersion(2, 1);
        _publish(1, DOCUMENT, NOW);
        _assertNotNextVersion(0, 2);
        _assertNotNextVersion(3, 2);
        _assertNotNextVersion(type(uint32).max, 2);
    }

    function test_aVersionIsNotInForceInThePast() public {
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookBadStart.selector, RULE, NOW - 1, NOW - 1));
        _publish(1, DOCUMENT, NOW - 1);
        _publish(1, DOCUMENT, NOW);
    }

    function test_aVersionIsInForceLaterThanThePreviousOne() public {
        _publish(1, DOCUMENT, NOW + 10);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookBadStart.selector, RULE, NOW + 10, NOW + 10));
        _publish(2, NEW_DOCUMENT, NOW + 10);
        _publish(2, NEW_DOCUMENT, NOW + 11);

        vm.warp(NOW + 20);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookBadStart.selector, RULE, NOW + 19, NOW + 19));
        _publish(3, DOCUMENT, NOW + 19);
    }

    function test_anUnknownVersionHasNoRecord() public {
        assertEq(rulebook.latestVersion(RULE), 0);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookUnknownVersion.selector, RULE, 1));
        rulebook.ruleOf(RULE, 1);
        _publish(1, DOCUMENT, NOW);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookUnknownVersion.selector, RULE, 2));
        rulebook.ruleOf(RULE, 2);
    }

    // --- In force

    function test_aVersionIsInForceFromItsDateUntilTheNextOnes() public {
        _publish(1, DOCUMENT, NOW + 10);
        _publish(2, NEW_DOCUMENT, NOW + 20);
        _assertNotInForce(1, NOW + 9);
        vm.warp(NOW + 10);
        rulebook.requireInForce(RULE, 1);
        _assertNotInForce(2, NOW + 19);
        rulebook.requireInForce(RULE, 1);
        _assertNotInForce(1, NOW + 20);
        rulebook.requireInForce(RULE, 2);
        vm.warp(NOW + 10_000 days);
        rulebook.requireInForce(RULE, 2);
    }

    function test_aVersionNeverPublishedIsNotInForce() public {
        _assertNotInForce(1, NOW);
        _publish(1, DOCUMENT, NOW);
        _assertNotInForce(0, NOW);
        _assertNotInForce(2, NOW);
    }

    function test_aRuleStaysInForceWhenItsBodyLosesItsLicence() public {
        _publish(1, DOCUMENT, NOW);
        _revokeLicence(CHARITY);
        rulebook.requireInForce(RULE, 1);
    }

    /// @dev At every second exactly the last version that has begun is in force.
    function testFuzz_atMostOneVersionIsInForce(uint16[4] memory gaps, uint32 at) public {
        uint64 from = NOW;
        for (uint32 version = 1; version <= 4; ++version) {
            from += uint64(gaps[version - 1]) + 1;
            _publish(version, keccak256(abi.encode(version)), from);
        }
        vm.warp(NOW + at % 300_000);
        uint32 expected = 0;
        for (uint32 version = 1; version <= 4; ++version) {
            if (rulebook.ruleOf(RULE, version).inForceFromUnixS <= block.timestamp) expected = version;
        }
        for (uint32 version = 1; version <= 4; ++version) {
            if (version != expected) _assertNotInForce(version, uint64(block.timestamp));
            else rulebook.requireInForce(RULE, version);
        }
    }

    // --- Words

    function _publication(uint32 version, bytes32 document, uint64 from)
        private
        pure
        returns (IRulebook.RulePublication memory)
    {
        return IRulebook.RulePublication(RULE, CHARITY, version, document, from);
    }

    function _publish(uint32 version, bytes32 document, uint64 from) private {
        vm.prank(charity.administrator);
        rulebook.publish(_publication(version, document, from));
    }

    function _publishByOther(uint32 version, bytes32 document, uint64 from) private {
        IRulebook.RulePublication memory publication = _publication(version, document, from);
        publication.organisation = OTHER_CHARITY;
        vm.prank(otherCharity.administrator);
        rulebook.publish(publication);
    }

    function _assertNotNextVersion(uint32 version, uint32 expected) private {
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookNotNextVersion.selector, RULE, version, expected));
        _publish(version, NEW_DOCUMENT, NOW + 1);
    }

    function _assertNotInForce(uint32 version, uint64 at) private {
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(IRulebook.RulebookNotInForce.selector, RULE, version, at));
        rulebook.requireInForce(RULE, version);
    }
}
