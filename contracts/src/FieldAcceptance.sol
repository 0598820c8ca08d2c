// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {IDeliveryLedger} from "./interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "./interfaces/IFieldAcceptance.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {SignedActs} from "./SignedActs.sol";
import {EntitlementId, OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract FieldAcceptance is IFieldAcceptance, SignedActs {
    uint8 private constant CARD_FIELDS = 16;

    bytes32 private constant WITNESSING = keccak256(
        "Witnessing(address witness,bytes32 organisation,address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;
    IDeliveryLedger private immutable DELIVERY_LEDGER;

    mapping(bytes32 cardRoot => uint16) private _usedFields;

    constructor(
        ILicenceRegistry licences,
        IHouseholdRegistry households,
        IDeliveryLedger deliveryLedger,
        bytes32 genesis
    ) SignedActs("Amanat FieldAcceptance", genesis) {
        LICENCES = licences;
        HOUSEHOLDS = households;
        DELIVERY_LEDGER = deliveryLedger;
    }

    /// @inheritdoc IFieldAcceptance
    function acceptByCard(CardAcceptance[] calldata acceptances) external {
        for (uint256 i = 0; i < acceptances.length; ++i) {
            _acceptByCard(acceptances[i]);
        }
    }

    /// @inheritdoc IFieldAcceptance
    function acceptWitnessed(WitnessedAcceptance[] calldata acceptances) external {
        for (uint256 i = 0; i < acceptances.length; ++i) {
            _acceptWitnessed(acceptances[i]);
        }
    }

    /// @inheritdoc IFieldAcceptance
    function usedCardFields(bytes32 cardRoot) external view returns (uint16) {
        return _usedFields[cardRoot];
    }

    /// @inheritdoc IFieldAcceptance
    function witnessingDigest(
        address witness,
        OrganisationId organisation,
        EntitlementId entitlement,
        uint64 deadlineUnixS
    ) external view returns (bytes32) {
        IDeliveryLedger.EntitlementTerms memory terms = DELIVERY_LEDGER.termsOf(entitlement);
        return _hashTypedDataV4(_witnessingHash(witness, organisation, entitlement, terms, deadlineUnixS));
    }

    function _acceptByCard(CardAcceptance calldata a) private {
        IDeliveryLedger.EntitlementTerms memory terms = DELIVERY_LEDGER.termsOf(a.id);
        bytes32 cardRoot = HOUSEHOLDS.householdOf(terms.household).cardRoot;
        require(
            a.field < CARD_FIELDS && cardRoot != 0 && _rootOf(terms.household, a) == cardRoot,
            FieldAcceptanceNotOnCard(a.id, a.field)
        );
        uint16 bit = uint16(1 << a.field);
        require(_usedFields[cardRoot] & bit == 0, FieldAcceptanceCardFieldUsed(a.id, a.field));
        // The agent who handed over may have seen the card: who was ever the provider's agent does not confirm it.
        require(
            LICENCES.operatorOf(terms.provider, a.cosigner.witness).everRoles & Roles.AGENT == 0,
            FieldAcceptanceNotIndependent(a.id, a.cosigner.witness)
        );
        _usedFields[cardRoot] |= bit;
        emit CardFieldRevealed(a.id, cardRoot, a.field, a.secret);
        _witness(a.id, terms, a.cosigner);
        DELIVERY_LEDGER.confirmInField(a.id, a.amountMinor, IDeliveryLedger.AcceptanceMethod.Card);
    }

    function _acceptWitnessed(WitnessedAcceptance calldata a) private {
        IDeliveryLedger.EntitlementTerms memory terms = DELIVERY_LEDGER.termsOf(a.id);
        _requireOutside(a.id, terms, a.first);
        _requireOutside(a.id, terms, a.second);
        require(
            !(a.first.organisation == a.second.organisation) && a.first.witness != a.second.witness,
            FieldAcceptanceNotIndependent(a.id, a.second.witness)
        );
        _witness(a.id, terms, a.first);
        _witness(a.id, terms, a.second);
        DELIVERY_LEDGER.confirmInField(a.id, a.amountMinor, IDeliveryLedger.AcceptanceMethod.Witnesses);
    }

    function _witness(EntitlementId id, IDeliveryLedger.EntitlementTerms memory terms, WitnessSignature calldata w)
        private
    {
        LICENCES.requireRole(w.organisation, w.witness, Roles.WITNESS);
        _requireSigned(
            EntitlementId.unwrap(id),
            w.witness,
            _witnessingHash(w.witness, w.organisation, id, terms, w.deadlineUnixS),
            w.deadlineUnixS,
            w.r,
            w.vs
        );
        emit DeliveryWitnessed(id, w.organisation, w.witness, w.deadlineUnixS, w.r, w.vs);
    }

    function _requireOutside(
        EntitlementId id,
        IDeliveryLedger.EntitlementTerms memory terms,
        WitnessSignature calldata w
    ) private pure {
        require(
            !(w.organisation == terms.payer || w.organisation == terms.provider),
            FieldAcceptanceNotIndependent(id, w.witness)
        );
    }

    /// @dev Leaves are hashed twice, so that no inner node passes for one (OpenZeppelin's standard Merkle tree).
    function _rootOf(address household, CardAcceptance calldata a) private pure returns (bytes32 node) {
        node = keccak256(bytes.concat(keccak256(abi.encode(household, a.field, a.secret))));
        for (uint256 i = 0; i < a.proof.length; ++i) {
            node = Hashes.commutativeKeccak256(node, a.proof[i]);
        }
    }

    function _witnessingHash(
        address witness,
        OrganisationId organisation,
        EntitlementId id,
        IDeliveryLedger.EntitlementTerms memory terms,
        uint64 deadlineUnixS
    ) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                WITNESSING,
                witness,
                organisation,
                terms.household,
                id,
                terms.amountMinor,
                terms.unit,
                genesisHash,
                deadlineUnixS
            )
        );
    }
}
