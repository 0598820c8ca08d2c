// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {console} from "forge-std/console.sol";

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {DonationId, EntitlementId, ServiceId} from "contracts/src/types/Ids.sol";

import {Hours} from "./Hours.sol";

/// @notice What one item of a batch of 100 costs when every party in it is new: execution on cold storage plus the
/// transaction's own 21,000 and its calldata, by the rules of the Paris fork.
contract GasTest is Hours {
    uint256 private constant BATCH = 100;
    uint256 private constant TRANSACTION = 21_000;
    uint256 private constant ZERO_BYTE = 4;
    uint256 private constant OTHER_BYTE = 16;

    function test_aDonationCostsAtMost75000Gas() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        IFundLedger.DonationEntry[] memory entries = new IFundLedger.DonationEntry[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            entries[i] = IFundLedger.DonationEntry(
                DonationId.wrap(_random("donation", i)),
                _account("donor", i),
                uint64(1_000_000 + i),
                NOW - 1 hours,
                BANK,
                _random("commitment", i)
            );
        }
        uint256 each =
            _gasPerItem(charity.cashier, address(ledger), abi.encodeCall(ledger.donate, (GENERAL_FUND, entries)));
        console.log("donation: %d gas", each);
        assertLe(each, 75_000);
    }

    function test_anEntitlementCostsAtMost90000Gas() public {
        _openHundredFamilies();
        _donate(FOOD_FUND, GIFT, 1_000_000_000);
        IFundLedger.EntitlementEntry[] memory items = _hundredItems();
        IFundLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        uint256 proposed =
            _gasPerItem(charity.maker, address(ledger), abi.encodeCall(ledger.proposeList, (proposal, items)));
        uint256 approved = _gasPerItem(
            charity.checker, address(ledger), abi.encodeCall(ledger.approveList, (LIST, proposal.contentHash))
        );
        console.log("entitlement: %d gas, of which its share of the approval %d", proposed + approved, approved);
        assertLe(proposed + approved, 90_000);
    }

    function test_aHandOverWithTheFamilysSignatureCostsAtMost75000Gas() public {
        Person[] memory hundred = _openHundredFamilies();
        _donate(FOOD_FUND, GIFT, 1_000_000_000);
        IFundLedger.EntitlementEntry[] memory items = _hundredItems();
        _offer(LIST, FOOD_FUND, FOOD, items);
        IFundLedger.SignedAcceptance[] memory acceptances = new IFundLedger.SignedAcceptance[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            acceptances[i] = _acceptance(hundred[i], items[i].id, items[i].amountMinor)[0];
        }
        uint256 each =
            _gasPerItem(charity.agent, address(ledger), abi.encodeCall(ledger.handOverAccepted, (LIST, acceptances)));
        console.log("hand-over with the family's signature: %d gas", each);
        assertLe(each, 75_000);
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
        console.log("confirmed service: %d gas", each);
        assertLe(each, 90_000);
    }

    /// @dev All contracts are cold, as in a transaction of its own.
    function _gasPerItem(address sender, address to, bytes memory call) private returns (uint256) {
        vm.cool(address(licences));
        vm.cool(address(households));
        vm.cool(address(ledger));
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

    function _openHundredFamilies() private returns (Person[] memory hundred) {
        hundred = new Person[](BATCH);
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            hundred[i] = _person("one of a hundred", i);
            hundred[i].account = _account("one of a hundred", i);
            openings[i] = IHouseholdRegistry.Opening(hundred[i].account, hundred[i].signer);
        }
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
    }

    function _hundredItems() private pure returns (IFundLedger.EntitlementEntry[] memory items) {
        items = new IFundLedger.EntitlementEntry[](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            items[i] = IFundLedger.EntitlementEntry(
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
