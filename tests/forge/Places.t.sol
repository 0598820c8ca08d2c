// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Test} from "forge-std/Test.sol";

import {Code} from "contracts/src/types/Ids.sol";
import {Places} from "contracts/src/types/Places.sol";

contract PlacesTest is Test {
    function test_aPlaceLiesWithinItselfAndWithinEachStepOfItsPath() public pure {
        assertTrue(_within("IR-23-01", "IR-23-01"));
        assertTrue(_within("IR-23-01", "IR-23"));
        assertTrue(_within("IR-23-01", "IR"));
    }

    function test_everythingLiesWithinTheZeroCodeAndThatOnlyWithinItself() public pure {
        assertTrue(_within("IR-23", ""));
        assertTrue(_within("", ""));
        assertFalse(_within("", "IR"));
    }

    function test_anAreaDoesNotLieWithinItsPart() public pure {
        assertFalse(_within("IR", "IR-23"));
        assertFalse(_within("IR-23", "IR-23-01"));
    }

    function test_aCodeThatOnlyBeginsAlikeIsElsewhere() public pure {
        assertFalse(_within("IR-231", "IR-23"), "another province");
        assertFalse(_within("IRQ", "IR"), "another country");
        assertFalse(_within("IR-2", "IR-23"));
        assertFalse(_within("IQ-23", "IR-23"));
    }

    function test_aCodeOf32CharactersHasNoParts() public pure {
        bytes32 full = "IR-23-01-abcdefghijklmnopqrstuvw";
        assertTrue(_within(full, full));
        assertTrue(_within(full, "IR-23-01"));
        assertFalse(_within("IR-23-01-abcdefghijklmnopqrstuvx", full));
    }

    /// @dev Any two words, also such as are no code at all.
    function testFuzz_anyTwoWords(bytes32 inner, bytes32 outer) public pure {
        assertEq(_within(inner, outer), _reference(inner, outer));
    }

    /// @dev Two words that differ at most behind a common beginning, where the function has to decide.
    function testFuzz_wordsThatBeginAlike(bytes32 seed, uint8 common, uint8 outerEnd, bytes1 next) public pure {
        bytes memory inner = new bytes(32);
        bytes memory outer = new bytes(32);
        uint256 shared = common % 33;
        for (uint256 i = 0; i < 32; ++i) {
            inner[i] = _letter(seed, i);
            outer[i] = i < shared ? inner[i] : _letter(keccak256(abi.encode(seed)), i);
            if (i >= outerEnd % 34) outer[i] = 0;
        }
        if (shared < 32) inner[shared] = uint8(next) % 2 == 0 ? bytes1("-") : next;
        assertEq(_within(bytes32(inner), bytes32(outer)), _reference(bytes32(inner), bytes32(outer)));
    }

    function testFuzz_aPathLiesWithinEachOfItsBeginnings(bytes32 seed, uint8 steps, uint8 upTo) public pure {
        bytes memory path;
        bytes memory beginning;
        for (uint256 i = 0; i <= steps % 8; ++i) {
            path = i == 0 ? abi.encodePacked(_letter(seed, i)) : abi.encodePacked(path, "-", _letter(seed, i));
            if (i == upTo % 8 || (i == 0 && upTo % 8 > steps % 8)) beginning = path;
        }
        assertTrue(_within(bytes32(path), bytes32(beginning)));
        assertEq(_within(bytes32(beginning), bytes32(path)), path.length == beginning.length);
    }

    function _within(bytes32 inner, bytes32 outer) private pure returns (bool) {
        return Places.within(Code.wrap(inner), Code.wrap(outer));
    }

    /// @dev Character by character: the same, or the outer code, a hyphen, and anything.
    function _reference(bytes32 inner, bytes32 outer) private pure returns (bool) {
        if (outer == 0 || inner == outer) return true;
        bool ended = false;
        for (uint256 i = 0; i < 32; ++i) {
            if (ended) {
                if (outer[i] != 0) return false;
            } else if (outer[i] == 0) {
                ended = true;
                if (inner[i] != "-") return false;
            } else if (inner[i] != outer[i]) {
                return false;
            }
        }
        return ended;
    }

    function _letter(bytes32 seed, uint256 index) private pure returns (bytes1) {
        return bytes1(uint8(bytes1("A")) + uint8(seed[index]) % 26);
    }
}
