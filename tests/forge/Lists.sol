// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {Code, EntitlementId, FundId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {Gifts} from "./Gifts.sol";

/// @notice Payment lists from proposal to delivery, in the words of the tests. The lists are the charity's.
abstract contract Lists is Gifts {
    PaymentListId internal constant LIST = PaymentListId.wrap("list");
    EntitlementId internal constant FIRST = EntitlementId.wrap("first entitlement");
    EntitlementId internal constant SECOND = EntitlementId.wrap("second entitlement");
    uint64 internal constant LIST_END = NOW + 30 days;
    uint64 internal constant DEADLINE = NOW + 300 days;

    /// @dev 300 for the first family and 200 for the second.
    function _twoItems() internal view returns (IDeliveryLedger.EntitlementEntry[] memory items) {
        items = new IDeliveryLedger.EntitlementEntry[](2);
        items[0] = _entry(FIRST, families[0].account, 300);
        items[1] = _entry(SECOND, families[1].account, 200);
    }

    function _entry(EntitlementId id, address household, uint64 amountMinor)
        internal
        pure
        returns (IDeliveryLedger.EntitlementEntry memory entry)
    {
        (entry.id, entry.household, entry.amountMinor) = (id, household, amountMinor);
    }

    function _oneItem(EntitlementId id, address household, uint64 amountMinor)
        internal
        pure
        returns (IDeliveryLedger.EntitlementEntry[] memory items)
    {
        items = new IDeliveryLedger.EntitlementEntry[](1);
        items[0] = _entry(id, household, amountMinor);
    }

    function _proposal(
        PaymentListId id,
        FundId fund,
        ProgrammeId programme,
        IDeliveryLedger.EntitlementEntry[] memory items
    ) internal view returns (IDeliveryLedger.ListProposal memory proposal) {
        proposal.id = id;
        proposal.fund = fund;
        proposal.programme = programme;
        proposal.provider = CHARITY;
        proposal.count = uint32(items.length);
        proposal.expiresAtUnixS = uint64(block.timestamp + 30 days);
        for (uint256 i = 0; i < items.length; ++i) {
            proposal.contentHash =
                keccak256(abi.encode(proposal.contentHash, items[i].id, items[i].household, items[i].amountMinor));
            proposal.totalMinor += items[i].amountMinor;
        }
    }

    function _propose(IDeliveryLedger.ListProposal memory proposal, IDeliveryLedger.EntitlementEntry[] memory items)
        internal
    {
        vm.prank(charity.maker);
        deliveries.proposeList(proposal, items);
    }

    function _approve(PaymentListId list) internal {
        bytes32 contentHash = deliveries.listOf(list).contentHash;
        vm.prank(charity.checker);
        deliveries.approveList(list, contentHash);
    }

    /// @dev Proposed and approved. The fund must hold enough.
    function _offer(
        PaymentListId list,
        FundId fund,
        ProgrammeId programme,
        IDeliveryLedger.EntitlementEntry[] memory items
    ) internal {
        _propose(_proposal(list, fund, programme, items), items);
        _approve(list);
    }

    /// @dev The two items, offered from the food fund, which holds 1,000.
    function _offerTwoItems() internal {
        _donate(FOOD_FUND, GIFT, 1000);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
    }

    function _handOver(PaymentListId list, EntitlementId entitlement) internal {
        vm.prank(charity.agent);
        deliveries.handOver(list, _only(entitlement));
    }

    function _only(EntitlementId entitlement) internal pure returns (EntitlementId[] memory entitlements) {
        entitlements = new EntitlementId[](1);
        entitlements[0] = entitlement;
    }

    // --- What families sign

    function _acceptance(Person memory family, EntitlementId id, uint64 amountMinor)
        internal
        view
        returns (IDeliveryLedger.SignedAcceptance[] memory acceptances)
    {
        return _signedAcceptance(family, id, amountMinor, deliveries.acceptanceDigest(id, amountMinor, DEADLINE));
    }

    function _signedAcceptance(Person memory family, EntitlementId id, uint64 amountMinor, bytes32 digest)
        internal
        pure
        returns (IDeliveryLedger.SignedAcceptance[] memory acceptances)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(family.key, digest);
        acceptances = new IDeliveryLedger.SignedAcceptance[](1);
        acceptances[0] = IDeliveryLedger.SignedAcceptance(id, amountMinor, DEADLINE, r, vs);
    }

    function _refusal(Person memory family, EntitlementId id, Code reason)
        internal
        view
        returns (IDeliveryLedger.SignedRefusal[] memory refusals)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(family.key, deliveries.refusalDigest(id, reason, DEADLINE));
        refusals = new IDeliveryLedger.SignedRefusal[](1);
        refusals[0] = IDeliveryLedger.SignedRefusal(id, reason, DEADLINE, r, vs);
    }
}
