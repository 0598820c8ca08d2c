// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {EntitlementId, PaymentListId} from "contracts/src/types/Ids.sol";

import {LicenceActs} from "./LicenceActs.sol";

/// @notice Which acts a random history is made of, and how it can always be brought to a good end.
abstract contract Campaign is LicenceActs {
    uint256 private constant FORBIDDEN = 9;
    uint256 private constant MONEY = 12;
    uint256 private constant LINES = 38;
    uint256 private constant ALL = 46;

    string[46] private _names = [
        // forbidden
        "approveOwn",
        "proposeForOtherUse",
        "transferForOtherUse",
        "acceptWithoutTheFamily",
        "acceptOnBadEvidence",
        "confirmWithoutEvidence",
        "actOutOfOrder",
        "decideOutOfTurn",
        "returnWhatNeverLeft",
        // money
        "donate",
        "takeFee",
        "refund",
        // lines of any unit
        "claim",
        "reassign",
        "sendAgain",
        "proposeTransfer",
        "approveTransfer",
        "sendTransfer",
        "receiveTransfer",
        "bringBackTransfer",
        "withdrawTransfer",
        "propose",
        "approve",
        "proposeAndApprove",
        "cancelList",
        "expireList",
        "setQuota",
        "handOver",
        "handOverAccepted",
        "accept",
        "acceptByCard",
        "acceptWitnessed",
        "refuse",
        "dispute",
        "disputeFor",
        "decide",
        "recordReturn",
        "pass",
        // minutes
        "serve",
        "choose",
        "move",
        "redeem",
        "give",
        "nameHeir",
        "openBequest",
        "passBequest"
    ];
    /// @dev In every campaign.
    string[5] private _always = ["renewLicences", "resumeLicence", "revokeLicence", "suspendLicence", "replaceKey"];

    function setUp() public virtual override {
        super.setUp();
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), _acts()));
    }

    /// @dev The acts of this campaign, few enough that a history holds several of each.
    function _acts() internal view virtual returns (bytes4[] memory);

    /// @dev What moves the lines of money.
    function _actsOnLines() internal view returns (bytes4[] memory) {
        return _slice(FORBIDDEN, LINES);
    }

    /// @dev The same, and what the rules forbid.
    function _actsWithForbiddenOnes() internal view returns (bytes4[] memory) {
        return _slice(0, LINES);
    }

    /// @dev What moves minutes: the money's lists, transfers and deliveries, but no money.
    function _actsOnMinutes() internal view returns (bytes4[] memory) {
        return _slice(MONEY, ALL);
    }

    function _name(bytes4 selector) internal view returns (string memory) {
        for (uint256 i = 0; i < _always.length; ++i) {
            if (_selector(_always[i]) == selector) return _always[i];
        }
        uint256 at = 0;
        while (_selector(_names[at]) != selector) ++at;
        return _names[at];
    }

    function _isForbidden(bytes4 selector) internal view returns (bool) {
        for (uint256 i = 0; i < FORBIDDEN; ++i) {
            if (_selector(_names[i]) == selector) return true;
        }
        return false;
    }

    function _slice(uint256 from, uint256 to) private view returns (bytes4[] memory acts) {
        acts = new bytes4[](to - from + _always.length);
        for (uint256 i = 0; i < to - from; ++i) {
            acts[i] = _selector(_names[from + i]);
        }
        for (uint256 i = 0; i < _always.length; ++i) {
            acts[to - from + i] = _selector(_always[i]);
        }
    }

    /// @dev Every act takes two random numbers, to choose its subject and its size.
    function _selector(string memory name) private pure returns (bytes4) {
        return bytes4(keccak256(bytes(string.concat(name, "(uint256,uint256)"))));
    }

    // --- The good end

    /// @dev With valid licences, all that is on its way arrives, all that was promised is delivered or expires, all
    /// disputes end, and all that is free is paid out.
    function _payOutEverything() internal {
        if (block.timestamp < RELEASE) vm.warp(RELEASE);
        _renewLicences(uint64(block.timestamp + 60 days));
        (bool found, uint256 index) = _findPassing(0, ON_ITS_WAY);
        for (; found && surprises == 0; (found, index) = _findPassing(0, ON_ITS_WAY)) {
            this.receiveTransfer(index, 1);
        }
        for ((found, index) = _findOffered(0); found && surprises == 0; (found, index) = _findOffered(0)) {
            if (_stateOf(index) == OFFERED) this.handOverAccepted(index, 0);
            else this.expireList(entitled[index].list, 0);
        }
        for ((found, index) = _findEntitled(0, DISPUTED); found && surprises == 0;) {
            this.decide(index, 0);
            (found, index) = _findEntitled(0, DISPUTED);
        }
        for (uint256 fund = 0; fund < funds.length && surprises == 0; ++fund) {
            if (_free(fund) > 0) _payOut(fund);
        }
    }

    function _payOut(uint256 fund) private {
        IDeliveryLedger.EntitlementEntry[] memory items =
            _oneItem(EntitlementId.wrap(_newId()), families[fund % families.length].account, _free(fund));
        IDeliveryLedger.ListProposal memory p =
            _proposal(PaymentListId.wrap(_newId()), funds[fund], _programmeOf(fund, 0), items);
        (p.place, p.provider) = (places[0], _ownerOf(fund));
        if (p.programme == WINTER) p.season = LAST_SEASON;
        _proposeList(fund, p, items);
        _approveList(lists.length - 1);
        if (lists[lists.length - 1].record.state == CHECKED) _approveList(lists.length - 1);
        this.handOverAccepted(entitled.length - 1, 0);
    }
}
