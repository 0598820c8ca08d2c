// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {OrganisationId} from "contracts/src/types/Ids.sol";

import {CardTree} from "./CardTree.sol";
import {DeliveryActs} from "./DeliveryActs.sol";

/// @notice Families without a key accept by scratch card or before witnesses, who are not always what they should be.
abstract contract FieldActs is DeliveryActs {
    mapping(uint256 family => mapping(uint8 field => bool)) private _scratched;

    function acceptByCard(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        uint8 scratched = uint8(how % CardTree.FIELDS);
        Witness storage cosigner = witnesses[(how >> 16) % 5];
        bool expected = !_scratched[entitled[index].family][scratched] && _mayCosign(index, cosigner);
        bytes memory call = _cardCall(index, scratched, scratched, cosigner);
        if (!_sendByAnyone(address(field), call, expected)) return;
        _scratched[entitled[index].family][scratched] = true;
        _bookConfirmation(index, IDeliveryLedger.AcceptanceMethod.Card);
    }

    function acceptWitnessed(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        // Mostly the two who are outside of every list.
        uint256 other = (how >> 16) % 3 == 0 ? (how >> 8) % 5 : 1 - how % 2;
        (Witness storage first, Witness storage second) = (witnesses[how % 2], witnesses[other]);
        bytes memory call = _witnessedCall(index, first, second, second.key);
        if (!_sendByAnyone(address(field), call, _mayWitness(index, first, second))) return;
        _bookConfirmation(index, IDeliveryLedger.AcceptanceMethod.Witnesses);
    }

    /// @dev A used field, another field's secret, the agent as cosigner; nobody signs as a witness but the witness, and
    /// no two witnesses do who are not of two bodies outside.
    function acceptOnBadEvidence(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        uint256 family = entitled[index].family;
        for (uint8 f = 0; f < CardTree.FIELDS; ++f) {
            if (_scratched[family][f]) _refusedByAll(_cardCall(index, f, f, witnesses[0]));
        }
        uint8 other = uint8(how % CardTree.FIELDS);
        _refusedByAll(_cardCall(index, other, (other + 1) % CardTree.FIELDS, witnesses[0]));
        for (uint256 a = 0; a < witnesses.length; ++a) {
            if (!_mayCosign(index, witnesses[a])) _refusedByAll(_cardCall(index, other, other, witnesses[a]));
            for (uint256 b = 0; b < witnesses.length; ++b) {
                if (_mayWitness(index, witnesses[a], witnesses[b])) continue;
                _refusedByAll(_witnessedCall(index, witnesses[a], witnesses[b], witnesses[b].key));
            }
        }
        _refusedByAll(_witnessedCall(index, witnesses[0], witnesses[1], donors[0].key));
    }

    /// @dev Nobody says the family's yes but the contract that checks it.
    function confirmWithoutEvidence(uint256 seed, uint256 how) external act {
        (bool found, uint256 index) = _findEntitled(seed, HANDED_OVER);
        if (!found) return;
        IDeliveryLedger.AcceptanceMethod method =
            how % 2 == 0 ? IDeliveryLedger.AcceptanceMethod.Card : IDeliveryLedger.AcceptanceMethod.Witnesses;
        uint64 amountMinor = entitled[index].record.amountMinor;
        bytes memory call = abi.encodeCall(deliveries.confirmInField, (entitled[index].id, amountMinor, method));
        _sendByAnyone(address(deliveries), call, false);
    }

    /// @dev Somebody licensed who does not hand over for the provider.
    function _mayCosign(uint256 index, Witness storage cosigner) private view returns (bool) {
        OrganisationId provider = lists[entitled[index].list].record.provider;
        bool agent = cosigner.account == charity.agent && provider == CHARITY;
        return !agent && _isLicensed(cosigner.organisation);
    }

    /// @dev Two people of two licensed bodies, neither paying nor handing over.
    function _mayWitness(uint256 index, Witness storage a, Witness storage b) private view returns (bool) {
        IDeliveryLedger.PaymentList storage list = lists[entitled[index].list].record;
        return !(a.organisation == b.organisation) && !(a.organisation == list.payer)
            && !(a.organisation == list.provider) && !(b.organisation == list.payer)
            && !(b.organisation == list.provider) && _isLicensed(a.organisation) && _isLicensed(b.organisation);
    }

    function _refusedByAll(bytes memory call) private {
        if (surprises == 0) _sendByAnyone(address(field), call, false);
    }

    function _cardCall(uint256 index, uint8 scratched, uint8 secretOf, Witness storage cosigner)
        private
        view
        returns (bytes memory)
    {
        address household = entitled[index].record.household;
        IFieldAcceptance.CardAcceptance[] memory acceptances = new IFieldAcceptance.CardAcceptance[](1);
        acceptances[0].id = entitled[index].id;
        acceptances[0].amountMinor = entitled[index].record.amountMinor;
        acceptances[0].secret = CardTree.secret(household, secretOf);
        acceptances[0].field = scratched;
        acceptances[0].proof = CardTree.proof(household, scratched);
        acceptances[0].cosigner = _sign(index, cosigner, cosigner.key);
        return abi.encodeCall(field.acceptByCard, (acceptances));
    }

    /// @dev The second witness's signature is by this key.
    function _witnessedCall(uint256 index, Witness storage first, Witness storage second, uint256 key)
        private
        view
        returns (bytes memory)
    {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = new IFieldAcceptance.WitnessedAcceptance[](1);
        acceptances[0].id = entitled[index].id;
        acceptances[0].amountMinor = entitled[index].record.amountMinor;
        acceptances[0].first = _sign(index, first, first.key);
        acceptances[0].second = _sign(index, second, key);
        return abi.encodeCall(field.acceptWitnessed, (acceptances));
    }

    function _sign(uint256 index, Witness storage witness, uint256 key)
        private
        view
        returns (IFieldAcceptance.WitnessSignature memory)
    {
        bytes32 digest = field.witnessingDigest(witness.account, witness.organisation, entitled[index].id, _deadline());
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        return IFieldAcceptance.WitnessSignature(witness.organisation, witness.account, _deadline(), r, vs);
    }
}
