// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {DonationId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice Any record under its id, any key and any signature.
contract RecordsFuzzTest is Lists {
    function testFuzz_theSameGiftIsANoOpAndAnyOtherAConflict(
        IFundLedger.DonationEntry memory first,
        IFundLedger.DonationEntry memory second,
        bool same
    ) public {
        first = _valid(first);
        second = same ? first : _valid(second);
        second.id = first.id;
        _donate(GENERAL_FUND, first);

        vm.recordLogs();
        if (keccak256(abi.encode(first)) != keccak256(abi.encode(second))) {
            vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, first.id));
        }
        _donate(GENERAL_FUND, second);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, first.amountMinor);
        assertEq(ledger.donationOf(first.id).donor, first.donor);
    }

    function testFuzz_oneChangedFieldIsAConflict(IFundLedger.DonationEntry memory gift, uint8 field, uint256 change)
        public
    {
        gift = _valid(gift);
        gift.donor = address(uint160(bound(uint160(gift.donor), 2, type(uint160).max)));
        gift.amountMinor = uint64(bound(gift.amountMinor, 2, MAX_AMOUNT));
        _donate(GENERAL_FUND, gift);

        bytes32[6] memory words = abi.decode(abi.encode(gift), (bytes32[6]));
        // The id names the record; of the other fields one bit is turned that its type has.
        uint256 turned = 1 + field % 5;
        uint256 width = [uint256(0), 1, 1, 64, 256, 256][turned];
        words[turned] ^= bytes32(1 << (change % width));
        IFundLedger.DonationEntry memory other = abi.decode(abi.encode(words), (IFundLedger.DonationEntry));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, gift.id));
        _donate(GENERAL_FUND, other);
    }

    function testFuzz_onlyTheFamilysKeyAccepts(uint256 key) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        Person memory anyone;
        anyone.key = boundPrivateKey(key);
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(anyone, FIRST, 300);
        if (anyone.key != families[0].key) vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        ledger.accept(acceptances);
    }

    function testFuzz_noOtherBytesAreTheFamilysSignature(bytes32 r, bytes32 vs) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.assume(r != acceptances[0].r || vs != acceptances[0].vs);
        (acceptances[0].r, acceptances[0].vs) = (r, vs);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        ledger.accept(acceptances);
    }

    function testFuzz_oneBitTurnedSpoilsASignature(uint16 bit) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IFundLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        if (bit % 512 < 256) acceptances[0].r ^= bytes32(1 << (bit % 256));
        else acceptances[0].vs ^= bytes32(1 << (bit % 256));
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        ledger.accept(acceptances);
    }

    function _valid(IFundLedger.DonationEntry memory gift) private pure returns (IFundLedger.DonationEntry memory) {
        vm.assume(DonationId.unwrap(gift.id) != 0);
        gift.donor = address(uint160(bound(uint160(gift.donor), 1, type(uint160).max)));
        gift.amountMinor = uint64(bound(gift.amountMinor, 1, MAX_AMOUNT));
        return gift;
    }
}
