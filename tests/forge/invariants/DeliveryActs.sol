// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {EntitlementId} from "contracts/src/types/Ids.sol";
import {Code} from "contracts/src/types/Ids.sol";

import {UnitState} from "./LineageWalk.sol";
import {ListActs} from "./ListActs.sol";

/// @notice Agents hand over; families accept and refuse by their keys.
abstract contract DeliveryActs is ListActs {
    Code internal constant NO_NEED = Code.wrap("no need");

    uint256 private _keys;

    function handOver(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findOrMakeOffer(seed);
        if (!found) return;
        uint256[] memory batch = _together(index, 1 + how % 3);
        EntitlementId[] memory ids = new EntitlementId[](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            ids[i] = entitled[batch[i]].id;
        }
        List storage list = lists[entitled[index].list];
        bytes memory call = abi.encodeCall(deliveries.handOver, (list.id, ids));
        if (_sendByAgent(list, call, block.timestamp < list.record.expiresAtUnixS)) _bookDeliveries(batch);
    }

    function handOverAccepted(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findOrMakeOffer(seed);
        if (!found) return;
        uint256[] memory batch = _together(index, 1 + how % 3);
        List storage list = lists[entitled[index].list];
        bytes memory call = abi.encodeCall(deliveries.handOverAccepted, (list.id, _accepted(batch)));
        if (!_sendByAgent(list, call, block.timestamp < list.record.expiresAtUnixS)) return;
        _bookDeliveries(batch);
        for (uint256 i = 0; i < batch.length; ++i) {
            _bookConfirmation(batch[i], IDeliveryLedger.AcceptanceMethod.HouseholdKey);
        }
    }

    function accept(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        bytes memory call = abi.encodeCall(deliveries.accept, (_accepted(_alone(index))));
        if (!_sendByAnyone(address(deliveries), call, true)) return;
        _bookConfirmation(index, IDeliveryLedger.AcceptanceMethod.HouseholdKey);
    }

    /// @dev Somebody else signs, or the family's yes to another delivery is used for this one.
    function acceptWithoutTheFamily(uint256 seed, uint256 key) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _accepted(_alone(index));
        if (key % 2 == 0 && confirmations.length > 0) {
            Signature storage other = confirmations[seed % confirmations.length].family;
            acceptances[0].deadlineUnixS = other.deadlineUnixS;
            (acceptances[0].r, acceptances[0].vs) = (other.r, other.vs);
        } else {
            bytes32 digest = deliveries.acceptanceDigest(
                acceptances[0].id, acceptances[0].amountMinor, acceptances[0].deadlineUnixS
            );
            (acceptances[0].r, acceptances[0].vs) = vm.signCompact(donors[0].key, digest);
        }
        _sendByAnyone(address(deliveries), abi.encodeCall(deliveries.accept, (acceptances)), false);
    }

    function refuse(uint256 seed, uint256) external act {
        (bool found, uint256 index) = _findOffered(seed);
        if (!found) return;
        if (!_sendByAnyone(address(deliveries), _refusalCall(index), _stateOf(index) == OFFERED)) return;
        Entitled storage e = entitled[index];
        IDeliveryLedger.PaymentList storage list = lists[e.list].record;
        e.record.state = REFUSED;
        list.open -= 1;
        list.openMinor -= e.record.amountMinor;
        _bookFreed(list, lists[e.list].fund, 1, e.record.amountMinor);
    }

    /// @dev Somebody hands over what was never approved or what is over, confirms or refuses out of turn, or approves
    /// what is over.
    function actOutOfOrder(uint256 seed, uint256 how) external act {
        if (how % 4 == 3) return _approveWhatIsOver();
        for (uint256 i = 0; i < entitled.length && i < 16 && surprises == 0; ++i) {
            uint256 index = addmod(seed, i, entitled.length);
            IDeliveryLedger.EntitlementState state = _stateOf(index);
            IDeliveryLedger.PaymentList storage list = lists[entitled[index].list].record;
            bool isOffered = state == OFFERED && list.state == APPROVED;
            if (how % 4 == 0 && !isOffered) {
                bytes memory call = abi.encodeCall(deliveries.handOver, (list.id, _only(entitled[index].id)));
                _sendByAgent(lists[entitled[index].list], call, false);
            } else if (how % 4 == 1 && state != HANDED_OVER) {
                bytes memory call = abi.encodeCall(deliveries.accept, (_accepted(_alone(index))));
                _sendByAnyone(address(deliveries), call, false);
            } else if (how % 4 == 2 && !isOffered) {
                _sendByAnyone(address(deliveries), _refusalCall(index), false);
            }
        }
    }

    function _approveWhatIsOver() private {
        for (uint256 l = 0; l < lists.length && surprises == 0; ++l) {
            IDeliveryLedger.PaymentList storage list = lists[l].record;
            if (!_canExpire(l) || list.state == APPROVED) continue;
            address sender = list.state == CHECKED ? secondChecker : _staffOf(list.payer).checker;
            _send(list.payer, sender, address(deliveries), _approvalCall(l), false);
        }
    }

    function replaceKey(uint256 seed, uint256 whether) external act {
        if (whether % 3 != 0) return;
        Person storage family = families[seed % families.length];
        Person memory next = _person("next key", ++_keys);
        bytes memory call = abi.encodeCall(households.replaceKey, (REGISTRAR_BODY, family.account, next.signer));
        if (!_send(REGISTRAR_BODY, registrarBody.registrar, address(households), call, true)) return;
        (family.signer, family.key) = (next.signer, next.key);
    }

    // --- Words

    /// @dev Some entitlement that nobody has taken, on a list that nobody has ended; it may be over.
    function _findOffered(uint256 seed) internal view returns (bool, uint256) {
        for (uint256 i = 0; i < entitled.length; ++i) {
            uint256 index = addmod(seed, i, entitled.length);
            if (entitled[index].record.state != OFFERED) continue;
            if (lists[entitled[index].list].record.state == APPROVED) return (true, index);
        }
        return (false, 0);
    }

    /// @dev So that deliveries do not become rare.
    function _findOrMakeOffer(uint256 seed) private returns (bool found, uint256 index) {
        (found, index) = _findOffered(seed);
        if (found && _stateOf(index) == OFFERED) return (found, index);
        (bool rich, uint256 fund) = _fundWithFreeUnits(seed);
        if (rich) _offerSome(fund, seed);
        return _findOffered(seed);
    }

    /// @dev The entitlement and others that are still offered on its list.
    function _together(uint256 first, uint256 most) private view returns (uint256[] memory batch) {
        uint256[] memory found = new uint256[](most);
        uint256 count = 0;
        for (uint256 i = 0; i < entitled.length && count < most; ++i) {
            uint256 index = addmod(first, i, entitled.length);
            if (entitled[index].list != entitled[first].list || entitled[index].record.state != OFFERED) continue;
            found[count++] = index;
        }
        batch = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            batch[i] = found[i];
        }
    }

    function _alone(uint256 index) internal pure returns (uint256[] memory batch) {
        batch = new uint256[](1);
        batch[0] = index;
    }

    function _refusalCall(uint256 index) private view returns (bytes memory) {
        bytes32 digest = deliveries.refusalDigest(entitled[index].id, NO_NEED, _deadline());
        (bytes32 r, bytes32 vs) = vm.signCompact(families[entitled[index].family].key, digest);
        IDeliveryLedger.SignedRefusal[] memory refusals = new IDeliveryLedger.SignedRefusal[](1);
        refusals[0] = IDeliveryLedger.SignedRefusal(entitled[index].id, NO_NEED, _deadline(), r, vs);
        return abi.encodeCall(deliveries.refuse, (refusals));
    }

    /// @dev Both the payer and the provider need a licence.
    function _sendByAgent(List storage list, bytes memory call, bool expected) private returns (bool) {
        (Staff storage provider, IDeliveryLedger.PaymentList storage record) =
            (_staffOf(list.record.provider), list.record);
        if (!_isLicensed(record.payer) || !_isLicensed(record.provider)) expected = false;
        return _sendForBoth([record.payer, record.provider], provider.agent, address(deliveries), call, expected);
    }

    function _accepted(uint256[] memory batch)
        private
        view
        returns (IDeliveryLedger.SignedAcceptance[] memory acceptances)
    {
        acceptances = new IDeliveryLedger.SignedAcceptance[](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            Entitled storage e = entitled[batch[i]];
            bytes32 digest = deliveries.acceptanceDigest(e.id, e.record.amountMinor, _deadline());
            (bytes32 r, bytes32 vs) = vm.signCompact(families[e.family].key, digest);
            acceptances[i] = IDeliveryLedger.SignedAcceptance(e.id, e.record.amountMinor, _deadline(), r, vs);
        }
    }

    // --- Books

    function _bookDeliveries(uint256[] memory batch) private {
        for (uint256 i = 0; i < batch.length; ++i) {
            Entitled storage e = entitled[batch[i]];
            uint256 fund = lists[e.list].fund;
            uint64 amountMinor = e.record.amountMinor;
            e.record.state = HANDED_OVER;
            e.record.start = uint64(_modelLeave(fund, amountMinor, UnitState.HandedOver));
            e.record.handedOverAtUnixS = uint64(block.timestamp);
            IDeliveryLedger.PaymentList storage list = lists[e.list].record;
            list.open -= 1;
            list.openMinor -= amountMinor;
            reservedMinor[fund] -= amountMinor;
            if (_holdsMinutes(fund)) redeemed += amountMinor;
        }
    }

    function _bookConfirmation(uint256 index, IDeliveryLedger.AcceptanceMethod method) internal {
        entitled[index].record.method = method;
        _bookAnswer(index, CONFIRMED, UnitState.Confirmed);
    }

    /// @dev What came back before is elsewhere.
    function _bookAnswer(uint256 index, IDeliveryLedger.EntitlementState state, UnitState unitState) internal {
        IDeliveryLedger.Entitlement storage e = entitled[index].record;
        e.state = state;
        uint256 fund = lists[entitled[index].list].fund;
        _modelTell(fund, e.start + e.returnedMinor, e.amountMinor - e.returnedMinor, unitState);
    }
}
