// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {console} from "forge-std/console.sol";

import {Campaign} from "./Campaign.sol";

/// @notice A campaign proves nothing by acts that never succeed: here those of some histories, always the same, are
/// counted. Every campaign does so for its own acts.
abstract contract CampaignCoverage is Campaign {
    uint256 private constant RUNS = 16;
    uint256 private constant DEPTH = 384;
    uint256 private constant LEAST = 4;

    function test_everyActOfTheCampaignHappensOften() public {
        // All histories in one test need more than its gas.
        vm.pauseGasMetering();
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
        }
        for (uint256 i = 0; i < acts.length; ++i) {
            bool forbidden = _isForbidden(acts[i]);
            assertGe(forbidden ? timesRefused[i] : timesDone[i], LEAST, _name(acts[i]));
            if (forbidden) assertEq(timesDone[i], 0, _name(acts[i]));
        }
    }

    /// @dev One random history.
    function _live(bytes4[] memory acts, uint256 run) private {
        for (uint256 step = 0; step < DEPTH; ++step) {
            uint256 draw = uint256(keccak256(abi.encode(run, step)));
            bytes4 selector = acts[draw % acts.length];
            (bool ok,) = address(this).call(abi.encodeWithSelector(selector, draw >> 8, draw >> 128));
            if (!ok) revert(string.concat("an act of the campaign failed in itself: ", _name(selector)));
            if (surprises != 0) {
                revert(string.concat("an act against the rules was done, or the reverse: ", _name(selector)));
            }
        }
    }
}
