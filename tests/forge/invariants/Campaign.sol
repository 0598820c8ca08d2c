// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {EntitlementId} from "contracts/src/types/Ids.sol";

import {LicenceActs} from "./LicenceActs.sol";

/// @notice Which acts a random history is made of, and how it can always be brought to a good end.
abstract contract Campaign is LicenceActs {
    function setUp() public virtual override {
        super.setUp();
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), _targets()));
    }

    /// @dev The acts of this campaign.
    function _targets() internal view virtual returns (bytes4[] memory) {
        return _acts();
    }

    /// @dev Only the acts that move a line, so that a short history holds many of them.
    function _actsOnLines() internal pure returns (bytes4[] memory acts) {
        acts = new bytes4[](15);
        for (uint256 i = 0; i < acts.length; ++i) {
            acts[i] = _acts()[i];
        }
    }

    /// @dev Every act takes two random numbers, to choose its subject and its size.
    function _acts() internal pure returns (bytes4[] memory acts) {
        string[26] memory names = _names();
        acts = new bytes4[](names.length);
        for (uint256 i = 0; i < names.length; ++i) {
            acts[i] = bytes4(keccak256(bytes(string.concat(names[i], "(uint256,uint256)"))));
        }
    }

    function _name(bytes4 act) internal pure returns (string memory) {
        bytes4[] memory acts = _acts();
        uint256 i = 0;
        while (acts[i] != act) ++i;
        return _names()[i];
    }

    /// @dev Those that move a line come first.
    function _names() private pure returns (string[26] memory) {
        return [
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
            "approveOwnList",
            "proposeForOtherUse",
            "acceptWithoutTheFamily",
            "actOutOfOrder",
            "endAgain",
            "replaceKey",
            "serve",
            "choose",
            "move",
            "redeem",
            "give"
        ];
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
