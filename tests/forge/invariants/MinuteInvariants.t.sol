// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";

import {Campaign} from "./Campaign.sol";

/// @notice Minutes and good coins after any history.
contract MinuteInvariantsTest is Campaign {
    function _acts() internal view override returns (bytes4[] memory) {
        return _actsOnMinutes();
    }

    function invariant_I10_minutesAddUpAndGoodCoinsStay() public view {
        assertEq(timeBank.issuedMinutes(), issued);
        assertEq(timeBank.redeemedMinutes(), redeemed);
        assertEq(timeBank.totalSupply(), issued - redeemed);
        uint256 kept = lines[OF_MINUTES].unitAt.length - lines[OF_MINUTES].left;
        assertEq(timeBank.balanceOf(address(ledger)), kept, "the ledger keeps what its fund has not delivered");
        uint256 held = kept;
        for (uint256 v = 0; v < volunteers.length; ++v) {
            assertEq(timeBank.balanceOf(volunteers[v].account), minutesOf[v]);
            assertEq(timeBank.goodCoinsOf(volunteers[v].account), coinsOf[v]);
            held += minutesOf[v];
        }
        assertEq(held, issued - redeemed);
    }

    function invariant_I10_aServiceIsCreditedOnce() public view {
        uint256 credited = 0;
        uint256 coins = 0;
        for (uint256 i = 0; i < services.length; ++i) {
            ITimeBank.Service memory service = timeBank.serviceOf(services[i]);
            assertTrue(service.reserve == chosen[i]);
            if (service.reserve == ITimeBank.Reserve.Minutes) credited += service.serviceMinutes;
            if (service.reserve == ITimeBank.Reserve.GoodCoin) ++coins;
        }
        assertEq(credited, timeBank.issuedMinutes());
        assertEq(coins, coinsOf[0] + coinsOf[1] + coinsOf[2]);
    }

    function invariant_actsSucceedExactlyWhenTheRulesAllow() public view {
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }
}
