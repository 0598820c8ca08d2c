// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, FeeId, RefundId, TransferId} from "contracts/src/types/Ids.sol";

import {CampaignCoverage} from "./CampaignCoverage.t.sol";

/// @notice Who recorded what, and that it stays recorded, after any history.
contract RecordInvariantsTest is CampaignCoverage {
    function _acts() internal view override returns (bytes4[] memory) {
        return _actsWithForbiddenOnes();
    }

    function invariant_I4_recordsChangeOnlyByTheirTransitions() public view {
        for (uint256 g = 0; g < gifts.length; ++g) {
            assertEq(abi.encode(ledger.donationOf(gifts[g].id)), abi.encode(gifts[g].record));
        }
        for (uint256 o = 0; o < outflows.length; ++o) {
            IFundLedger.Outflow memory record = outflows[o].isFee
                ? ledger.feeOf(FeeId.wrap(outflows[o].id))
                : ledger.refundOf(RefundId.wrap(outflows[o].id));
            assertEq(abi.encode(record), abi.encode(outflows[o].record));
        }
        for (uint256 t = 0; t < passings.length; ++t) {
            assertEq(abi.encode(ledger.transferOf(passings[t].proposal.id)), abi.encode(passings[t].record));
        }
        for (uint256 l = 0; l < lists.length; ++l) {
            assertEq(abi.encode(deliveries.listOf(lists[l].id)), abi.encode(lists[l].record));
        }
        for (uint256 e = 0; e < entitled.length; ++e) {
            IDeliveryLedger.Entitlement memory record = entitled[e].record;
            record.state = _stateOf(e);
            assertEq(abi.encode(deliveries.entitlementOf(entitled[e].id)), abi.encode(record));
        }
    }

    function invariant_I5_whateverLeftWasCheckedByOthersThanItsMaker() public view {
        for (uint256 l = 0; l < lists.length; ++l) {
            IDeliveryLedger.PaymentList memory list = deliveries.listOf(lists[l].id);
            if (list.state == APPROVED) _assertListChecked(l);
            else assertTrue(list.checker != list.maker);
        }
        for (uint256 e = 0; e < entitled.length; ++e) {
            if (!_wasHandedOver(deliveries.entitlementOf(entitled[e].id).state)) continue;
            _assertListChecked(entitled[e].list);
        }
        for (uint256 t = 0; t < passings.length; ++t) {
            TransferId id = passings[t].proposal.id;
            IFundLedger.Transfer memory transfer = ledger.transferOf(id);
            if (transfer.state != ON_ITS_WAY && transfer.state != ARRIVED && transfer.state != CAME_BACK) continue;
            bool needsTwo = _needsTwoCheckers(passings[t].from, transfer.amountMinor);
            address second = needsTwo ? transfer.secondChecker : transfer.checker;
            assertEq(second, sentBy[TransferId.unwrap(id)]);
            _assertChecked(transfer.maker, transfer.checker, second, needsTwo);
        }
    }

    /// @dev From what was emitted, with hashing of our own.
    function invariant_I6_everyConfirmationCarriesTheFamilysYes() public view {
        uint256 confirmed = 0;
        for (uint256 e = 0; e < entitled.length; ++e) {
            IDeliveryLedger.Entitlement memory entitlement = deliveries.entitlementOf(entitled[e].id);
            if (entitlement.state == CONFIRMED) {
                assertTrue(entitlement.method != IDeliveryLedger.AcceptanceMethod.None);
            }
            if (entitlement.method == IDeliveryLedger.AcceptanceMethod.None) continue;
            ++confirmed;
            assertEq(timesConfirmed[entitled[e].id], 1);
        }
        assertEq(confirmed, confirmations.length, "every confirmed delivery was emitted as such, once");
        for (uint256 c = 0; c < confirmations.length; ++c) {
            IDeliveryLedger.Entitlement memory entitlement = deliveries.entitlementOf(confirmations[c].id);
            IDeliveryLedger.PaymentList memory list =
                deliveries.listOf(deliveries.listOfEntitlement(confirmations[c].id));
            assertTrue(entitlement.method == confirmations[c].method);
            Terms memory terms =
                Terms(entitlement.household, entitlement.amountMinor, list.unit, list.payer, list.provider);
            assertTrue(_isEvidence(confirmations[c], terms), "a confirmation without a valid yes");
        }
    }

    function invariant_I8_noBodyWritesWithoutALicence() public view {
        assertEq(writesWithoutLicence, 0);
    }

    function invariant_I9_restrictedMoneyLeavesOnlyForItsRestriction() public {
        for (uint256 l = 0; l < lists.length; ++l) {
            IDeliveryLedger.PaymentList memory list = deliveries.listOf(lists[l].id);
            assertTrue(_mayServe(lists[l].fund, list.programme, list.place));
            assertTrue(_worksIn(list.provider, list.place));
        }
        for (uint256 t = 0; t < passings.length; ++t) {
            IFundLedger.Transfer memory transfer = ledger.transferOf(passings[t].proposal.id);
            assertTrue(_mayTransfer(transfer.fromNumber - 1, transfer.toNumber - 1));
        }
        for (uint256 m = 0; m < misuses.length; ++m) {
            vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, misuses[m]));
            deliveries.listOf(misuses[m]);
        }
    }

    /// @dev One entitlement per household and season that did not end without aid.
    function invariant_aSeasonIsGivenToAHouseholdOnce() public view {
        for (uint256 s = 0; s < seasons.length; ++s) {
            uint256[] memory held = new uint256[](families.length);
            for (uint256 e = 0; e < entitled.length; ++e) {
                IDeliveryLedger.PaymentList storage list = lists[entitled[e].list].record;
                if (list.season == seasons[s] && _holdsSeason(e)) ++held[entitled[e].family];
            }
            for (uint256 f = 0; f < families.length; ++f) {
                assertLe(held[f], 1);
                uint256 last = seasonal[seasons[s]][f];
                if (last == 0) continue;
                assertTrue(deliveries.seasonalOf(WINTER, seasons[s], families[f].account) == entitled[last - 1].id);
            }
        }
    }

    function invariant_noPlaceHasMoreEntitlementsThanItsQuota() public view {
        for (uint256 s = 0; s < seasons.length; ++s) {
            for (uint256 p = 0; p < places.length; ++p) {
                IProgrammeRegistry.PlaceQuota memory quota = programmes.quotaOf(WINTER, seasons[s], places[p]);
                assertEq(quota.most, quotas[seasons[s]][places[p]]);
                assertEq(quota.taken, _countTaken(seasons[s], places[p]));
                assertLe(quota.taken, quota.most);
            }
        }
    }

    function invariant_actsSucceedExactlyWhenTheRulesAllow() public view {
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }

    /// @dev Also of a list that ended since.
    function _assertListChecked(uint256 index) private view {
        IDeliveryLedger.PaymentList memory list = deliveries.listOf(lists[index].id);
        assertTrue(list.state == APPROVED || list.state == CANCELLED || list.state == ENDED);
        address second = _needsTwo(index) ? list.secondChecker : list.checker;
        _assertChecked(list.maker, list.checker, second, _needsTwo(index));
    }

    function _assertChecked(address maker, address first, address second, bool needsTwo) private pure {
        assertTrue(first != address(0) && first != maker, "checked by its maker, or by nobody");
        assertTrue(second != address(0) && second != maker, "sent off by its maker, or by nobody");
        if (needsTwo) assertTrue(first != second, "checked twice by one key");
    }

    /// @dev What was offered and not freed, or handed over and not upheld.
    function _countTaken(Code season, Code place) private view returns (uint256 count) {
        for (uint256 e = 0; e < entitled.length; ++e) {
            IDeliveryLedger.PaymentList storage list = lists[entitled[e].list].record;
            if (!(list.season == season && list.place == place)) continue;
            IDeliveryLedger.EntitlementState state = entitled[e].record.state;
            bool offered = state == OFFERED && list.state == APPROVED;
            if (offered || (_wasHandedOver(state) && _holdsSeason(e))) ++count;
        }
    }
}
