// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {Code, EntitlementId, MINUTES, OrganisationId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {TransferActs} from "./TransferActs.sol";

/// @notice Makers propose, checkers approve, lists are cancelled or expire; some try to do two parts, or to use money
/// for what it was not given for.
abstract contract ListActs is TransferActs {
    function propose(uint256 seed, uint256 what) external act {
        (bool found, uint256 fund) = _fundWithFreeUnits(seed);
        if (found) _proposeSome(fund, what);
    }

    /// @dev Some list that is not approved yet, one that can be approved if there is any.
    function approve(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findUnapproved(seed);
        if (found) _approveList(index);
    }

    /// @dev Everything in one act, so that offers do not become rare.
    function proposeAndApprove(uint256 seed, uint256 what) external act {
        (bool found, uint256 fund) = _fundWithFreeUnits(seed);
        if (found) _offerSome(fund, what);
    }

    /// @dev A maker who may check others' work tries its own; the first checker is not the second one, too.
    function approveOwn(uint256 seed, uint256 which) external act {
        if (which % 2 == 0) return _approveOwnTransfer(seed);
        (bool found, uint256 index) = _findList(seed, CHECKED);
        if (!found) (found, index) = _findList(seed, PROPOSED);
        if (!found) return;
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        _send(list.payer, list.maker, address(deliveries), _approvalCall(index), false);
        if (list.state != CHECKED) return;
        _sendOnceMore(list.payer, list.checker, address(deliveries), _approvalCall(index));
    }

    /// @dev A maker tries to use money for what it was not given for, or outside the place it was given for.
    function proposeForOtherUse(uint256 seed, uint256 which) external act {
        ProgrammeId[4] memory all = [FOOD, ZAKAT_AID, OTHER_FOOD, WINTER];
        for (uint256 fund = 0; fund < funds.length; ++fund) {
            (ProgrammeId programme, Code place) = (all[_draw(which, fund) % 4], places[_draw(seed, fund) % 3]);
            OrganisationId provider = _draw(seed, ~fund) % 3 == 0 ? OTHER_CHARITY : _ownerOf(fund);
            if (_mayServe(fund, programme, place) && _worksIn(provider, place)) continue;
            _misuse(fund, programme, place, provider);
        }
    }

    /// @dev By maker or checker, whatever the list's state.
    function cancelList(uint256 seed, uint256 who) external act {
        if (lists.length == 0) return;
        uint256 index = (seed >> 8) % lists.length;
        // Often one that is over already.
        for (uint256 i = 0; i < lists.length && who % 3 == 0 && !_canExpire(index); ++i) {
            index = addmod(seed >> 8, i, lists.length);
        }
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        if (list.state == APPROVED && block.timestamp < list.expiresAtUnixS && seed % 3 != 0) return;
        Staff storage staff = _staffOf(list.payer);
        address sender = (who >> 8) % 2 == 0 ? staff.maker : staff.checker;
        bytes memory call = abi.encodeCall(deliveries.cancelList, (list.id, Code.wrap("mistake")));
        bool inTime = list.state != ENDED && block.timestamp < list.expiresAtUnixS;
        bool expected = _isLicensed(list.payer) && (list.state == CANCELLED || inTime);
        if (!_send(staff.organisation, sender, address(deliveries), call, expected)) return;
        _bookEnd(index, CANCELLED);
        _mayBeSentAgain(staff.organisation, sender, address(deliveries), call);
    }

    /// @dev Mostly a list that is over.
    function expireList(uint256 seed, uint256) external act {
        if (lists.length == 0) return;
        uint256 index = seed % lists.length;
        for (uint256 i = 0; i < lists.length && !_canExpire(index); ++i) {
            index = addmod(seed, i, lists.length);
        }
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        bytes memory call = abi.encodeCall(deliveries.expireList, (list.id));
        bool expected = block.timestamp >= list.expiresAtUnixS && list.state != CANCELLED;
        if (_sendByAnyone(address(deliveries), call, expected)) _bookEnd(index, ENDED);
    }

    function setQuota(uint256 seed, uint256 quota) external act {
        if (quota % 3 != 0) return;
        (Code season, Code place) = (seasons[seed % 2], places[(seed >> 8) % 3]);
        uint64 most = uint64(_between(quota >> 8, 0, 8));
        bytes memory call = abi.encodeCall(programmes.setQuota, (WINTER, season, place, most));
        bool expected = _isLicensed(CHARITY) && most >= placesTaken[season][place];
        if (!_send(CHARITY, charity.administrator, address(programmes), call, expected)) return;
        quotas[season][place] = most;
    }

    function _proposeList(
        uint256 fund,
        IDeliveryLedger.ListProposal memory p,
        IDeliveryLedger.EntitlementEntry[] memory items
    ) internal {
        Staff storage staff = _staff(fund);
        bytes memory call = abi.encodeCall(deliveries.proposeList, (p, items));
        bool expected = _mayWrite(fund) && _isLicensed(p.provider) && _worksIn(p.provider, p.place)
            && _areSeasonsFree(p.season, items);
        if (!_send(staff.organisation, staff.maker, address(deliveries), call, expected)) return;
        _bookList(fund, staff, p, items);
        _mayBeSentAgain(staff.organisation, staff.maker, address(deliveries), call);
    }

    function _approveList(uint256 index) internal {
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        bool second = list.state == CHECKED;
        address sender = second ? secondChecker : _staffOf(list.payer).checker;
        bool halfOnly = !second && _needsTwo(index);
        bytes memory call = _approvalCall(index);
        if (!_send(list.payer, sender, address(deliveries), call, _canBeApproved(index))) return;
        if (second) list.secondChecker = sender;
        else list.checker = sender;
        list.state = halfOnly ? CHECKED : APPROVED;
        _mayBeSentAgain(list.payer, sender, address(deliveries), call);
        if (halfOnly) return;
        (list.open, list.openMinor) = (list.count, list.totalMinor);
        reservedMinor[lists[index].fund] += list.totalMinor;
        if (list.quotas) placesTaken[list.season][list.place] += list.count;
    }

    function _bookFreed(IDeliveryLedger.PaymentList storage list, uint256 fund, uint32 count, uint64 amountMinor)
        internal
    {
        reservedMinor[fund] -= amountMinor;
        if (list.quotas) placesTaken[list.season][list.place] -= count;
    }

    // --- Books

    function _bookEnd(uint256 index, IDeliveryLedger.ListState state) private {
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        if (list.state == state) return;
        _bookFreed(list, lists[index].fund, list.open, list.openMinor);
        (list.state, list.open, list.openMinor) = (state, 0, 0);
    }

    function _bookList(
        uint256 fund,
        Staff storage staff,
        IDeliveryLedger.ListProposal memory p,
        IDeliveryLedger.EntitlementEntry[] memory items
    ) private {
        List storage list = lists.push();
        (list.fund, list.id) = (fund, p.id);
        IDeliveryLedger.PaymentList storage record = list.record;
        (record.maker, record.state, record.quotas) = (staff.maker, PROPOSED, p.programme == WINTER);
        (record.count, record.added) = (p.count, p.count);
        (record.totalMinor, record.addedMinor) = (p.totalMinor, p.totalMinor);
        (record.contentHash, record.addedHash) = (p.contentHash, p.contentHash);
        (record.id, record.fund, record.programme) = (p.id, p.fund, p.programme);
        (record.payer, record.provider) = (staff.organisation, p.provider);
        record.unit = _holdsMinutes(fund) ? MINUTES : RIAL;
        (record.place, record.season) = (p.place, p.season);
        record.expiresAtUnixS = p.expiresAtUnixS;
        record.digest = keccak256(abi.encode(p));
        for (uint256 i = 0; i < items.length; ++i) {
            IDeliveryLedger.Entitlement memory entitlement;
            entitlement.household = items[i].household;
            entitlement.listNumber = uint32(lists.length);
            entitlement.amountMinor = items[i].amountMinor;
            uint256 family = _familyOf(items[i].household);
            entitled.push(Entitled(lists.length - 1, items[i].id, family, entitlement));
            if (p.programme == WINTER) seasonal[p.season][family] = entitled.length;
        }
    }

    function _offerSome(uint256 fund, uint256 seed) internal {
        uint256 index = lists.length;
        _proposeSome(fund, seed);
        if (lists.length == index) return;
        _approveList(index);
        // Sometimes the second checker takes time.
        if (lists[index].record.state == CHECKED && seed % 3 != 0) _approveList(index);
    }

    function _misuse(uint256 fund, ProgrammeId programme, Code place, OrganisationId provider) private {
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(EntitlementId.wrap(_newId()), families[0].account, 1);
        IDeliveryLedger.ListProposal memory p = _proposal(PaymentListId.wrap(_newId()), funds[fund], programme, items);
        (p.place, p.provider) = (place, provider);
        // A season that no household has had: the misuse alone may stand in the way.
        if (programme == WINTER) p.season = LAST_SEASON;
        misuses.push(p.id);
        Staff storage staff = _staff(fund);
        bytes memory call = abi.encodeCall(deliveries.proposeList, (p, items));
        _send(staff.organisation, staff.maker, address(deliveries), call, false);
    }

    // --- Words

    /// @dev One to three households share at most what is free.
    function _proposeSome(uint256 fund, uint256 seed) private {
        ProgrammeId programme = _programmeOf(fund, seed);
        Code season = programme == WINTER ? seasons[_draw(seed, 1) % 2] : NO_CODE;
        uint256 free = _free(fund);
        uint256 count = 1 + _draw(seed, 2) % (free < 3 ? free : 3);
        IDeliveryLedger.EntitlementEntry[] memory items = new IDeliveryLedger.EntitlementEntry[](count);
        uint256 family = _draw(seed, 3);
        for (uint256 i = 0; i < count; ++i) {
            // Mostly households whose season is free, sometimes simply the next ones.
            family = _draw(seed, 4) % 6 == 0 ? (family + 1) % families.length : _nextFamily(season, family + 1);
            uint64 amountMinor = uint64(1 + _draw(seed, 5 + i) % (free / count));
            items[i] = _entry(EntitlementId.wrap(_newId()), families[family].account, amountMinor);
        }
        IDeliveryLedger.ListProposal memory p = _proposal(PaymentListId.wrap(_newId()), funds[fund], programme, items);
        p.season = season;
        p.provider = _draw(seed, 9) % 4 != 0 ? _ownerOf(fund) : _draw(seed, 9) % 8 == 0 ? CHARITY : OTHER_CHARITY;
        p.place = places[_draw(seed, 8) % 3];
        bool suits = _worksIn(p.provider, p.place) || _draw(seed, 11) % 6 == 0;
        if (!suits || !_mayServe(fund, programme, p.place)) p.place = places[_draw(seed, 8) % 2];
        p.expiresAtUnixS = uint64(block.timestamp + _between(_draw(seed, 10), 1 days, 12 days));
        _proposeList(fund, p, items);
    }

    /// @dev One that the fund's money is for.
    function _programmeOf(uint256 fund, uint256 seed) internal view returns (ProgrammeId) {
        ProgrammeId[4] memory all = [FOOD, OTHER_FOOD, WINTER, ZAKAT_AID];
        for (uint256 i = 0; i < 4; ++i) {
            if (_mayServe(fund, all[addmod(seed, i, 4)], places[0])) return all[addmod(seed, i, 4)];
        }
        revert("a fund for nothing");
    }

    function _nextFamily(Code season, uint256 from) private view returns (uint256 family) {
        for (uint256 i = 0; i < families.length; ++i) {
            family = addmod(from, i, families.length);
            if (_isSeasonFree(season, family)) return family;
        }
    }

    function _isSeasonFree(Code season, uint256 family) private view returns (bool) {
        uint256 holder = seasonal[season][family];
        return season == NO_CODE || holder == 0 || !_holdsSeason(holder - 1);
    }

    function _areSeasonsFree(Code season, IDeliveryLedger.EntitlementEntry[] memory items) private view returns (bool) {
        for (uint256 i = 0; i < items.length; ++i) {
            if (!_isSeasonFree(season, _familyOf(items[i].household))) return false;
            for (uint256 j = 0; j < i && !(season == NO_CODE); ++j) {
                if (items[i].household == items[j].household) return false;
            }
        }
        return true;
    }

    function _familyOf(address household) private view returns (uint256 family) {
        while (families[family].account != household) ++family;
    }

    /// @dev Some list in this state, one that is not over if there is any.
    function _findList(uint256 seed, IDeliveryLedger.ListState state) private view returns (bool found, uint256 index) {
        for (uint256 i = 0; i < lists.length; ++i) {
            uint256 l = addmod(seed, i, lists.length);
            if (lists[l].record.state != state) continue;
            (found, index) = (true, l);
            if (block.timestamp < lists[l].record.expiresAtUnixS) break;
        }
    }

    function _findUnapproved(uint256 seed) private view returns (bool found, uint256 index) {
        for (uint256 i = 0; i < lists.length; ++i) {
            uint256 l = addmod(seed, i, lists.length);
            if (lists[l].record.state != PROPOSED && lists[l].record.state != CHECKED) continue;
            (found, index) = (true, l);
            if (_canBeApproved(l)) break;
        }
    }

    function _needsTwo(uint256 index) internal view returns (bool) {
        return _needsTwoCheckers(lists[index].fund, lists[index].record.totalMinor);
    }

    function _canBeApproved(uint256 index) private view returns (bool) {
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        uint256 fund = lists[index].fund;
        if (!_isLicensed(list.payer) || block.timestamp >= list.expiresAtUnixS) return false;
        if (list.state == PROPOSED && _needsTwo(index)) return true;
        if (list.quotas && placesTaken[list.season][list.place] + list.count > quotas[list.season][list.place]) {
            return false;
        }
        return list.totalMinor <= _free(fund) && (fund != LOCKED || block.timestamp >= RELEASE);
    }

    function _canExpire(uint256 index) internal view returns (bool) {
        IDeliveryLedger.PaymentList storage list = lists[index].record;
        return list.state != CANCELLED && list.state != ENDED && block.timestamp >= list.expiresAtUnixS;
    }

    function _approvalCall(uint256 index) internal view returns (bytes memory) {
        return abi.encodeCall(deliveries.approveList, (lists[index].id, lists[index].record.contentHash));
    }
}
