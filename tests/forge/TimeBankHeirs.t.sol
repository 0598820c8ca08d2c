// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {HeirNamingId, ServiceId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Hours} from "./Hours.sol";

/// @notice A volunteer names an heir; two coordinators pass the minutes on after 30 days without a sign of life.
contract TimeBankHeirsTest is Hours {
    HeirNamingId internal constant NAMING = HeirNamingId.wrap("naming");
    HeirNamingId internal constant NEXT_NAMING = HeirNamingId.wrap("next naming");
    uint64 internal constant PASSES = NOW + 30 days;

    address internal heir = makeAddr("heir");

    function setUp() public override {
        super.setUp();
        _earn(SERVICE, volunteers[0], 90);
    }

    // --- Naming

    function test_aVolunteerNamesAnHeir() public {
        ITimeBank.SignedHeirNaming[] memory namings = _naming(NAMING, volunteers[0], heir);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.HeirNamed(NAMING, volunteers[0].account, heir);
        vm.prank(stranger);
        timeBank.nameHeirs(namings);
        assertEq(timeBank.heirOf(volunteers[0].account), heir);
        assertEq(timeBank.balanceOf(heir), 0, "naming moves nothing");
    }

    function test_aNewNamingReplacesTheLastAndNobodyIsNamedByZero() public {
        _name(NAMING, heir);
        _name(NEXT_NAMING, stranger);
        assertEq(timeBank.heirOf(volunteers[0].account), stranger);
        _name(HeirNamingId.wrap("nobody"), address(0));
        assertEq(timeBank.heirOf(volunteers[0].account), address(0));
    }

    function test_aNamingIsDoneOnceSoThatAnOldOneDoesNotComeBack() public {
        ITimeBank.SignedHeirNaming[] memory namings = _naming(NAMING, volunteers[0], heir);
        timeBank.nameHeirs(namings);
        _name(NEXT_NAMING, stranger);
        _assertNotNamed(namings, abi.encodeWithSelector(ITimeBank.TimeBankAlreadyDone.selector, NAMING));
        assertEq(timeBank.heirOf(volunteers[0].account), stranger);
    }

    function test_aNamingNeedsAnId() public {
        _assertNotNamed(
            _naming(HeirNamingId.wrap(0), volunteers[0], heir),
            abi.encodeWithSelector(ITimeBank.TimeBankMissing.selector, bytes32("id"))
        );
    }

    function test_neitherTheVolunteerNorTheFundLedgerInherits() public {
        address[2] memory bad = [volunteers[0].account, address(ledger)];
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertNotNamed(
                _naming(NAMING, volunteers[0], bad[i]),
                abi.encodeWithSelector(ITimeBank.TimeBankBadHeir.selector, volunteers[0].account, bad[i])
            );
        }
    }

    function test_onlyTheVolunteerNamesExactlyThisHeir() public {
        ITimeBank.SignedHeirNaming[] memory namings = _naming(NAMING, volunteers[1], heir);
        namings[0].volunteer = volunteers[0].account;
        _assertWrongSigner(namings);
        namings = _naming(NAMING, volunteers[0], heir);
        namings[0].heir = stranger;
        _assertWrongSigner(namings);
        namings = _naming(NAMING, volunteers[0], heir);
        namings[0].id = NEXT_NAMING;
        _assertWrongSigner(namings);
    }

    function test_aNamingEndsAfterItsDeadline() public {
        ITimeBank.SignedHeirNaming[] memory namings = _naming(NAMING, volunteers[0], heir);
        vm.warp(DEADLINE + 1);
        _assertNotNamed(namings, abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, NAMING, DEADLINE));
    }

    // --- Opening a bequest

    function test_aCoordinatorReportsAndThirtyDaysBegin() public {
        _name(NAMING, heir);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestOpened(volunteers[0].account, CHARITY, charity.coordinator, PASSES);
        _openBequest();
        ITimeBank.Bequest memory bequest = timeBank.bequestOf(volunteers[0].account);
        assertEq(bequest.openedBy, charity.coordinator);
        assertEq(bequest.passesAtUnixS, PASSES);
    }

    function test_openingAgainIsANoOpAndDoesNotDelay() public {
        _name(NAMING, heir);
        _openBequest();
        vm.warp(NOW + 20 days);
        vm.recordLogs();
        vm.prank(otherCharity.coordinator);
        timeBank.openBequest(OTHER_CHARITY, volunteers[0].account);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(timeBank.bequestOf(volunteers[0].account).passesAtUnixS, PASSES);
        assertEq(timeBank.bequestOf(volunteers[0].account).openedBy, charity.coordinator);
    }

    function test_withoutAnHeirNothingIsOpened() public {
        bytes memory reason = abi.encodeWithSelector(ITimeBank.TimeBankNoHeir.selector, volunteers[0].account);
        vm.expectRevert(reason);
        _openBequest();
        _name(NAMING, heir);
        _name(NEXT_NAMING, address(0));
        vm.expectRevert(reason);
        _openBequest();
    }

    // --- Passing it on

    function test_afterThirtyDaysAnotherCoordinatorPassesTheMinutesOn() public {
        _openBequestOfHeir();
        vm.warp(PASSES);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestPassed(volunteers[0].account, heir, OTHER_CHARITY, 90);
        _pass();
        assertEq(timeBank.balanceOf(volunteers[0].account), 0);
        assertEq(timeBank.balanceOf(heir), 90);
        assertEq(timeBank.totalSupply(), 90);
        assertTrue(timeBank.isMember(heir));
        assertEq(timeBank.bequestOf(volunteers[0].account).passesAtUnixS, 0);
        assertEq(timeBank.goodCoinsOf(heir), 0);
    }

    function test_theHeirUsesTheMinutes() public {
        _openBequestOfHeir();
        vm.warp(PASSES);
        _pass();
        vm.prank(heir);
        assertTrue(timeBank.transfer(volunteers[0].account, 10));
        assertEq(timeBank.balanceOf(heir), 80);
    }

    function test_aGoodCoinIsNotInherited() public {
        ServiceId honoured = ServiceId.wrap("honoured service");
        _confirm(_service(honoured, volunteers[0], families[0], 30));
        timeBank.choose(_choice(honoured, volunteers[0], ITimeBank.Reserve.GoodCoin));
        _openBequestOfHeir();
        vm.warp(PASSES);
        _pass();
        assertEq(timeBank.goodCoinsOf(volunteers[0].account), 1);
        assertEq(timeBank.goodCoinsOf(heir), 0);
    }

    function test_aBequestPassesOnce() public {
        _openBequestOfHeir();
        vm.warp(PASSES);
        _pass();
        _assertNotDue(0);
    }

    function test_beforeThirtyDaysOrUnopenedNothingPasses() public {
        _assertNotDue(0);
        _openBequestOfHeir();
        vm.warp(PASSES - 1);
        _assertNotDue(PASSES);
    }

    function test_whoeverOpenedItDoesNotPassIt() public {
        _openBequestOfHeir();
        vm.warp(PASSES);
        _appoint(otherCharity, charity.coordinator, Roles.COORDINATOR);
        bytes memory reason =
            abi.encodeWithSelector(ITimeBank.TimeBankSecondCoordinatorNeeded.selector, charity.coordinator);
        vm.expectRevert(reason);
        vm.prank(charity.coordinator);
        timeBank.passBequest(CHARITY, volunteers[0].account);
        vm.expectRevert(reason);
        vm.prank(charity.coordinator);
        timeBank.passBequest(OTHER_CHARITY, volunteers[0].account);
    }

    function test_aSecondCoordinatorOfTheSameBodyPassesItToo() public {
        _openBequestOfHeir();
        vm.warp(PASSES);
        _appoint(charity, stranger, Roles.COORDINATOR);
        vm.prank(stranger);
        timeBank.passBequest(CHARITY, volunteers[0].account);
        assertEq(timeBank.balanceOf(heir), 90);
    }

    // --- Signs of life

    function test_movingMinutesStopsIt() public {
        _earn(ServiceId.wrap("another service"), volunteers[1], 30);
        _openBequestOfHeir();
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestStopped(volunteers[0].account);
        vm.prank(volunteers[0].account);
        assertTrue(timeBank.transfer(volunteers[1].account, 1));
        _assertStopped();
    }

    function test_redeemingStopsIt() public {
        _openBequestOfHeir();
        ITimeBank.SignedRedemption[] memory redemptions = _redemption(REDEMPTION, volunteers[0], 1);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestStopped(volunteers[0].account);
        vm.prank(charity.coordinator);
        timeBank.redeem(CHARITY, redemptions);
        _assertStopped();
    }

    function test_givingStopsIt() public {
        _openBequestOfHeir();
        ITimeBank.SignedMinutesGift[] memory gifts = _minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 1);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestStopped(volunteers[0].account);
        timeBank.give(gifts);
        _assertStopped();
    }

    function test_namingAnewStopsIt() public {
        _openBequestOfHeir();
        ITimeBank.SignedHeirNaming[] memory namings = _naming(NEXT_NAMING, volunteers[0], stranger);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestStopped(volunteers[0].account);
        timeBank.nameHeirs(namings);
        _assertStopped();
    }

    function test_choosingAReserveStopsIt() public {
        ServiceId unchosen = ServiceId.wrap("unchosen service");
        _confirm(_service(unchosen, volunteers[0], families[0], 30));
        _openBequestOfHeir();
        ITimeBank.SignedChoice[] memory choices = _choice(unchosen, volunteers[0], ITimeBank.Reserve.GoodCoin);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.BequestStopped(volunteers[0].account);
        timeBank.choose(choices);
        _assertStopped();
    }

    function test_receivingMinutesIsNoSignOfLife() public {
        _earn(ServiceId.wrap("another service"), volunteers[1], 30);
        _openBequestOfHeir();
        vm.prank(volunteers[1].account);
        assertTrue(timeBank.transfer(volunteers[0].account, 10));
        vm.warp(PASSES);
        _pass();
        assertEq(timeBank.balanceOf(heir), 100);
    }

    function test_aStoppedBequestIsOpenedAnewWithAllItsTime() public {
        _openBequestOfHeir();
        vm.warp(NOW + 29 days);
        _name(NEXT_NAMING, heir);
        _openBequest();
        assertEq(timeBank.bequestOf(volunteers[0].account).passesAtUnixS, NOW + 59 days);
    }

    // --- Who

    function test_onlyACoordinatorOfTheNamedBodyOpensAndPasses() public {
        _name(NAMING, heir);
        address[4] memory callers = [charity.administrator, charity.registrar, otherCharity.coordinator, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, callers[i], Roles.COORDINATOR
            );
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            timeBank.openBequest(CHARITY, volunteers[0].account);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            timeBank.passBequest(CHARITY, volunteers[0].account);
        }
    }

    // --- Words

    function _name(HeirNamingId id, address named) private {
        timeBank.nameHeirs(_naming(id, volunteers[0], named));
    }

    function _openBequest() private {
        vm.prank(charity.coordinator);
        timeBank.openBequest(CHARITY, volunteers[0].account);
    }

    function _openBequestOfHeir() private {
        _name(NAMING, heir);
        _openBequest();
    }

    function _pass() private {
        vm.prank(otherCharity.coordinator);
        timeBank.passBequest(OTHER_CHARITY, volunteers[0].account);
    }

    function _assertNotNamed(ITimeBank.SignedHeirNaming[] memory namings, bytes memory reason) private {
        vm.expectRevert(reason);
        timeBank.nameHeirs(namings);
    }

    function _assertWrongSigner(ITimeBank.SignedHeirNaming[] memory namings) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        timeBank.nameHeirs(namings);
    }

    function _assertNotDue(uint64 passesAtUnixS) private {
        vm.expectRevert(
            abi.encodeWithSelector(ITimeBank.TimeBankBequestNotDue.selector, volunteers[0].account, passesAtUnixS)
        );
        _pass();
    }

    function _assertStopped() private {
        vm.warp(PASSES);
        _assertNotDue(0);
    }
}
