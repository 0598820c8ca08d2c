// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {Code, OrganisationId, ReturnId} from "contracts/src/types/Ids.sol";

import {FieldActs} from "./FieldActs.sol";
import {UnitState} from "./LineageWalk.sol";

/// @notice Families object, a desk above decides, and units come back, also in parts and also as repaid loans.
abstract contract DisputeActs is FieldActs {
    Code internal constant NEVER_CAME = Code.wrap("never came");
    Code internal constant REPAYMENT = Code.wrap("repayment");

    /// @dev By the family's key; what that key itself confirmed stands.
    function dispute(uint256 seed, uint256 wait) external act {
        if (wait % 6 == 0) vm.warp(block.timestamp + WINTER_WINDOW_S);
        (bool found, uint256 index) = _findDisputable(seed);
        if (!found) return;
        bytes32 digest = deliveries.disputeDigest(entitled[index].id, NEVER_CAME, _deadline());
        (bytes32 r, bytes32 vs) = vm.signCompact(families[entitled[index].family].key, digest);
        IDeliveryLedger.SignedDispute[] memory disputes = new IDeliveryLedger.SignedDispute[](1);
        disputes[0] = IDeliveryLedger.SignedDispute(entitled[index].id, NEVER_CAME, _deadline(), r, vs);
        bytes memory call = abi.encodeCall(deliveries.dispute, (disputes));
        if (!_sendByAnyone(address(deliveries), call, _isDisputable(index))) return;
        _bookAnswer(index, DISPUTED, UnitState.Disputed);
    }

    /// @dev By the registrar that opened the account, not by another one.
    function disputeFor(uint256 seed, uint256 who) external act {
        (bool found, uint256 index) = _findDisputable(seed);
        if (!found) return;
        Staff storage staff = who % 4 == 0 ? otherCharity : registrarBody;
        IDeliveryLedger.DisputeEntry[] memory disputes = new IDeliveryLedger.DisputeEntry[](1);
        disputes[0] = IDeliveryLedger.DisputeEntry(entitled[index].id, NEVER_CAME);
        bytes memory call = abi.encodeCall(deliveries.disputeFor, (staff.organisation, disputes));
        bool expected = who % 4 != 0 && _isDisputable(index);
        if (!_send(staff.organisation, staff.registrar, address(deliveries), call, expected)) return;
        _bookAnswer(index, DISPUTED, UnitState.Disputed);
    }

    function decide(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findEntitled(seed, DISPUTED);
        if (!found) return;
        bool upheld = how % 2 == 0;
        (OrganisationId desk, address sender) =
            (how >> 8) % 3 == 0 ? (NO_BODY, firstRegulator) : (PROVINCE, province.desk);
        bytes memory call = _decisionCall(desk, index, upheld);
        if (!_send(desk, sender, address(deliveries), call, true)) return;
        IDeliveryLedger.Entitlement storage e = entitled[index].record;
        if (!upheld) {
            bool confirmed = e.method != IDeliveryLedger.AcceptanceMethod.None;
            return _bookAnswer(index, DISMISSED, confirmed ? UnitState.Confirmed : UnitState.HandedOver);
        }
        e.state = UPHELD;
        _bookReturn(index, e.amountMinor - e.returnedMinor);
        _bookFreed(lists[entitled[index].list].record, lists[entitled[index].list].fund, 1, 0);
    }

    /// @dev A desk beside or within the bodies concerned decides, or one decides what nobody disputes.
    function decideOutOfTurn(uint256 seed, uint256 who) external act {
        if (entitled.length == 0) return;
        (bool found, uint256 index) = _findEntitled(seed, DISPUTED);
        Staff storage staff = who % 3 == 0 ? charity : who % 3 == 1 ? otherCharity : registrarBody;
        if (!found) (index, staff) = (seed % entitled.length, province);
        bytes memory call = _decisionCall(staff.organisation, index, who % 2 == 0);
        _send(staff.organisation, staff.desk, address(deliveries), call, false);
    }

    /// @dev Mostly part of what was handed over, sometimes one more than is left of it.
    function recordReturn(uint256 seed, uint256 amount) external act {
        (bool found, uint256 index) = _findReturnable(seed);
        if (!found) return;
        IDeliveryLedger.Entitlement storage e = entitled[index].record;
        uint256 fund = lists[entitled[index].list].fund;
        Staff storage staff = _staff(fund);
        uint64 rest = e.amountMinor - e.returnedMinor;
        uint64 amountMinor = uint64(_between(amount, 1, uint256(rest) + 1));
        IDeliveryLedger.ReturnEntry[] memory entries = new IDeliveryLedger.ReturnEntry[](1);
        entries[0] = IDeliveryLedger.ReturnEntry(ReturnId.wrap(_newId()), entitled[index].id, amountMinor, REPAYMENT);
        bytes memory call = abi.encodeCall(deliveries.recordReturns, (funds[fund], entries));
        bool expected = _mayWrite(fund) && amountMinor <= rest && _wasHandedOver(e.state);
        if (!_send(staff.organisation, staff.cashier, address(deliveries), call, expected)) return;
        _bookReturn(index, amountMinor);
        // What reached nobody leaves nothing to confirm.
        if (amountMinor == rest && e.state == HANDED_OVER) {
            e.state = RETURNED;
            _bookFreed(lists[entitled[index].list].record, fund, 1, 0);
        }
        _mayBeSentAgain(staff.organisation, staff.cashier, address(deliveries), call);
    }

    /// @dev What was never handed over cannot come back.
    function returnWhatNeverLeft(uint256 seed, uint256) external act {
        if (entitled.length == 0) return;
        uint256 index = seed % entitled.length;
        if (_wasHandedOver(entitled[index].record.state)) return;
        uint256 fund = lists[entitled[index].list].fund;
        Staff storage staff = _staff(fund);
        IDeliveryLedger.ReturnEntry[] memory entries = new IDeliveryLedger.ReturnEntry[](1);
        entries[0] = IDeliveryLedger.ReturnEntry(ReturnId.wrap(_newId()), entitled[index].id, 1, REPAYMENT);
        bytes memory call = abi.encodeCall(deliveries.recordReturns, (funds[fund], entries));
        _send(staff.organisation, staff.cashier, address(deliveries), call, false);
    }

    /// @dev The delivery's first units not yet returned come in again.
    function _bookReturn(uint256 index, uint64 amountMinor) private {
        IDeliveryLedger.Entitlement storage e = entitled[index].record;
        uint256 fund = lists[entitled[index].list].fund;
        _modelComeIn(fund, e.start + e.returnedMinor, amountMinor, fund);
        e.returnedMinor += amountMinor;
        if (_holdsMinutes(fund)) redeemed -= amountMinor;
    }

    function _decisionCall(OrganisationId desk, uint256 index, bool upheld) private returns (bytes memory) {
        IDeliveryLedger.Decision[] memory decisions = new IDeliveryLedger.Decision[](1);
        decisions[0] = IDeliveryLedger.Decision(entitled[index].id, upheld, ReturnId.wrap(_newId()));
        return abi.encodeCall(deliveries.decide, (desk, decisions));
    }

    /// @dev Handed over, and not confirmed by the household's own key.
    function _isContestable(uint256 index) private view returns (bool) {
        IDeliveryLedger.Entitlement storage e = entitled[index].record;
        bool byOthers = e.state == CONFIRMED && e.method != IDeliveryLedger.AcceptanceMethod.HouseholdKey;
        return e.state == HANDED_OVER || byOthers;
    }

    function _isDisputable(uint256 index) private view returns (bool) {
        bool winter = lists[entitled[index].list].record.programme == WINTER;
        uint256 until =
            uint256(entitled[index].record.handedOverAtUnixS) + (winter ? WINTER_WINDOW_S : DISPUTE_WINDOW_S);
        return _isContestable(index) && block.timestamp <= until;
    }

    /// @dev Some entitlement that can be disputed, one in three times one for which it is too late, or any.
    function _findDisputable(uint256 seed) private view returns (bool found, uint256 index) {
        if (entitled.length == 0) return (false, 0);
        bool late = seed % 3 == 0;
        for (uint256 i = 0; i < entitled.length; ++i) {
            index = addmod(seed >> 8, i, entitled.length);
            if (late ? _isContestable(index) && !_isDisputable(index) : _isDisputable(index)) break;
        }
        return (true, index);
    }

    function _findReturnable(uint256 seed) private view returns (bool found, uint256 index) {
        for (uint256 i = 0; i < entitled.length; ++i) {
            index = addmod(seed, i, entitled.length);
            IDeliveryLedger.Entitlement storage e = entitled[index].record;
            if (!_wasHandedOver(e.state)) continue;
            found = true;
            if (e.returnedMinor < e.amountMinor || seed % 5 == 0) return (true, index);
        }
        if (found) while (!_wasHandedOver(entitled[index].record.state)) index = (index + 1) % entitled.length;
    }
}
