// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @notice The fund line with a label on every single unit, after the words of DESIGN section 2 and without its
/// arithmetic: units stand in a queue, leave it at its head, and a refund lets others take the place of what went back.
abstract contract LineModel {
    enum UnitState {
        Waiting,
        HandedOver,
        Confirmed,
        Fee,
        Refunded
    }

    /// @dev One minor unit of one gift. `place` is where it stands, or stood when it left; `outflow` is what it left in.
    struct Unit {
        uint64 gift;
        uint64 place;
        uint64 outflow;
        UnitState state;
    }

    /// @dev The unit at each position; the first `left` of them have left.
    struct Line {
        uint256[] unitAt;
        uint256 left;
    }

    Unit[] internal units;
    /// @dev The gift's units are `units[firstUnit[gift]]` and the following.
    mapping(uint256 gift => uint256) internal firstUnit;
    mapping(uint256 gift => uint256) internal unitsOf;
    mapping(uint256 fund => Line) internal lines;

    function _modelGift(uint256 fund, uint256 gift, uint256 amount) internal {
        firstUnit[gift] = units.length;
        unitsOf[gift] = amount;
        Line storage line = lines[fund];
        for (uint256 i = 0; i < amount; ++i) {
            line.unitAt.push(units.length);
            units.push(Unit(uint64(gift), uint64(line.unitAt.length - 1), 0, UnitState.Waiting));
        }
    }

    /// @dev The units at the head of the queue leave.
    function _modelOutflow(uint256 fund, uint256 outflow, uint256 amount, UnitState state) internal {
        Line storage line = lines[fund];
        for (uint256 i = 0; i < amount; ++i) {
            Unit storage unit = units[line.unitAt[line.left++]];
            (unit.state, unit.outflow) = (state, uint64(outflow));
        }
    }

    /// @dev The units of a delivery are confirmed, wherever they came from.
    function _modelConfirm(uint256 fund, uint256 outflow, uint256 start, uint256 amount) internal {
        Line storage line = lines[fund];
        for (uint256 i = start; i < start + amount; ++i) {
            Unit storage unit = units[line.unitAt[i]];
            require(
                unit.outflow == outflow && unit.state == UnitState.HandedOver, "a unit was confirmed that is not there"
            );
            unit.state = UnitState.Confirmed;
        }
    }

    /// @dev The gift's last waiting units go back to the donor; the units at the head move into their places, in order.
    function _modelRefund(uint256 fund, uint256 outflow, uint256 gift, uint256 amount) internal {
        uint256[] memory places = _takeBack(outflow, gift, amount);
        Line storage line = lines[fund];
        for (uint256 i = 0; i < amount; ++i) {
            uint256 moved = line.unitAt[line.left++];
            if (units[moved].state != UnitState.Waiting) continue;
            line.unitAt[places[i]] = moved;
            units[moved].place = uint64(places[i]);
        }
    }

    /// @return places Where the gift's refunded units stood, in ascending order.
    function _takeBack(uint256 outflow, uint256 gift, uint256 amount) private returns (uint256[] memory places) {
        places = new uint256[](amount);
        uint256 found = 0;
        for (uint256 i = unitsOf[gift]; i > 0 && found < amount; --i) {
            Unit storage unit = units[firstUnit[gift] + i - 1];
            if (unit.state != UnitState.Waiting) continue;
            (unit.state, unit.outflow) = (UnitState.Refunded, uint64(outflow));
            uint256 at = found++;
            for (; at > 0 && places[at - 1] > unit.place; --at) {
                places[at] = places[at - 1];
            }
            places[at] = unit.place;
        }
        require(found == amount, "more was refunded than waits");
    }

    function _countUnits(uint256 gift, UnitState state) internal view returns (uint256 count) {
        for (uint256 i = 0; i < unitsOf[gift]; ++i) {
            if (units[firstUnit[gift] + i].state == state) ++count;
        }
    }
}
