// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {UnitState} from "./LineageWalk.sol";

/// @notice The fund lines with a label on every single unit, after the words of DESIGN section 2 and without its
/// arithmetic: units stand in a queue and leave it at its head; those that come in stand at its end; a refund or
/// reassignment lets the units at the head take the place of the gift's last ones.
abstract contract LineModel {
    /// @dev One minor unit: the `index`-th of its gift. `place` of the line of `fund` is where it stands, or where it
    /// stood when it left.
    struct Unit {
        uint32 gift;
        uint32 index;
        uint32 fund;
        uint64 place;
        UnitState state;
    }

    /// @dev Where a gift's units stood at first, and which they are: `units[first]` and the following.
    struct Home {
        uint256 fund;
        uint256 place;
        uint256 first;
        uint256 amount;
    }

    Unit[] internal units;
    mapping(uint256 gift => Home) internal homes;
    /// @dev The unit at each place of a line; the first `leftUnits` of them have left.
    mapping(uint256 fund => uint256[]) internal unitAt;
    mapping(uint256 fund => uint256) internal leftUnits;

    function _modelGift(uint256 fund, uint256 gift, uint256 amount) internal {
        homes[gift] = Home(fund, unitAt[fund].length, units.length, amount);
        for (uint256 i = 0; i < amount; ++i) {
            units.push(Unit(uint32(gift), uint32(i), uint32(fund), 0, UnitState.Waiting));
            _enter(fund, units.length - 1);
        }
    }

    /// @dev The units at the head of the queue leave.
    /// @return start Where they stood.
    function _modelLeave(uint256 fund, uint256 amount, UnitState state) internal returns (uint256 start) {
        start = leftUnits[fund];
        for (uint256 i = 0; i < amount; ++i) {
            units[unitAt[fund][leftUnits[fund]++]].state = state;
        }
    }

    /// @dev Units that left `from` at these places come into `to`, in order.
    function _modelComeIn(uint256 from, uint256 start, uint256 amount, uint256 to) internal {
        for (uint256 i = 0; i < amount; ++i) {
            _enter(to, _leftFrom(from, start + i));
        }
    }

    /// @dev What happened to units that left at these places and have not come back.
    function _modelTell(uint256 fund, uint256 start, uint256 amount, UnitState state) internal {
        for (uint256 i = 0; i < amount; ++i) {
            units[_leftFrom(fund, start + i)].state = state;
        }
    }

    function _modelRefund(uint256 gift, uint256 amount) internal {
        _withdraw(gift, amount);
    }

    /// @dev The gift's last units come into the other fund, in order.
    function _modelReassign(uint256 gift, uint256 amount, uint256 to) internal {
        uint256[] memory withdrawn = _withdraw(gift, amount);
        for (uint256 i = 0; i < amount; ++i) {
            _enter(to, withdrawn[i]);
        }
    }

    /// @return count How many of the gift's units still wait where they came in: what can be refunded or reassigned.
    function _atHome(uint256 gift) internal view returns (uint256 count) {
        for (uint256 i = 0; i < homes[gift].amount; ++i) {
            if (_isAtHome(gift, i)) ++count;
        }
    }

    function _countUnits(uint256 gift, UnitState state) internal view returns (uint256 count) {
        for (uint256 i = 0; i < homes[gift].amount; ++i) {
            if (units[homes[gift].first + i].state == state) ++count;
        }
    }

    function _waiting(uint256 fund) internal view returns (uint256) {
        return unitAt[fund].length - leftUnits[fund];
    }

    /// @dev The gift's last units at home are withdrawn; those at the head of the line move into their places in order.
    /// Among the moving ones may be units that just moved in, and the withdrawn ones themselves.
    function _withdraw(uint256 gift, uint256 amount) private returns (uint256[] memory withdrawn) {
        Home storage home = homes[gift];
        withdrawn = new uint256[](amount);
        uint256 missing = amount;
        for (uint256 i = home.amount; i > 0 && missing > 0; --i) {
            if (!_isAtHome(gift, i - 1)) continue;
            withdrawn[--missing] = home.first + i - 1;
            units[home.first + i - 1].state = UnitState.Refunded;
        }
        require(missing == 0, "more was withdrawn than waits");
        for (uint256 i = 0; i < amount; ++i) {
            uint256 moved = unitAt[home.fund][leftUnits[home.fund]++];
            if (units[moved].state != UnitState.Waiting) continue;
            uint64 place = units[withdrawn[i]].place;
            unitAt[home.fund][place] = moved;
            units[moved].place = place;
        }
    }

    function _enter(uint256 fund, uint256 unit) private {
        Unit storage label = units[unit];
        (label.fund, label.place, label.state) = (uint32(fund), uint64(unitAt[fund].length), UnitState.Waiting);
        unitAt[fund].push(unit);
    }

    function _leftFrom(uint256 fund, uint256 place) private view returns (uint256 unit) {
        unit = unitAt[fund][place];
        Unit storage label = units[unit];
        require(
            label.fund == fund && label.place == place && label.state != UnitState.Waiting,
            "a unit is not where it left from"
        );
    }

    function _isAtHome(uint256 gift, uint256 index) private view returns (bool) {
        Unit storage label = units[homes[gift].first + index];
        return
            label.state == UnitState.Waiting && label.fund == homes[gift].fund
                && label.place == homes[gift].place + index;
    }
}
