// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";

import {CampaignCoverage} from "./CampaignCoverage.t.sol";
import {LineageWalk, UnitState} from "./LineageWalk.sol";

/// @notice Minutes and good coins after any history.
contract MinuteInvariantsTest is CampaignCoverage {
    function _acts() internal view override returns (bytes4[] memory) {
        return _actsOnMinutes();
    }

    function invariant_I10_minutesAddUpAndGoodCoinsStay() public view {
        assertEq(timeBank.issuedMinutes(), issued);
        assertEq(timeBank.redeemedMinutes(), redeemed);
        assertEq(timeBank.totalSupply(), issued - redeemed);
        uint256 held = _kept();
        assertEq(timeBank.balanceOf(address(ledger)), held, "the ledger keeps what its funds have not delivered");
        for (uint256 v = 0; v < volunteers.length; ++v) {
            assertEq(timeBank.balanceOf(volunteers[v].account), minutesOf[v]);
            assertEq(timeBank.goodCoinsOf(volunteers[v].account), coinsOf[v]);
            assertEq(timeBank.bequestOf(volunteers[v].account).passesAtUnixS, bequests[v].passesAtUnixS);
            held += minutesOf[v];
        }
        assertEq(held, issued - redeemed);
    }

    function invariant_I10_aServiceIsCreditedOnce() public view {
        uint256 credited = 0;
        uint256 coins = 0;
        for (uint256 i = 0; i < services.length; ++i) {
            ITimeBank.Service memory service = timeBank.serviceOf(services[i].id);
            assertTrue(service.reserve == services[i].reserve);
            assertEq(service.serviceMinutes, services[i].serviceMinutes);
            if (service.reserve == ITimeBank.Reserve.Minutes) credited += service.serviceMinutes;
            if (service.reserve == ITimeBank.Reserve.GoodCoin) ++coins;
        }
        assertEq(credited, timeBank.issuedMinutes());
        uint256 kept = 0;
        for (uint256 v = 0; v < volunteers.length; ++v) {
            kept += timeBank.goodCoinsOf(volunteers[v].account);
        }
        assertEq(coins, kept);
    }

    function invariant_I10_noBodyPledgesAboveItsCeiling() public view {
        assertLe(timeBank.pledgedMinutes(CHARITY), CEILING);
        assertEq(timeBank.pledgedMinutes(CHARITY), pledged[CHARITY]);
        assertEq(timeBank.pledgedMinutes(OTHER_CHARITY), pledged[OTHER_CHARITY]);
        assertEq(timeBank.liabilityMinutes(), pledged[CHARITY] + pledged[OTHER_CHARITY] - redeemed);
    }

    function invariant_actsSucceedExactlyWhenTheRulesAllow() public view {
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }

    /// @dev What waits in the funds of minutes, and what is on its way between them.
    function _kept() private view returns (uint256 kept) {
        kept = _waiting(OF_MINUTES) + _waiting(OTHER_MINUTES) + _waiting(FOOD_MINUTES);
        for (uint256 o = 0; o < outflowsOf[OF_MINUTES].length; ++o) {
            LineageWalk.Outflow storage outflow = outflowsOf[OF_MINUTES][o];
            if (outflow.state == UnitState.InTransit && outflow.links.length == 0) kept += outflow.amountMinor;
        }
    }
}
