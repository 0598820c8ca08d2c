// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

import {IFundLedger} from "./interfaces/IFundLedger.sol";
import {LedgerToken} from "./LedgerToken.sol";
import {DonationId} from "./types/Ids.sol";

/// @title Gifts as soulbound tokens: the token's id is the gift's, its owner the donor.
contract DonationToken is LedgerToken {
    /// @inheritdoc IERC721Metadata
    string public constant name = "Amanat donation";
    /// @inheritdoc IERC721Metadata
    string public constant symbol = "AMANAT-D";

    IFundLedger private immutable FUND_LEDGER;

    constructor(IFundLedger fundLedger) {
        FUND_LEDGER = fundLedger;
    }

    function _holder(uint256 tokenId) internal view override returns (address) {
        return FUND_LEDGER.donationOf(DonationId.wrap(bytes32(tokenId))).donor;
    }

    function _metadata(uint256 tokenId) internal view override returns (string memory) {
        DonationId id = DonationId.wrap(bytes32(tokenId));
        IFundLedger.Donation memory donation = FUND_LEDGER.donationOf(id);
        IFundLedger.Fund memory fund = FUND_LEDGER.fundOfDonation(id);
        return _json(name, tokenId, fund.unit, donation.amountMinor, fund.id, _state(donation, fund.outflowEnd));
    }

    /// @dev How far the fund's outflow has come through the gift's own units; what became of each unit is read from the
    /// events (DESIGN section 2).
    function _state(IFundLedger.Donation memory donation, uint64 outflowEnd) private pure returns (string memory) {
        uint64 withdrawn = donation.refundedMinor + donation.reassignedMinor;
        if (withdrawn == donation.amountMinor) return "withdrawn";
        if (outflowEnd <= donation.start) return "waiting";
        return outflowEnd < donation.start + donation.amountMinor - withdrawn ? "partly used" : "used";
    }
}
