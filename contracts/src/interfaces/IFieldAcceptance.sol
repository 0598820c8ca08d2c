// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {EntitlementId, OrganisationId} from "../types/Ids.sol";

/// @title Acceptance by families without a key: by scratch card, or before two witnesses (DESIGN section 3; I6).
/// @notice The evidence is checked and recorded here; `DeliveryLedger` then confirms the delivery with the method. Every
/// act is done once: a delivery that is confirmed cannot be confirmed again.
interface IFieldAcceptance {
    /// @notice A witness's signed word that the household took the aid: EIP-712 `Witnessing`.
    struct WitnessSignature {
        OrganisationId organisation;
        address witness;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice Yes by scratch card: one of the 16 secrets under the card's Merkle root, and a second person's signature.
    struct CardAcceptance {
        EntitlementId id;
        uint64 amountMinor;
        bytes32 secret;
        /// @dev Which field of the card was scratched, from 0 to 15.
        uint8 field;
        bytes32[4] proof;
        WitnessSignature cosigner;
    }

    /// @notice Yes by two witnesses of two bodies other than payer and provider.
    struct WitnessedAcceptance {
        EntitlementId id;
        uint64 amountMinor;
        WitnessSignature first;
        WitnessSignature second;
    }

    /// @notice A field of the household's card was scratched for this delivery.
    event CardFieldRevealed(EntitlementId indexed entitlement, bytes32 indexed cardRoot, uint8 field, bytes32 secret);
    /// @notice A witness's word, with the signature that proves it.
    event DeliveryWitnessed(
        EntitlementId indexed entitlement,
        OrganisationId indexed organisation,
        address indexed witness,
        uint64 deadlineUnixS,
        bytes32 r,
        bytes32 vs
    );
    /// @notice The secret is not on the household's card at this field.
    /// @custom:field secret
    /// @custom:remedy read the scratched field again; a replaced card's secrets are void
    /// @custom:retry no
    error FieldAcceptanceNotOnCard(EntitlementId entitlement, uint8 field);
    /// @notice The field of the card was used before.
    /// @custom:field field
    /// @custom:remedy scratch the next field of the card
    /// @custom:retry no
    error FieldAcceptanceCardFieldUsed(EntitlementId entitlement, uint8 field);
    /// @notice Witnesses are two people of two bodies, neither paying nor handing over; a card's cosigner was never an agent
    /// of the provider.
    /// @custom:field witness
    /// @custom:remedy have an independent witness sign
    /// @custom:retry no
    error FieldAcceptanceNotIndependent(EntitlementId entitlement, address witness);

    /// @notice Confirms deliveries handed over before, by scratch card and cosigner (I6). Caller: anyone.
    function acceptByCard(CardAcceptance[] calldata acceptances) external;

    /// @notice Confirms deliveries handed over before, by two witnesses (I6). Caller: anyone.
    function acceptWitnessed(WitnessedAcceptance[] calldata acceptances) external;

    /// @notice Which fields of a card were used: bit i for field i.
    function usedCardFields(bytes32 cardRoot) external view returns (uint16);
    /// @notice EIP-712 digest of Witnessing(address witness,bytes32 organisation,address household,bytes32 entitlement,
    /// uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS), which a witness signs.
    function witnessingDigest(
        address witness,
        OrganisationId organisation,
        EntitlementId entitlement,
        uint64 deadlineUnixS
    ) external view returns (bytes32);
}
