// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {EntitlementId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {MoneyActs} from "./MoneyActs.sol";

/// @notice Makers propose, checkers approve; some try to do both, or to use money for what it was not given for.
abstract contract ListActs is MoneyActs {
    function propose(uint256 fund, uint256 seed) external act {
        bool found;
        (found, fund) = _fundWithFreeUnits(fund);
        if (!found) return;
        _propose(fund, _items(fund, seed), uint64(block.timestamp + _between(seed, 1 days, 6 days)));
    }

    function approve(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findProposed(seed);
        if (found) _approveList(index);
    }

    /// @dev Both in one act, so that offers do not become rare.
    function proposeAndApprove(uint256 fund, uint256 seed) external act {
        bool found;
        (found, fund) = _fundWithFreeUnits(fund);
        if (!found || !_mayWrite(fund)) return;
        _propose(fund, _items(fund, seed), uint64(block.timestamp + _between(seed, 1 days, 6 days)));
        _approveList(lists.length - 1);
    }

    /// @dev A maker who may check others' lists tries its own.
    function approveOwnList(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findProposed(seed);
        if (!found) return;
        Staff storage staff = _staff(lists[index].fund);
        bytes memory call = abi.encodeCall(ledger.approveList, (lists[index].id, lists[index].record.contentHash));
        _send(staff.organisation, staff.maker, address(ledger), call, false);
    }

    /// @dev A maker tries to use money for what it was not given for.
    function proposeForOtherUse(uint256 seed, uint256) external act {
        uint256 fund = seed % funds.length;
        Staff storage staff = _staff(fund);
        ProgrammeId[3] memory programmes = [FOOD, ZAKAT_AID, OTHER_FOOD];
        ProgrammeId programme = programmes[(seed >> 8) % 3];
        if (programme == _programme(fund)) return;
        IFundLedger.EntitlementEntry[] memory items = _oneItem(EntitlementId.wrap(_newId()), families[0].account, 1);
        bytes memory call = abi.encodeCall(
            ledger.proposeList, (_proposal(PaymentListId.wrap(_newId()), funds[fund], programme, items), items)
        );
        _send(staff.organisation, staff.maker, address(ledger), call, false);
    }

    function _propose(uint256 fund, IFundLedger.EntitlementEntry[] memory items, uint64 expiresAtUnixS) internal {
        Staff storage staff = _staff(fund);
        IFundLedger.ListProposal memory proposal =
            _proposal(PaymentListId.wrap(_newId()), funds[fund], _programme(fund), items);
        proposal.expiresAtUnixS = expiresAtUnixS;
        bytes memory call = abi.encodeCall(ledger.proposeList, (proposal, items));
        if (!_send(staff.organisation, staff.maker, address(ledger), call, _mayWrite(fund))) return;
        _bookList(fund, staff.maker, proposal, items);
        _mayBeSentAgain(staff.organisation, staff.maker, call);
    }

    function _approveList(uint256 index) private {
        List storage list = lists[index];
        Staff storage staff = _staff(list.fund);
        bytes memory call = abi.encodeCall(ledger.approveList, (list.id, list.record.contentHash));
        if (!_send(staff.organisation, staff.checker, address(ledger), call, _canBeApproved(list))) return;
        list.record.state = IFundLedger.ListState.Approved;
        list.record.checker = staff.checker;
        reservedMinor[list.fund] += list.record.totalMinor;
        _mayBeSentAgain(staff.organisation, staff.checker, call);
    }

    /// @dev One to three families share at most what is free.
    function _items(uint256 fund, uint256 seed) private returns (IFundLedger.EntitlementEntry[] memory items) {
        uint256 free = _free(fund);
        uint256 count = 1 + seed % (free < 3 ? free : 3);
        items = new IFundLedger.EntitlementEntry[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            items[i] = IFundLedger.EntitlementEntry(
                EntitlementId.wrap(_newId()),
                families[draw % families.length].account,
                uint64(1 + (draw >> 128) % (free / count))
            );
        }
    }

    function _bookList(
        uint256 fund,
        address maker,
        IFundLedger.ListProposal memory p,
        IFundLedger.EntitlementEntry[] memory items
    ) internal {
        IFundLedger.PaymentList memory record;
        record.maker = maker;
        record.fundNumber = fundNumbers[fund];
        (record.count, record.added) = (p.count, p.count);
        (record.totalMinor, record.addedMinor) = (p.totalMinor, p.totalMinor);
        (record.contentHash, record.addedHash) = (p.contentHash, p.contentHash);
        record.state = IFundLedger.ListState.Proposed;
        record.expiresAtUnixS = p.expiresAtUnixS;
        record.id = p.id;
        record.programme = p.programme;
        lists.push(List(fund, p.id, record));
        for (uint256 i = 0; i < items.length; ++i) {
            IFundLedger.Entitlement memory entitlement;
            entitlement.household = items[i].household;
            entitlement.listNumber = uint32(lists.length);
            entitlement.amountMinor = items[i].amountMinor;
            entitled.push(Entitled(lists.length - 1, items[i].id, _familyOf(items[i].household), 0, entitlement));
        }
    }

    function _familyOf(address household) private view returns (uint256 family) {
        while (families[family].account != household) ++family;
    }

    /// @dev Some proposed list, one that can be approved if there is any, searched from a random one on.
    function _findProposed(uint256 seed) private view returns (bool found, uint256 index) {
        for (uint256 i = 0; i < lists.length; ++i) {
            uint256 l = addmod(seed, i, lists.length);
            if (lists[l].record.state != IFundLedger.ListState.Proposed) continue;
            (found, index) = (true, l);
            if (_canBeApproved(lists[l])) break;
        }
    }

    function _canBeApproved(List storage list) private view returns (bool) {
        return _mayWrite(list.fund) && block.timestamp < list.record.expiresAtUnixS
            && list.record.totalMinor <= _free(list.fund);
    }
}
