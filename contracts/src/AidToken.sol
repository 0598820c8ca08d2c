// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

import {IDeliveryLedger} from "./interfaces/IDeliveryLedger.sol";
import {LedgerToken} from "./LedgerToken.sol";
import {EntitlementId} from "./types/Ids.sol";

/// @title Entitlements as soulbound tokens: the token's id is the entitlement's, its owner the household's account.
contract AidToken is LedgerToken {
    /// @inheritdoc IERC721Metadata
    string public constant name = "Amanat aid";
    /// @inheritdoc IERC721Metadata
    string public constant symbol = "AMANAT-A";

    IDeliveryLedger private immutable DELIVERY_LEDGER;

    constructor(IDeliveryLedger deliveryLedger) {
        DELIVERY_LEDGER = deliveryLedger;
    }

    function _holder(uint256 tokenId) internal view override returns (address) {
        try DELIVERY_LEDGER.termsOf(EntitlementId.wrap(bytes32(tokenId))) returns (
            IDeliveryLedger.EntitlementTerms memory terms
        ) {
            return terms.household;
        } catch {
            return address(0);
        }
    }

    function _metadata(uint256 tokenId) internal view override returns (string memory) {
        EntitlementId id = EntitlementId.wrap(bytes32(tokenId));
        IDeliveryLedger.EntitlementTerms memory terms = DELIVERY_LEDGER.termsOf(id);
        IDeliveryLedger.PaymentList memory list = DELIVERY_LEDGER.listOf(DELIVERY_LEDGER.listOfEntitlement(id));
        string memory state = list.state == IDeliveryLedger.ListState.Proposed
            || list.state == IDeliveryLedger.ListState.Checked
            ? "listed"
            : _name(terms.state);
        return _json(name, tokenId, terms.unit, terms.amountMinor, list.fund, state);
    }

    function _name(IDeliveryLedger.EntitlementState state) private pure returns (string memory) {
        if (state == IDeliveryLedger.EntitlementState.Offered) return "offered";
        if (state == IDeliveryLedger.EntitlementState.Refused) return "refused";
        if (state == IDeliveryLedger.EntitlementState.Expired) return "expired";
        if (state == IDeliveryLedger.EntitlementState.HandedOver) return "handed over";
        if (state == IDeliveryLedger.EntitlementState.Confirmed) return "confirmed";
        if (state == IDeliveryLedger.EntitlementState.Cancelled) return "cancelled";
        if (state == IDeliveryLedger.EntitlementState.Disputed) return "disputed";
        if (state == IDeliveryLedger.EntitlementState.Upheld) return "upheld";
        return state == IDeliveryLedger.EntitlementState.Dismissed ? "dismissed" : "returned";
    }
}
