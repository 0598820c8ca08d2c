// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Vm} from "forge-std/Vm.sol";

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId, FeeId, RefundId} from "contracts/src/types/Ids.sol";

import {Ghosts} from "./Ghosts.sol";

/// @notice Cashiers record gifts, take fees and refund.
abstract contract MoneyActs is Ghosts {
    /// @dev One to three gifts in a batch.
    function donate(uint256 fund, uint256 seed) external act {
        fund = fund % OF_MINUTES;
        Staff storage staff = _staff(fund);
        IFundLedger.DonationEntry[] memory entries = new IFundLedger.DonationEntry[](1 + seed % 3);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = _gift(DonationId.wrap(_newId()), uint64(_between(seed >> 8 * i + 8, 1, 12)));
        }
        bytes memory call = abi.encodeCall(ledger.donate, (funds[fund], entries));
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, _mayWrite(fund))) return;
        for (uint256 i = 0; i < entries.length; ++i) {
            _bookGift(fund, entries[i]);
        }
        _mayBeSentAgain(staff.organisation, staff.cashier, call);
    }

    function takeFee(uint256 fund, uint256 amount) external act {
        fund = fund % OF_MINUTES;
        Staff storage staff = _staff(fund);
        uint64 amountMinor = uint64(_between(amount, 1, 2));
        uint256 kept = lines[fund].unitAt.length - refundedMinor[fund];
        bool expected = _mayWrite(fund) && amountMinor <= _free(fund)
            && feesMinor[fund] + amountMinor <= kept * FEE_CAP_BPS / 10_000;

        bytes32 id = _newId();
        IFundLedger.FeeEntry[] memory entries = new IFundLedger.FeeEntry[](1);
        entries[0] = IFundLedger.FeeEntry(FeeId.wrap(id), amountMinor);
        bytes memory call = abi.encodeCall(ledger.takeFees, (funds[fund], entries));
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        feesMinor[fund] += amountMinor;
        uint64 start = uint64(lines[fund].left);
        _modelOutflow(fund, outflows.length, amountMinor, UnitState.Fee);
        outflows.push(Outflow(fund, Kind.Fee, id, 0, start, amountMinor, 0));
        _mayBeSentAgain(staff.organisation, staff.cashier, call);
    }

    function refund(uint256 gift, uint256 amount) external act {
        if (gifts.length == 0) return;
        gift = gift % gifts.length;
        uint256 fund = gifts[gift].fund;
        Staff storage staff = _staff(fund);
        uint64 most = ledger.undelivered(gifts[gift].id);
        // Mostly what can be had, sometimes one more.
        uint64 amountMinor = uint64(_between(amount, 1, uint256(most) + 1));
        bool expected = _mayWrite(fund) && fund != OF_MINUTES && amountMinor <= most && amountMinor <= _free(fund);

        bytes32 id = _newId();
        IFundLedger.RefundEntry[] memory entries = new IFundLedger.RefundEntry[](1);
        entries[0] = IFundLedger.RefundEntry(RefundId.wrap(id), gifts[gift].id, amountMinor);
        bytes memory call = abi.encodeCall(ledger.refund, (funds[fund], entries));
        vm.recordLogs();
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        (uint64 start,, uint64 continuesAt) =
            abi.decode(_onlyLog(IFundLedger.DonationRefunded.selector).data, (uint64, uint64, uint64));
        _modelRefund(fund, outflows.length, gift, amountMinor);
        refundedMinor[fund] += amountMinor;
        gifts[gift].record.refundedMinor += amountMinor;
        outflows.push(Outflow(fund, Kind.Refund, id, gift, start, amountMinor, continuesAt));
        _mayBeSentAgain(staff.organisation, staff.cashier, call);
    }

    /// @dev A relay that never heard back sends its call again.
    function sendAgain(uint256 which, uint256) external act {
        if (sent.length == 0) return;
        Sent storage again = sent[which % sent.length];
        vm.recordLogs();
        _send(again.organisation, again.sender, address(ledger), again.call, _isLicensed(again.organisation));
        if (vm.getRecordedLogs().length != 0) _surprise();
    }

    function _bookGift(uint256 fund, IFundLedger.DonationEntry memory entry) internal {
        _modelGift(fund, gifts.length, entry.amountMinor);
        gifts.push(
            Gift(
                fund,
                entry.id,
                IFundLedger.Donation({
                    donor: entry.donor,
                    fundNumber: fundNumbers[fund],
                    digest: uint64(bytes8(keccak256(abi.encode(entry)))),
                    start: uint64(lines[fund].unitAt.length - entry.amountMinor),
                    amountMinor: entry.amountMinor,
                    refundedMinor: 0,
                    settledAtUnixS: entry.settledAtUnixS
                })
            )
        );
    }

    function _onlyLog(bytes32 topic) internal returns (Vm.Log memory found) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != topic) continue;
            found = logs[i];
            ++count;
        }
        require(count == 1, "the act did not emit its event once");
    }
}
