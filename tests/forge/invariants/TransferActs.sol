// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {TransferId} from "contracts/src/types/Ids.sol";

import {UnitState} from "./LineageWalk.sol";
import {MoneyActs} from "./MoneyActs.sol";

/// @notice Units pass from fund to fund, within a body and across: proposed, checked, sent, received or brought back.
abstract contract TransferActs is MoneyActs {
    IFundLedger.TransferState internal constant ON_PAPER = IFundLedger.TransferState.Proposed;
    IFundLedger.TransferState internal constant HALF_CHECKED = IFundLedger.TransferState.Checked;
    IFundLedger.TransferState internal constant ON_ITS_WAY = IFundLedger.TransferState.Sent;
    IFundLedger.TransferState internal constant ARRIVED = IFundLedger.TransferState.Received;
    IFundLedger.TransferState internal constant CAME_BACK = IFundLedger.TransferState.CameBack;
    IFundLedger.TransferState internal constant GIVEN_UP = IFundLedger.TransferState.Withdrawn;

    function proposeTransfer(uint256 seed, uint256 amount) external act {
        (bool found, uint256 from, uint256 to) = _findWay(seed);
        if (found) _proposeTransfer(from, to, uint64(_between(amount, 1, uint256(_free(from)) + 1)));
    }

    function approveTransfer(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findPassing(seed, ON_PAPER);
        if (seed % 2 == 0) {
            (bool half, uint256 checked) = _findPassing(seed, HALF_CHECKED);
            if (half) (found, index) = (true, checked);
        }
        if (found) _approveTransfer(index);
    }

    /// @dev Everything in one act, so that units on their way do not become rare.
    function sendTransfer(uint256 seed, uint256 amount) external act {
        (bool found, uint256 from, uint256 to) = _findWay(seed);
        if (!found || !_mayWrite(from)) return;
        _proposeTransfer(from, to, uint64(_between(amount, 1, (uint256(_free(from)) + 1) / 2)));
        uint256 index = passings.length - 1;
        _approveTransfer(index);
        // Sometimes the second checker takes time.
        if (passings[index].record.state == HALF_CHECKED && seed % 3 != 0) _approveTransfer(index);
    }

    /// @dev Money may not go where it is less restricted, or costs more.
    function transferForOtherUse(uint256 seed, uint256 where) external act {
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 from, uint256 to) = (_draw(seed, i) % funds.length, _draw(where, i) % funds.length);
            if (!_mayTransfer(from, to)) _proposeTransfer(from, to, 1);
        }
    }

    function receiveTransfer(uint256 seed, uint256 which) external act {
        (bool found, uint256 index) = _findPassing(seed, which % 6 == 0 ? CAME_BACK : ON_ITS_WAY);
        if (!found) return;
        Passing storage passing = passings[index];
        Staff storage staff = _staff(passing.to);
        bytes memory call = abi.encodeCall(ledger.receiveTransfers, (_onlyTransfer(index)));
        bool expected = _mayWrite(passing.to) && passing.record.state == ON_ITS_WAY;
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        passing.record.state = ARRIVED;
        _modelComeIn(passing.from, passing.record.start, passing.record.amountMinor, passing.to);
        _mayBeSentAgain(staff.organisation, staff.cashier, address(ledger), call);
    }

    /// @dev By the body that should have received it, or the one that sent it.
    function bringBackTransfer(uint256 seed, uint256 which) external act {
        (bool found, uint256 index) = _findPassing(seed, which % 6 == 0 ? ARRIVED : ON_ITS_WAY);
        if (!found) return;
        Passing storage passing = passings[index];
        Staff storage staff = _staff((which >> 8) % 2 == 0 ? passing.from : passing.to);
        bytes memory call = abi.encodeCall(ledger.bringBackTransfers, (staff.organisation, _onlyTransfer(index)));
        bool expected = _isLicensed(staff.organisation) && passing.record.state == ON_ITS_WAY;
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        passing.record.state = CAME_BACK;
        _modelComeIn(passing.from, passing.record.start, passing.record.amountMinor, passing.from);
        _mayBeSentAgain(staff.organisation, staff.cashier, address(ledger), call);
    }

    function withdrawTransfer(uint256 seed, uint256 which) external act {
        (bool found, uint256 index) = _findPassing(seed, which % 6 == 0 ? ON_ITS_WAY : ON_PAPER);
        if (!found) return;
        Passing storage passing = passings[index];
        Staff storage staff = _staff(passing.from);
        bytes memory call = abi.encodeCall(ledger.withdrawTransfers, (_onlyTransfer(index)));
        bool expected = _mayWrite(passing.from) && passing.record.state == ON_PAPER;
        if (!_send(staff.organisation, staff.maker, address(ledger), call, expected)) return;
        passing.record.state = GIVEN_UP;
        _mayBeSentAgain(staff.organisation, staff.maker, address(ledger), call);
    }

    /// @dev A maker who may check others' transfers tries its own; the first checker is not the second one, too.
    function _approveOwnTransfer(uint256 seed) internal {
        (bool found, uint256 index) = _findPassing(seed, HALF_CHECKED);
        if (!found) (found, index) = _findPassing(seed, ON_PAPER);
        if (!found) return;
        Passing storage passing = passings[index];
        bytes memory call = _approvalCall(passing);
        _send(_ownerOf(passing.from), passing.record.maker, address(ledger), call, false);
        if (passing.record.state != HALF_CHECKED) return;
        _sendOnceMore(_ownerOf(passing.from), passing.record.checker, address(ledger), call);
    }

    function _approveTransfer(uint256 index) internal {
        Passing storage passing = passings[index];
        Staff storage staff = _staff(passing.from);
        bool second = passing.record.state == HALF_CHECKED;
        uint64 amountMinor = passing.record.amountMinor;
        bool halfOnly = !second && _needsTwoCheckers(passing.from, amountMinor);
        bool expected = _mayWrite(passing.from) && (halfOnly || amountMinor <= _free(passing.from));
        bytes memory call = _approvalCall(passing);
        address sender = second ? secondChecker : staff.checker;
        if (!_send(staff.organisation, sender, address(ledger), call, expected)) return;
        if (second) passing.record.secondChecker = sender;
        else passing.record.checker = sender;
        _mayBeSentAgain(staff.organisation, sender, address(ledger), call);
        passing.record.state = halfOnly ? HALF_CHECKED : ON_ITS_WAY;
        if (halfOnly) return;
        passing.record.start = uint64(_modelLeave(passing.from, amountMinor, UnitState.InTransit));
    }

    function _findPassing(uint256 seed, IFundLedger.TransferState state)
        internal
        view
        returns (bool found, uint256 index)
    {
        for (uint256 i = 0; i < passings.length; ++i) {
            index = addmod(seed, i, passings.length);
            if (passings[index].record.state == state) return (true, index);
        }
    }

    function _onlyTransfer(uint256 index) internal view returns (TransferId[] memory ids) {
        ids = new TransferId[](1);
        ids[0] = passings[index].proposal.id;
    }

    function _proposeTransfer(uint256 from, uint256 to, uint64 amountMinor) private {
        Staff storage staff = _staff(from);
        IFundLedger.TransferProposal[] memory proposals = new IFundLedger.TransferProposal[](1);
        proposals[0] = IFundLedger.TransferProposal(
            TransferId.wrap(_newId()), funds[from], funds[to], amountMinor, keccak256("agreement")
        );
        bytes memory call = abi.encodeCall(ledger.proposeTransfers, (proposals));
        bool expected = _mayWrite(from) && _mayTransfer(from, to);
        if (!_send(staff.organisation, staff.maker, address(ledger), call, expected)) return;
        Passing storage passing = passings.push();
        (passing.from, passing.to, passing.proposal) = (from, to, proposals[0]);
        IFundLedger.Transfer storage record = passing.record;
        (record.maker, record.state) = (staff.maker, ON_PAPER);
        (record.fromNumber, record.toNumber) = (uint32(from + 1), uint32(to + 1));
        (record.digest, record.amountMinor) = (keccak256(abi.encode(proposals[0])), amountMinor);
        _mayBeSentAgain(staff.organisation, staff.maker, address(ledger), call);
    }

    /// @dev Some fund with free units that may be passed on, and where to, if there is any.
    function _findWay(uint256 seed) private view returns (bool found, uint256 from, uint256 to) {
        for (uint256 i = 0; i < funds.length * funds.length; ++i) {
            uint256 way = addmod(seed >> 8, i * 7, funds.length * funds.length);
            (from, to) = (way % funds.length, way / funds.length);
            if (_mayTransfer(from, to) && _free(from) > 0) return (true, from, to);
        }
    }

    function _approvalCall(Passing storage passing) private view returns (bytes memory) {
        IFundLedger.TransferProposal[] memory proposals = new IFundLedger.TransferProposal[](1);
        proposals[0] = passing.proposal;
        return abi.encodeCall(ledger.approveTransfers, (proposals));
    }
}
