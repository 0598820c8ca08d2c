// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {Code, EntitlementId, FundId, OrganisationId, PaymentListId, ReturnId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice What becomes of a delivery afterwards: objections, decisions and returns, in the words of the tests.
abstract contract Disputes is Lists {
    ReturnId internal constant RETURN = ReturnId.wrap("return");
    ReturnId internal constant OTHER_RETURN = ReturnId.wrap("other return");
    Code internal constant NOTHING_CAME = Code.wrap("nothing came");
    Code internal constant REPAYMENT = Code.wrap("repayment");

    function _objection(Person memory family, EntitlementId id)
        internal
        view
        returns (IDeliveryLedger.SignedDispute[] memory disputes)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(family.key, deliveries.disputeDigest(id, NOTHING_CAME, DEADLINE));
        disputes = new IDeliveryLedger.SignedDispute[](1);
        disputes[0] = IDeliveryLedger.SignedDispute(id, NOTHING_CAME, DEADLINE, r, vs);
    }

    /// @dev The registrar body brings the family's objection.
    function _disputeFor(EntitlementId id) internal {
        IDeliveryLedger.DisputeEntry[] memory disputes = new IDeliveryLedger.DisputeEntry[](1);
        disputes[0] = IDeliveryLedger.DisputeEntry(id, NOTHING_CAME);
        vm.prank(registrarBody.registrar);
        deliveries.disputeFor(REGISTRAR_BODY, disputes);
    }

    function _decision(EntitlementId id, bool upheld)
        internal
        pure
        returns (IDeliveryLedger.Decision[] memory decisions)
    {
        decisions = new IDeliveryLedger.Decision[](1);
        decisions[0] = IDeliveryLedger.Decision(id, upheld, RETURN);
    }

    /// @dev The regulator, who stands above everybody.
    function _decide(IDeliveryLedger.Decision[] memory decisions) internal {
        vm.prank(firstRegulator);
        deliveries.decide(NO_BODY, decisions);
    }

    function _return(FundId fund, ReturnId id, EntitlementId entitlement, uint64 amountMinor) internal {
        IDeliveryLedger.ReturnEntry[] memory entries = new IDeliveryLedger.ReturnEntry[](1);
        entries[0] = IDeliveryLedger.ReturnEntry(id, entitlement, amountMinor, REPAYMENT);
        vm.prank(charity.cashier);
        deliveries.recordReturns(fund, entries);
    }

    function _cancel(PaymentListId list) internal {
        vm.prank(charity.maker);
        deliveries.cancelList(list, MISUSE);
    }

    function _stateOf(EntitlementId id) internal view returns (IDeliveryLedger.EntitlementState) {
        return deliveries.entitlementOf(id).state;
    }

    function _assertState(EntitlementId id, IDeliveryLedger.EntitlementState state) internal view {
        assertEq(uint8(_stateOf(id)), uint8(state), "the entitlement's state");
    }

    function _wrongState(EntitlementId id, IDeliveryLedger.EntitlementState state)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerEntitlementState.selector, id, state);
    }
}
