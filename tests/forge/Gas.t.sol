// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {console} from "forge-std/console.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {Code, DonationId, EntitlementId, ProgrammeId, ServiceId} from "contracts/src/types/Ids.sol";

import {Cards} from "./Cards.sol";
import {Hours} from "./Hours.sol";

/// @notice What one item of a batch of 100 costs when every party in it is new: execution on cold storage plus the
/// transaction's own 21,000 and its calldata, by the rules of the Paris fork. The figures stand in
/// `snapshots/GasTest.json`, and any difference from them fails; after a wanted one, `FORGE_SNAPSHOT_CHECK=false` writes
/// them anew.
contract GasTest is Hours, Cards {
    ProgrammeId private constant CAREFUL = ProgrammeId.wrap("careful programme");
    Code private constant SEASON = Code.wrap("1405-winter");
    Code private constant PLACE = Code.wrap("IR-23-01");
    uint256 private constant BATCH = 100;
    uint256 private constant TRANSACTION = 21_000;
    uint256 private constant ZERO_BYTE = 4;
    uint256 private constant OTHER_BYTE = 16;

    function test_aDonationCostsAtMost75000Gas() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        IFundLedger.DonationEntry[] memory entries = new IFundLedger.DonationEntry[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            entries[i] = _gift(DonationId.wrap(_random("donation", i)), uint64(1_000_000 + i));
            entries[i].donor = _account("donor", i);
            entries[i].commitment = _random("commitment", i);
        }
        uint256 each =
            _gasPerItem(charity.cashier, address(ledger), abi.encodeCall(ledger.donate, (GENERAL_FUND, entries)));
        _assertWithin("donation", each, 75_000);
    }

    function test_anEntitlementCostsAtMost90000Gas() public {
        _openHundredFamilies();
        _donate(FOOD_FUND, GIFT, 1_000_000_000);
        IDeliveryLedger.EntitlementEntry[] memory items = _hundredItems();
        uint256 each = _gasOfList(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _assertWithin("entitlement", each, 90_000);
    }

    /// @dev One that also proves a clearance and takes a season and a place.
    function test_anEntitlementWithClearanceSeasonAndQuotaCostsAtMost90000Gas() public {
        _openHundredFamilies();
        _donate(GENERAL_FUND, GIFT, 1_000_000_000);
        _openCarefulProgramme();
        IDeliveryLedger.EntitlementEntry[] memory items = _hundredItems();
        Person memory clearer = _staff("registrar's clearer");
        for (uint256 i = 0; i < BATCH; ++i) {
            bytes32 digest = deliveries.clearanceDigest(items[i].household, CAREFUL, SEASON, items[i].id, DEADLINE);
            (items[i].clearer, items[i].clearanceDeadlineUnixS) = (clearer.account, DEADLINE);
            (items[i].clearanceR, items[i].clearanceVs) = vm.signCompact(clearer.key, digest);
        }
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, GENERAL_FUND, CAREFUL, items);
        (proposal.season, proposal.place) = (SEASON, PLACE);
        _assertWithin("entitlement with clearance, season and quota", _gasOfList(proposal, items), 90_000);
    }

    function test_aHandOverWithTheFamilysSignatureCostsAtMost75000Gas() public {
        Person[] memory hundred = _openHundredFamilies();
        _donate(FOOD_FUND, GIFT, 1_000_000_000);
        IDeliveryLedger.EntitlementEntry[] memory items = _hundredItems();
        _offer(LIST, FOOD_FUND, FOOD, items);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = new IDeliveryLedger.SignedAcceptance[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            acceptances[i] = _acceptance(hundred[i], items[i].id, items[i].amountMinor)[0];
        }
        uint256 each = _gasPerItem(
            charity.agent, address(deliveries), abi.encodeCall(deliveries.handOverAccepted, (LIST, acceptances))
        );
        _assertWithin("hand-over with the family's signature", each, 75_000);
    }

    /// @dev No budget of the design: what a family without a key costs, beyond the hand-over.
    function test_anAcceptanceInTheFieldCostsAtMost75000Gas() public {
        _openHundredFamilies();
        _donate(FOOD_FUND, GIFT, 1_000_000_000);
        IDeliveryLedger.EntitlementEntry[] memory items = _hundredItems();
        _offer(LIST, FOOD_FUND, FOOD, items);
        EntitlementId[] memory ids = new EntitlementId[](BATCH);
        IFieldAcceptance.CardAcceptance[] memory byCard = new IFieldAcceptance.CardAcceptance[](BATCH / 2);
        IFieldAcceptance.WitnessedAcceptance[] memory seen = new IFieldAcceptance.WitnessedAcceptance[](BATCH / 2);
        for (uint256 i = 0; i < BATCH; ++i) {
            ids[i] = items[i].id;
            if (i < BATCH / 2) {
                Card memory card = _card(items[i].household, 0);
                _giveCard(items[i].household, card.root);
                byCard[i] = _scratched(card, uint8(i % 16), ids[i], items[i].amountMinor)[0];
            } else {
                seen[i - BATCH / 2] = _witnessed(ids[i], items[i].amountMinor)[0];
            }
        }
        vm.prank(charity.agent);
        deliveries.handOver(LIST, ids);
        uint256 each = 2 * _gasPerItem(stranger, address(field), abi.encodeCall(field.acceptByCard, (byCard)));
        _assertWithin("acceptance by card", each, 75_000);
        each = 2 * _gasPerItem(stranger, address(field), abi.encodeCall(field.acceptWitnessed, (seen)));
        _assertWithin("acceptance before two witnesses", each, 75_000);
    }

    function test_aConfirmedServiceCostsAtMost90000Gas() public {
        Person[] memory hundred = _openHundredFamilies();
        ITimeBank.ServiceEntry[] memory entries = new ITimeBank.ServiceEntry[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            Person memory volunteer;
            volunteer.account = _account("volunteer", i);
            entries[i] = _service(ServiceId.wrap(_random("service", i)), volunteer, hundred[i], 90)[0];
        }
        uint256 each = _gasPerItem(
            charity.coordinator, address(timeBank), abi.encodeCall(timeBank.confirmServices, (CHARITY, entries))
        );
        _assertWithin("confirmed service", each, 90_000);
    }

    // --- Words

    function _assertWithin(string memory what, uint256 each, uint256 budget) private {
        console.log("%s: %d gas of %d", what, each, budget);
        vm.snapshotValue(what, each);
        assertLe(each, budget, what);
    }

    /// @dev Proposing and approving, per entitlement.
    function _gasOfList(IDeliveryLedger.ListProposal memory proposal, IDeliveryLedger.EntitlementEntry[] memory items)
        private
        returns (uint256 each)
    {
        each =
            _gasPerItem(charity.maker, address(deliveries), abi.encodeCall(deliveries.proposeList, (proposal, items)));
        each += _gasPerItem(
            charity.checker, address(deliveries), abi.encodeCall(deliveries.approveList, (LIST, proposal.contentHash))
        );
    }

    /// @dev All contracts are cold, as in a transaction of its own.
    function _gasPerItem(address sender, address to, bytes memory call) private returns (uint256) {
        vm.cool(address(licences));
        vm.cool(address(households));
        vm.cool(address(programmes));
        vm.cool(address(rulebook));
        vm.cool(address(ledger));
        vm.cool(address(deliveries));
        vm.cool(address(field));
        vm.cool(address(timeBank));
        vm.prank(sender);
        (bool ok,) = to.call(call);
        uint256 execution = vm.lastCallGas().gasTotalUsed;
        assertTrue(ok);
        return (TRANSACTION + _calldataGas(call) + execution) / BATCH;
    }

    function _calldataGas(bytes memory call) private pure returns (uint256 total) {
        for (uint256 i = 0; i < call.length; ++i) {
            total += call[i] == 0 ? ZERO_BYTE : OTHER_BYTE;
        }
    }

    /// @dev A programme that asks for everything a programme can ask of an entitlement.
    function _openCarefulProgramme() private {
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, CAREFUL);
        (opening.clearer, opening.seasonal, opening.quotas) = (REGISTRAR_BODY, true, true);
        _openProgramme(charity, opening, SADAQAT);
        vm.prank(charity.administrator);
        programmes.setQuota(CAREFUL, SEASON, PLACE, 1000);
    }

    function _openHundredFamilies() private returns (Person[] memory hundred) {
        hundred = new Person[](BATCH);
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            hundred[i] = _person("one of a hundred", i);
            hundred[i].account = _account("one of a hundred", i);
            openings[i] = IHouseholdRegistry.Opening(hundred[i].account, hundred[i].signer, bytes32(0));
        }
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
    }

    function _hundredItems() private pure returns (IDeliveryLedger.EntitlementEntry[] memory items) {
        items = new IDeliveryLedger.EntitlementEntry[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            items[i] = _entry(
                EntitlementId.wrap(_random("entitlement", i)), _account("one of a hundred", i), uint64(1_000_000 + i)
            );
        }
    }

    function _account(string memory kind, uint256 number) private pure returns (address) {
        return address(bytes20(_random(kind, number)));
    }

    function _random(string memory kind, uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode(kind, number));
    }
}
