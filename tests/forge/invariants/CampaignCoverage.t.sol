// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {console} from "forge-std/console.sol";

import {Campaign} from "./Campaign.sol";

/// @notice A campaign proves nothing by acts that never succeed: the acts of one, always the same, are counted.
contract CampaignCoverageTest is Campaign {
    uint256 private constant RUNS = 32;
    uint256 private constant DEPTH = 128;

    function test_everyActOfACampaignHappensOften() public {
        bytes4[] memory acts = _acts();
        uint256[] memory timesDone = new uint256[](acts.length);
        uint256[] memory timesRefused = new uint256[](acts.length);
        for (uint256 run = 0; run < RUNS; ++run) {
            uint256 start = vm.snapshotState();
            _live(acts, run);
            for (uint256 i = 0; i < acts.length; ++i) {
                timesDone[i] += done[acts[i]];
                timesRefused[i] += refused[acts[i]];
            }
            assertTrue(vm.revertToStateAndDelete(start));
        }
        for (uint256 i = 0; i < acts.length; ++i) {
            console.log("%s: %d done, %d rightly refused", _name(acts[i]), timesDone[i], timesRefused[i]);
            if (_isForbidden(acts[i])) {
                assertEq(timesDone[i], 0, _name(acts[i]));
                assertGe(timesRefused[i], RUNS / 4, _name(acts[i]));
            } else {
                assertGe(timesDone[i], RUNS / 4, _name(acts[i]));
            }
        }
    }

    /// @dev One random history.
    function _live(bytes4[] memory acts, uint256 run) private {
        for (uint256 step = 0; step < DEPTH; ++step) {
            uint256 draw = uint256(keccak256(abi.encode(run, step)));
            (bool ok,) = address(this).call(abi.encodeWithSelector(acts[draw % acts.length], draw >> 8, draw >> 128));
            assertTrue(ok, "an act of the campaign failed in itself");
        }
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }

    function _isForbidden(bytes4 act) private pure returns (bool) {
        return act == this.approveOwnList.selector || act == this.proposeForOtherUse.selector
            || act == this.acceptWithoutTheFamily.selector || act == this.endAgain.selector
            || act == this.actOutOfOrder.selector;
    }
}
