// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {EntitlementId} from "contracts/src/types/Ids.sol";

import {LicenceActs} from "./LicenceActs.sol";

/// @notice Which acts a random history is made of, and how it can always be brought to a good end.
abstract contract Campaign is LicenceActs {
    string[26] private _names = [
        "approveOwnList",
        "proposeForOtherUse",
        "acceptWithoutTheFamily",
        "actOutOfOrder",
        "endAgain",
        "replaceKey",
        "donate",
        "takeFee",
        "refund",
        "sendAgain",
        "propose",
        "approve",
        "proposeAndApprove",
        "handOver",
        "handOverAccepted",
        "accept",
        "refuse",
        "expire",
        "pass",
        "renewLicences",
        "revokeLicence",
        "serve",
        "choose",
        "move",
        "redeem",
        "give"
    ];

    function setUp() public virtual override {
        super.setUp();
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), _acts()));
    }

    /// @dev The acts of this campaign, few enough that a short history holds many of each.
    function _acts() internal view virtual returns (bytes4[] memory);

    /// @dev What moves the lines of money.
    function _actsOnLines() internal view returns (bytes4[] memory) {
        return _slice(6, 21);
    }

    /// @dev The same, and what the rules forbid.
    function _actsWithForbiddenOnes() internal view returns (bytes4[] memory) {
        return _slice(0, 21);
    }

    /// @dev What moves minutes: the money's lists and deliveries, but no money.
    function _actsOnMinutes() internal view returns (bytes4[] memory) {
        return _slice(10, 26);
    }

    function _name(bytes4 act) internal view returns (string memory) {
        uint256 i = 0;
        while (_selector(_names[i]) != act) ++i;
        return _names[i];
    }

    function _slice(uint256 from, uint256 to) private view returns (bytes4[] memory acts) {
        acts = new bytes4[](to - from);
        for (uint256 i = 0; i < acts.length; ++i) {
            acts[i] = _selector(_names[from + i]);
        }
    }

    /// @dev Every act takes two random numbers, to choose its subject and its size.
    function _selector(string memory name) private pure returns (bytes4) {
        return bytes4(keccak256(bytes(string.concat(name, "(uint256,uint256)"))));
    }

    /// @dev With valid licences, all that was promised is delivered or expires, and all that is free is paid out.
    function _payOutEverything() internal {
        _renewLicences(uint64(block.timestamp + 60 days));
        (bool found, uint256 index) = _findOffered(0);
        for (; found && surprises == 0; (found, index) = _findOffered(0)) {
            if (_isOver(index)) this.expire(index, 0);
            else this.handOverAccepted(index, 0);
        }
        for ((found, index) = _findHandedOver(0); found && surprises == 0; (found, index) = _findHandedOver(0)) {
            this.accept(index, 0);
        }
        for (uint256 fund = 0; fund < funds.length; ++fund) {
            if (_free(fund) == 0) continue;
            _propose(
                fund,
                _oneItem(EntitlementId.wrap(_newId()), families[0].account, _free(fund)),
                uint64(block.timestamp + 1 days)
            );
            this.approve(lists.length - 1, 0);
            this.handOverAccepted(entitled.length - 1, 0);
        }
    }
}
