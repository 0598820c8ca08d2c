// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {ServiceId} from "contracts/src/types/Ids.sol";

import {Hours} from "./Hours.sol";

/// @notice What bodies promised with confirmed services, how much the regulator lets them, and what is still owed (T05).
contract TimeBankLiabilityTest is Hours {
    ServiceId internal constant OTHER_SERVICE = ServiceId.wrap("other service");

    // --- The ceiling

    function test_aBodyConfirmsUpToItsCeiling() public {
        _setCeiling(120);
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
        _assertCeilingReached(_service(OTHER_SERVICE, volunteers[1], families[0], 31), 121, 120);
        _confirm(_service(OTHER_SERVICE, volunteers[1], families[0], 30));
        assertEq(timeBank.pledgedMinutes(CHARITY), 120);
    }

    function test_aBatchStaysUnderTheCeilingAsAWhole() public {
        _setCeiling(120);
        ITimeBank.ServiceEntry[] memory entries = new ITimeBank.ServiceEntry[](2);
        entries[0] = _service(SERVICE, volunteers[0], families[0], 90)[0];
        entries[1] = _service(OTHER_SERVICE, volunteers[1], families[0], 31)[0];
        _assertCeilingReached(entries, 121, 120);
        assertEq(timeBank.serviceOf(SERVICE).volunteer, address(0));
    }

    function test_eachBodyHasItsOwnCeiling() public {
        _setCeiling(90);
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        vm.prank(otherCharity.coordinator);
        timeBank.confirmServices(OTHER_CHARITY, _service(OTHER_SERVICE, volunteers[1], families[0], 500));
        assertEq(timeBank.pledgedMinutes(OTHER_CHARITY), 500);
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
        assertEq(timeBank.pledgedMinutes(REGISTRAR_BODY), 0);
    }

    function test_aGoodCoinFreesTheCeiling() public {
        _setCeiling(90);
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        timeBank.choose(_choice(SERVICE, volunteers[0], ITimeBank.Reserve.GoodCoin));
        assertEq(timeBank.pledgedMinutes(CHARITY), 0);
        _confirm(_service(OTHER_SERVICE, volunteers[1], families[0], 90));
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
    }

    function test_minutesChosenOrRedeemedDoNotFreeTheCeiling() public {
        _setCeiling(90);
        _earn(SERVICE, volunteers[0], 90);
        vm.prank(charity.coordinator);
        timeBank.redeem(CHARITY, _redemption(REDEMPTION, volunteers[0], 90));
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
        _assertCeilingReached(_service(OTHER_SERVICE, volunteers[1], families[0], 1), 91, 90);
    }

    function test_theSameActAgainIsANoOpAlsoAboveALoweredCeiling() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        _setCeiling(10);
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
        _assertCeilingReached(_service(OTHER_SERVICE, volunteers[1], families[0], 1), 91, 10);
    }

    function test_anActTwiceInOneBatchIsPledgedOnce() public {
        ITimeBank.ServiceEntry[] memory entries = new ITimeBank.ServiceEntry[](2);
        entries[0] = _service(SERVICE, volunteers[0], families[0], 90)[0];
        entries[1] = entries[0];
        _confirm(entries);
        assertEq(timeBank.pledgedMinutes(CHARITY), 90);
    }

    // --- The liability

    function test_whatIsUnchosenOrHeldIsOwed() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        assertEq(timeBank.liabilityMinutes(), 90, "not chosen yet");
        timeBank.choose(_choice(SERVICE, volunteers[0], ITimeBank.Reserve.Minutes));
        assertEq(timeBank.liabilityMinutes(), 90, "held");
        _confirm(_service(OTHER_SERVICE, volunteers[1], families[0], 30));
        assertEq(timeBank.liabilityMinutes(), timeBank.totalSupply() + 30);
    }

    function test_aGoodCoinIsNotOwed() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        timeBank.choose(_choice(SERVICE, volunteers[0], ITimeBank.Reserve.GoodCoin));
        assertEq(timeBank.liabilityMinutes(), 0);
    }

    function test_redeemedMinutesAreNoLongerOwed() public {
        _earn(SERVICE, volunteers[0], 90);
        vm.prank(charity.coordinator);
        timeBank.redeem(CHARITY, _redemption(REDEMPTION, volunteers[0], 60));
        assertEq(timeBank.liabilityMinutes(), 30);
    }

    function test_givenMinutesAreOwedUntilTheyAreDelivered() public {
        _earn(SERVICE, volunteers[0], 90);
        timeBank.give(_minutesGift(MINUTES_GIFT, MINUTES_FUND, volunteers[0], 60));
        assertEq(timeBank.liabilityMinutes(), 90);
        _offer(LIST, MINUTES_FUND, FOOD, _oneItem(FIRST, families[0].account, 60));
        _handOver(LIST, FIRST);
        assertEq(timeBank.liabilityMinutes(), 30);
    }

    // --- Words

    function _setCeiling(uint64 ceilingMinutes) private {
        _byTwoKeys(abi.encodeCall(licences.setIssuingCeiling, (CHARITY, ceilingMinutes)));
    }

    function _assertCeilingReached(ITimeBank.ServiceEntry[] memory entries, uint64 pledged, uint64 ceiling) private {
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankCeilingReached.selector, CHARITY, pledged, ceiling));
        _confirm(entries);
    }
}
