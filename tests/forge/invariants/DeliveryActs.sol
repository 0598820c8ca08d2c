// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {Code} from "contracts/src/types/Ids.sol";

import {ListActs} from "./ListActs.sol";

/// @notice Agents hand over; families accept and refuse; offers expire; some try without the family's signature.
abstract contract DeliveryActs is ListActs {
    Code internal constant NO_NEED = Code.wrap("no need");

    uint256 private _keys;

    function handOver(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findOffered(seed);
        if (!found) return;
        List storage list = lists[entitled[index].list];
        bytes memory call = abi.encodeCall(ledger.handOver, (list.id, _only(entitled[index].id)));
        if (_sendByAgent(list, call)) _bookDelivery(index);
    }

    function handOverAccepted(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findOffered(seed);
        if (!found) return;
        List storage list = lists[entitled[index].list];
        IFundLedger.SignedAcceptance[] memory acceptances = _accepted(index, families[entitled[index].family].key);
        bytes memory call = abi.encodeCall(ledger.handOverAccepted, (list.id, acceptances));
        vm.recordLogs();
        if (!_sendByAgent(list, call)) return;
        _bookDelivery(index);
        _bookConfirmation(index);
    }

    function accept(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findHandedOver(seed);
        if (!found) return;
        IFundLedger.SignedAcceptance[] memory acceptances = _accepted(index, families[entitled[index].family].key);
        vm.recordLogs();
        if (!_sendByAnyone(address(ledger), abi.encodeCall(ledger.accept, (acceptances)), true)) return;
        _bookConfirmation(index);
    }

    /// @dev Somebody else signs, or the family's yes to a first delivery is used for another one.
    function acceptWithoutTheFamily(uint256 seed, uint256 key) external act {
        (bool found, uint256 index) = _findHandedOver(seed);
        if (!found) return;
        uint256 forger = boundPrivateKey(key);
        if (forger == families[entitled[index].family].key) return;
        IFundLedger.SignedAcceptance[] memory acceptances = _accepted(index, forger);
        if (key % 2 == 0 && confirmations.length > 0) {
            Confirmation storage other = confirmations[seed % confirmations.length];
            acceptances[0].deadlineUnixS = other.deadlineUnixS;
            (acceptances[0].r, acceptances[0].vs) = (other.r, other.vs);
        }
        _sendByAnyone(address(ledger), abi.encodeCall(ledger.accept, (acceptances)), false);
    }

    function refuse(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findOffered(seed);
        if (!found) return;
        if (!_sendByAnyone(address(ledger), _refusalCall(index), true)) return;
        _bookRelease(index, IFundLedger.EntitlementState.Refused);
    }

    /// @dev Mostly of a list that has expired.
    function expire(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findOffered(seed);
        for (uint256 i = 1; found && i < entitled.length && !_isOver(index); ++i) {
            (found, index) = _findOffered(addmod(seed, i, entitled.length));
        }
        if (!found) return;
        bytes memory call = abi.encodeCall(ledger.expire, (_only(entitled[index].id)));
        if (!_sendByAnyone(address(ledger), call, _isOver(index))) return;
        _bookRelease(index, IFundLedger.EntitlementState.Expired);
    }

    /// @dev Somebody hands over what was never approved, or confirms what was not handed over or is confirmed already.
    function actOutOfOrder(uint256 seed, uint256 how) external act {
        IFundLedger.EntitlementState state = [
            IFundLedger.EntitlementState.Offered,
            IFundLedger.EntitlementState.Offered,
            IFundLedger.EntitlementState.Confirmed
        ][how % 3];
        bool unapproved = how % 3 == 0;
        (bool found, uint256 index) =
            _findEntitled(seed, state, unapproved ? IFundLedger.ListState.Proposed : IFundLedger.ListState.Approved);
        if (!found) return;
        if (unapproved) {
            _handOverInVain(index);
        } else {
            uint256 key = families[entitled[index].family].key;
            _sendByAnyone(address(ledger), abi.encodeCall(ledger.accept, (_accepted(index, key))), false);
        }
    }

    /// @dev What is over stays over.
    function endAgain(uint256 seed, uint256 how) external act {
        for (uint256 i = 0; i < entitled.length; ++i) {
            uint256 index = addmod(seed, i, entitled.length);
            if (entitled[index].record.state == IFundLedger.EntitlementState.Offered) continue;
            if (_isOver(index)) {
                _sendByAnyone(address(ledger), abi.encodeCall(ledger.expire, (_only(entitled[index].id))), false);
            } else if (how % 2 == 0) {
                _handOverInVain(index);
            } else {
                _sendByAnyone(address(ledger), _refusalCall(index), false);
            }
            return;
        }
    }

    function replaceKey(uint256 seed, uint256) external act {
        Person storage family = families[seed % families.length];
        Person memory next = _person("next key", ++_keys);
        bytes memory call = abi.encodeCall(households.replaceKey, (REGISTRAR_BODY, family.account, next.signer));
        vm.prank(registrarBody.registrar);
        (bool ok,) = address(households).call(call);
        require(ok, "the registrar body is licensed throughout");
        ++done[msg.sig];
        (family.signer, family.key) = (next.signer, next.key);
    }

    // --- Words

    function _findOffered(uint256 seed) internal view returns (bool, uint256) {
        return _findEntitled(seed, IFundLedger.EntitlementState.Offered, IFundLedger.ListState.Approved);
    }

    function _isOver(uint256 index) internal view returns (bool) {
        return block.timestamp >= lists[entitled[index].list].record.expiresAtUnixS;
    }

    function _findHandedOver(uint256 seed) internal view returns (bool, uint256) {
        return _findEntitled(seed, IFundLedger.EntitlementState.HandedOver, IFundLedger.ListState.Approved);
    }

    function _handOverInVain(uint256 index) private {
        List storage list = lists[entitled[index].list];
        Staff storage staff = _staff(list.fund);
        bytes memory call = abi.encodeCall(ledger.handOver, (list.id, _only(entitled[index].id)));
        _send(staff.organisation, staff.agent, address(ledger), call, false);
    }

    function _refusalCall(uint256 index) private view returns (bytes memory) {
        uint64 deadline = uint64(block.timestamp + 1 days);
        bytes32 digest = ledger.refusalDigest(entitled[index].id, NO_NEED, deadline);
        (bytes32 r, bytes32 vs) = vm.signCompact(families[entitled[index].family].key, digest);
        IFundLedger.SignedRefusal[] memory refusals = new IFundLedger.SignedRefusal[](1);
        refusals[0] = IFundLedger.SignedRefusal(entitled[index].id, NO_NEED, deadline, r, vs);
        return abi.encodeCall(ledger.refuse, (refusals));
    }

    function _sendByAgent(List storage list, bytes memory call) private returns (bool) {
        Staff storage staff = _staff(list.fund);
        bool expected = _mayWrite(list.fund) && block.timestamp < list.record.expiresAtUnixS;
        return _send(staff.organisation, staff.agent, address(ledger), call, expected);
    }

    function _accepted(uint256 index, uint256 key)
        private
        view
        returns (IFundLedger.SignedAcceptance[] memory acceptances)
    {
        Entitled storage e = entitled[index];
        uint64 deadline = uint64(block.timestamp + 1 days);
        (bytes32 r, bytes32 vs) = vm.signCompact(key, ledger.acceptanceDigest(e.id, e.record.amountMinor, deadline));
        acceptances = new IFundLedger.SignedAcceptance[](1);
        acceptances[0] = IFundLedger.SignedAcceptance(e.id, e.record.amountMinor, deadline, r, vs);
    }

    function _bookDelivery(uint256 index) private {
        Entitled storage e = entitled[index];
        uint256 fund = lists[e.list].fund;
        e.record.state = IFundLedger.EntitlementState.HandedOver;
        e.record.start = uint64(lines[fund].left);
        e.record.handedOverAtUnixS = uint64(block.timestamp);
        e.outflow = outflows.length;
        reservedMinor[fund] -= e.record.amountMinor;
        _modelOutflow(fund, outflows.length, e.record.amountMinor, UnitState.HandedOver);
        outflows.push(Outflow(fund, Kind.Delivery, bytes32(0), index, e.record.start, e.record.amountMinor, 0));
        _afterDelivery(fund, e.record.amountMinor);
    }

    /// @dev Minutes that were delivered are gone from the time bank.
    function _afterDelivery(uint256 fund, uint64 amountMinor) internal virtual;

    function _bookConfirmation(uint256 index) private {
        Entitled storage e = entitled[index];
        (, uint64 deadline, bytes32 r, bytes32 vs) = abi.decode(
            _onlyLog(IFundLedger.DeliveryConfirmed.selector).data,
            (IFundLedger.AcceptanceMethod, uint64, bytes32, bytes32)
        );
        e.record.state = IFundLedger.EntitlementState.Confirmed;
        e.record.method = IFundLedger.AcceptanceMethod.HouseholdKey;
        confirmations.push(Confirmation(index, families[e.family].signer, deadline, r, vs));
        _modelConfirm(lists[e.list].fund, e.outflow, e.record.start, e.record.amountMinor);
    }

    function _bookRelease(uint256 index, IFundLedger.EntitlementState state) private {
        Entitled storage e = entitled[index];
        e.record.state = state;
        reservedMinor[lists[e.list].fund] -= e.record.amountMinor;
    }
}
