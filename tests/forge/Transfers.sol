// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId, FundId, ReassignmentId, TransferId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice How units move on to another fund: transfers, and gifts that their donor wishes elsewhere; and how a donor
/// claims a gift. In the words of the tests.
abstract contract Transfers is Lists {
    TransferId internal constant TRANSFER = TransferId.wrap("transfer");
    ReassignmentId internal constant REASSIGNMENT = ReassignmentId.wrap("reassignment");

    // --- Transfers

    function _transferOf(TransferId id, FundId from, FundId to, uint64 amountMinor)
        internal
        pure
        returns (IFundLedger.TransferProposal memory)
    {
        return IFundLedger.TransferProposal(id, from, to, amountMinor, keccak256(abi.encode(id, "agreement")));
    }

    function _proposeTransfer(address maker, IFundLedger.TransferProposal memory proposal) internal {
        vm.prank(maker);
        ledger.proposeTransfers(_only(proposal));
    }

    function _approveTransfer(address checker, IFundLedger.TransferProposal memory proposal) internal {
        vm.prank(checker);
        ledger.approveTransfers(_only(proposal));
    }

    /// @dev Proposed and approved by the charity. The fund must hold enough.
    function _send(IFundLedger.TransferProposal memory proposal) internal {
        _proposeTransfer(charity.maker, proposal);
        _approveTransfer(charity.checker, proposal);
    }

    function _receive(address cashier, TransferId id) internal {
        vm.prank(cashier);
        ledger.receiveTransfers(_only(id));
    }

    function _bringBack(Staff memory staff, TransferId id) internal {
        vm.prank(staff.cashier);
        ledger.bringBackTransfers(staff.organisation, _only(id));
    }

    function _withdrawTransfer(address maker, TransferId id) internal {
        vm.prank(maker);
        ledger.withdrawTransfers(_only(id));
    }

    function _only(IFundLedger.TransferProposal memory proposal)
        internal
        pure
        returns (IFundLedger.TransferProposal[] memory proposals)
    {
        proposals = new IFundLedger.TransferProposal[](1);
        proposals[0] = proposal;
    }

    function _only(TransferId id) internal pure returns (TransferId[] memory ids) {
        ids = new TransferId[](1);
        ids[0] = id;
    }

    // --- What donors sign

    /// @dev A gift of a donor who can sign.
    function _giftOf(Person memory giver, DonationId id, uint64 amountMinor)
        internal
        view
        returns (IFundLedger.DonationEntry memory gift)
    {
        gift = _gift(id, amountMinor);
        gift.donor = giver.account;
    }

    function _consent(Person memory giver, ReassignmentId id, DonationId gift, FundId to, uint64 amountMinor)
        internal
        view
        returns (IFundLedger.SignedReassignment[] memory consents)
    {
        bytes32 digest = ledger.reassignmentDigest(id, gift, to, amountMinor, DEADLINE);
        (bytes32 r, bytes32 vs) = vm.signCompact(giver.key, digest);
        consents = new IFundLedger.SignedReassignment[](1);
        consents[0] = IFundLedger.SignedReassignment(id, gift, to, amountMinor, DEADLINE, r, vs);
    }

    function _reassign(FundId from, IFundLedger.SignedReassignment[] memory consents) internal {
        vm.prank(charity.cashier);
        ledger.reassign(from, consents);
    }

    function _claim(Person memory claimKey, DonationId gift, address wallet)
        internal
        view
        returns (IFundLedger.SignedClaim[] memory claims)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(claimKey.key, ledger.claimDigest(gift, wallet, DEADLINE));
        claims = new IFundLedger.SignedClaim[](1);
        claims[0] = IFundLedger.SignedClaim(gift, wallet, DEADLINE, r, vs);
    }
}
