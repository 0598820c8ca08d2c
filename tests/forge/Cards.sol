// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {EntitlementId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";

/// @notice Scratch cards and witnesses, in the words of the tests. A card is a Merkle tree over 16 secrets.
abstract contract Cards is Disputes {
    struct Card {
        bytes32 root;
        bytes32[16] secrets;
        bytes32[4][16] proofs;
    }

    /// @dev The card of a household; each number is another card.
    function _card(address household, uint256 number) internal pure returns (Card memory card) {
        bytes32[16] memory nodes;
        uint256[16] memory place;
        for (uint256 i = 0; i < 16; ++i) {
            card.secrets[i] = keccak256(abi.encode("secret", household, number, i));
            nodes[i] = keccak256(bytes.concat(keccak256(abi.encode(household, i, card.secrets[i]))));
            place[i] = i;
        }
        for (uint256 level = 0; level < 4; ++level) {
            for (uint256 i = 0; i < 16; ++i) {
                card.proofs[i][level] = nodes[place[i] ^ 1];
                place[i] /= 2;
            }
            for (uint256 i = 0; i < 8 >> level; ++i) {
                nodes[i] = _pair(nodes[2 * i], nodes[2 * i + 1]);
            }
        }
        card.root = nodes[0];
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function _giveCard(address household, bytes32 root) internal {
        vm.prank(registrarBody.registrar);
        households.replaceCard(REGISTRAR_BODY, household, root);
    }

    /// @dev The staff key that `_establish` made, e.g. "other charity's witness", with what it signs with.
    function _staff(string memory name) internal returns (Person memory person) {
        (person.signer, person.key) = makeAddrAndKey(name);
        person.account = person.signer;
    }

    /// @dev A witness's word for a body; it speaks of the entitlement as it was promised.
    function _word(Person memory witness, Staff memory body, EntitlementId id)
        internal
        view
        returns (IFieldAcceptance.WitnessSignature memory)
    {
        bytes32 digest = field.witnessingDigest(witness.account, body.organisation, id, DEADLINE);
        (bytes32 r, bytes32 vs) = vm.signCompact(witness.key, digest);
        return IFieldAcceptance.WitnessSignature(body.organisation, witness.account, DEADLINE, r, vs);
    }

    /// @dev A field of the card, scratched before the registrar's witness.
    function _scratched(Card memory card, uint8 number, EntitlementId id, uint64 amountMinor)
        internal
        returns (IFieldAcceptance.CardAcceptance[] memory acceptances)
    {
        acceptances = new IFieldAcceptance.CardAcceptance[](1);
        acceptances[0] = IFieldAcceptance.CardAcceptance(
            id,
            amountMinor,
            card.secrets[number],
            number,
            card.proofs[number],
            _word(_staff("registrar's witness"), registrarBody, id)
        );
    }

    /// @dev Before a witness of the other charity and one of the registrar body.
    function _witnessed(EntitlementId id, uint64 amountMinor)
        internal
        returns (IFieldAcceptance.WitnessedAcceptance[] memory acceptances)
    {
        acceptances = new IFieldAcceptance.WitnessedAcceptance[](1);
        acceptances[0] = IFieldAcceptance.WitnessedAcceptance(
            id,
            amountMinor,
            _word(_staff("other charity's witness"), otherCharity, id),
            _word(_staff("registrar's witness"), registrarBody, id)
        );
    }
}
