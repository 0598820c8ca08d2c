// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {HeirNamingId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {HourActs} from "./HourActs.sol";

/// @notice Volunteers name heirs; two coordinators pass minutes on, a month after the first one's report.
abstract contract HeirActs is HourActs {
    uint64 private constant WAIT_S = 30 days;

    address private _secondCoordinator;

    function setUp() public virtual override {
        super.setUp();
        _secondCoordinator = makeAddr("charity's second coordinator");
        _appoint(charity, _secondCoordinator, Roles.COORDINATOR);
    }

    /// @dev Another volunteer, or nobody; not oneself.
    function nameHeir(uint256 seed, uint256 who) external act {
        uint256 heir = (who >> 8) % volunteers.length + (who % 6 == 0 ? 0 : 1);
        _nameHeir(seed % volunteers.length, heir);
    }

    function openBequest(uint256 seed, uint256 who) external act {
        _openBequest(seed % volunteers.length, who % 2 == 0 ? charity.coordinator : _secondCoordinator);
    }

    /// @dev Sometimes too early, or by the coordinator that reported; good coins stay.
    function passBequest(uint256 seed, uint256 who) external act {
        uint256 volunteer = _volunteerWithMinutes(seed);
        if (bequests[volunteer].passesAtUnixS == 0) {
            // Everything in one act, so that bequests do not become rare.
            _nameHeir(volunteer, (volunteer + 1) % volunteers.length + 1);
            _openBequest(volunteer, charity.coordinator);
            if (who % 3 == 0) _move(volunteer, volunteer, 0);
        }
        uint64 due = bequests[volunteer].passesAtUnixS;
        if (due > block.timestamp && who % 8 != 1 && block.timestamp < NOW + 150 days) {
            vm.warp(due);
            _renewLicences(due + 10 days);
        }
        bool other = (bequests[volunteer].openedBy == charity.coordinator) != ((who >> 8) % 4 == 0);
        _passBequest(volunteer, other ? _secondCoordinator : charity.coordinator);
    }

    function _nameHeir(uint256 volunteer, uint256 heir) private {
        address account = heir == 0 ? address(0) : volunteers[heir - 1].account;
        bytes memory call =
            abi.encodeCall(timeBank.nameHeirs, (_naming(HeirNamingId.wrap(_newId()), volunteers[volunteer], account)));
        if (!_sendByAnyone(address(timeBank), call, heir != volunteer + 1)) return;
        heirs[volunteer] = heir;
        delete bequests[volunteer];
    }

    function _openBequest(uint256 volunteer, address sender) private {
        bytes memory call = abi.encodeCall(timeBank.openBequest, (CHARITY, volunteers[volunteer].account));
        bool expected = _isLicensed(CHARITY) && heirs[volunteer] != 0;
        if (!_send(CHARITY, sender, address(timeBank), call, expected)) return;
        if (bequests[volunteer].passesAtUnixS != 0) return;
        (bequests[volunteer].openedBy, bequests[volunteer].passesAtUnixS) = (sender, uint64(block.timestamp) + WAIT_S);
    }

    function _passBequest(uint256 volunteer, address sender) private {
        uint64 due = bequests[volunteer].passesAtUnixS;
        bytes memory call = abi.encodeCall(timeBank.passBequest, (CHARITY, volunteers[volunteer].account));
        bool expected =
            _isLicensed(CHARITY) && due != 0 && due <= block.timestamp && sender != bequests[volunteer].openedBy;
        if (!_send(CHARITY, sender, address(timeBank), call, expected)) return;
        uint256 heir = heirs[volunteer] - 1;
        member[heir] = true;
        minutesOf[heir] += minutesOf[volunteer];
        minutesOf[volunteer] = 0;
        delete bequests[volunteer];
    }

    function _renewLicences(uint64 until) internal virtual;
}
