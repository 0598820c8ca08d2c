// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {FeeId, ProgrammeId, RefundId} from "contracts/src/types/Ids.sol";

import {TypedData} from "../TypedData.sol";
import {Campaign} from "./Campaign.sol";

/// @notice Who recorded what, and that it stays recorded, after any history.
contract RecordInvariantsTest is Campaign {
    function _acts() internal view override returns (bytes4[] memory) {
        return _actsWithForbiddenOnes();
    }

    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    function invariant_I4_recordsChangeOnlyByTheirTransitions() public view {
        for (uint256 g = 0; g < gifts.length; ++g) {
            assertEq(abi.encode(ledger.donationOf(gifts[g].id)), abi.encode(gifts[g].record));
        }
        for (uint256 o = 0; o < outflows.length; ++o) {
            if (outflows[o].kind != Kind.Delivery) _assertOutflowUnchanged(outflows[o]);
        }
        for (uint256 l = 0; l < lists.length; ++l) {
            assertEq(abi.encode(ledger.listOf(lists[l].id)), abi.encode(lists[l].record));
        }
        for (uint256 e = 0; e < entitled.length; ++e) {
            assertEq(abi.encode(ledger.entitlementOf(entitled[e].id)), abi.encode(entitled[e].record));
        }
    }

    function invariant_I5_everyDeliveryIsOnAListThatAnotherCheckerApproved() public view {
        for (uint256 e = 0; e < entitled.length; ++e) {
            IFundLedger.Entitlement memory entitlement = ledger.entitlementOf(entitled[e].id);
            IFundLedger.PaymentList memory list = ledger.listOf(lists[entitled[e].list].id);
            assertEq(entitlement.listNumber, entitled[e].list + 1);
            if (list.state == IFundLedger.ListState.Approved) {
                assertTrue(list.maker != list.checker && list.checker != address(0));
            } else {
                assertTrue(entitlement.state == IFundLedger.EntitlementState.Offered, "delivered without approval");
            }
        }
    }

    /// @dev Recovers the signer from what was emitted, with hashing of our own.
    function invariant_I6_everyConfirmationCarriesTheFamilysSignature() public view {
        uint256 confirmed = 0;
        for (uint256 e = 0; e < entitled.length; ++e) {
            if (ledger.entitlementOf(entitled[e].id).state == IFundLedger.EntitlementState.Confirmed) ++confirmed;
        }
        assertEq(confirmed, confirmations.length, "every confirmed delivery was emitted as such, once");
        for (uint256 c = 0; c < confirmations.length; ++c) {
            Confirmation storage confirmation = confirmations[c];
            uint256 s = uint256(confirmation.vs) & type(uint256).max >> 1;
            assertLe(s, HALF_ORDER);
            uint8 v = 27 + uint8(uint256(confirmation.vs) >> 255);
            address signer = ecrecover(_acceptanceDigest(confirmation), v, confirmation.r, bytes32(s));
            assertEq(signer, confirmation.key);
        }
    }

    function invariant_I8_noBodyWritesWithoutALicence() public view {
        assertEq(writesWithoutLicence, 0);
    }

    function invariant_I9_restrictedMoneyLeavesOnlyForItsRestriction() public view {
        for (uint256 l = 0; l < lists.length; ++l) {
            IFundLedger.PaymentList memory list = ledger.listOf(lists[l].id);
            IFundLedger.Fund memory fund = ledger.fundOf(funds[lists[l].fund]);
            assertTrue(list.programme == _programme(lists[l].fund));
            assertTrue(ledger.takesHead(list.programme, fund.head));
            assertTrue(ledger.programmeOwner(list.programme) == fund.organisation);
            assertTrue(ProgrammeId.unwrap(fund.programme) == 0 || fund.programme == list.programme);
        }
    }

    function invariant_actsSucceedExactlyWhenTheRulesAllow() public view {
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }

    function _assertOutflowUnchanged(Outflow storage o) private view {
        bool isFee = o.kind == Kind.Fee;
        IFundLedger.Outflow memory record =
            isFee ? ledger.feeOf(FeeId.wrap(o.id)) : ledger.refundOf(RefundId.wrap(o.id));
        assertEq(record.start, o.start);
        assertEq(record.amountMinor, o.amountMinor);
        bytes32 about = isFee ? bytes32(0) : keccak256(abi.encode(gifts[o.subject].id));
        assertEq(record.digest, uint64(bytes8(about)));
    }

    function _acceptanceDigest(Confirmation storage confirmation) private view returns (bytes32) {
        Entitled storage e = entitled[confirmation.entitled];
        return TypedData.digest(
            TypedData.Domain("Amanat FundLedger", block.chainid, address(ledger)),
            TypedData.acceptance(
                families[e.family].account,
                e.id,
                e.record.amountMinor,
                ledger.fundOf(funds[lists[e.list].fund]).unit,
                GENESIS,
                confirmation.deadlineUnixS
            )
        );
    }
}
