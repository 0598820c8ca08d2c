// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {Code, DonationId, ReturnId, TransferId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";
import {Transfers} from "./Transfers.sol";

/// @notice Any record under its id, any key and any signature.
contract RecordsFuzzTest is Disputes, Transfers {
    // --- Gifts

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

    function testFuzz_oneChangedFieldIsAConflict(IFundLedger.DonationEntry memory gift, uint8 field_, uint256 change)
        public
    {
        gift = _valid(gift);
        gift.donor = address(uint160(bound(uint160(gift.donor), 2, type(uint160).max)));
        gift.amountMinor = uint64(bound(gift.amountMinor, 2, MAX_AMOUNT));
        gift.valueMinor = uint64(bound(gift.valueMinor, 2, MAX_AMOUNT));
        // Goods have a form that is not cash whichever bit is turned, and a currency that is not zero.
        gift.form = Code.wrap(Code.unwrap(gift.form) | bytes32(uint256(6)));
        gift.valueCurrency = Code.wrap(Code.unwrap(gift.valueCurrency) | bytes32(uint256(6)));
        _donate(GENERAL_FUND, gift);

        bytes32[9] memory words = abi.decode(abi.encode(gift), (bytes32[9]));
        // The id names the record; of the other fields one bit is turned that its type has.
        uint256 turned = 1 + field_ % 8;
        uint256 width = [uint256(0), 1, 1, 64, 256, 256, 1, 256, 256][turned];
        words[turned] ^= bytes32(1 << (change % width));
        IFundLedger.DonationEntry memory other = abi.decode(abi.encode(words), (IFundLedger.DonationEntry));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, gift.id));
        _donate(GENERAL_FUND, other);
    }

    function testFuzz_exactlyWhatIsNotCashHasAValue(bool cash, uint64 valueMinor, bytes32 currency) public {
        IFundLedger.DonationEntry memory gift = _gift(GIFT, 1);
        (gift.form, gift.valueMinor, gift.valueCurrency) =
        (cash ? CASH : Code.wrap("goods"), valueMinor, Code.wrap(currency));
        if ((valueMinor == 0) != cash || (currency == 0) != cash || valueMinor > MAX_AMOUNT) {
            vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadValue.selector, GIFT, valueMinor));
        }
        _donate(GENERAL_FUND, gift);
    }

    // --- Transfers and reassignments

    function testFuzz_aCheckerApprovesNothingButTheProposal(
        bytes32 id,
        uint64 amountMinor,
        bytes32 commitment,
        uint256 change,
        bool ofAmount
    ) public {
        vm.assume(id != 0);
        amountMinor = uint64(bound(amountMinor, 1, MAX_AMOUNT));
        _donate(GENERAL_FUND, GIFT, amountMinor);
        IFundLedger.TransferProposal memory proposal =
            IFundLedger.TransferProposal(TransferId.wrap(id), GENERAL_FUND, OTHER_FUND, amountMinor, commitment);
        _proposeTransfer(charity.maker, proposal);

        IFundLedger.TransferProposal memory other = abi.decode(abi.encode(proposal), (IFundLedger.TransferProposal));
        if (ofAmount) other.amountMinor ^= uint64(1 << (change % 64));
        else other.commitment ^= bytes32(1 << (change % 256));
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, id));
        _approveTransfer(charity.checker, other);
        _approveTransfer(charity.checker, proposal);
        _receive(otherCharity.cashier, proposal.id);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, amountMinor);
    }

    function testFuzz_onlyTheDonorsKeyConsents(uint256 key) public {
        Person memory giver = _person("donor", 0);
        _donate(FOOD_FUND, _giftOf(giver, GIFT, 1000));
        Person memory anyone;
        anyone.key = boundPrivateKey(key);
        IFundLedger.SignedReassignment[] memory consents = _consent(anyone, REASSIGNMENT, GIFT, GENERAL_FUND, 10);
        if (anyone.key != giver.key) vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _reassign(FOOD_FUND, consents);
    }

    // --- Returns

    /// @dev In any parts: a part that fits is recorded where the last one ended, one that does not is refused.
    function testFuzz_noMoreComesBackThanWasDelivered(uint64 amountMinor, uint64[8] memory parts) public {
        amountMinor = uint64(bound(amountMinor, 1, MAX_AMOUNT / 2));
        _donate(FOOD_FUND, GIFT, amountMinor);
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(FIRST, families[0].account, amountMinor));
        _handOver(LIST, FIRST);
        deliveries.accept(_acceptance(families[0], FIRST, amountMinor));
        uint64 returned = 0;
        for (uint256 i = 0; i < parts.length; ++i) {
            uint64 part = uint64(bound(parts[i], 1, amountMinor));
            bool fits = part <= amountMinor - returned;
            if (!fits) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        IDeliveryLedger.DeliveryLedgerReturnAboveDelivered.selector, FIRST, part, amountMinor - returned
                    )
                );
            }
            _return(FOOD_FUND, ReturnId.wrap(bytes32(i + 1)), FIRST, part);
            if (fits) returned += part;
            assertEq(deliveries.entitlementOf(FIRST).returnedMinor, returned);
            assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, amountMinor + returned);
        }
    }

    // --- Acceptances

    function testFuzz_onlyTheFamilysKeyAccepts(uint256 key) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        Person memory anyone;
        anyone.key = boundPrivateKey(key);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(anyone, FIRST, 300);
        if (anyone.key != families[0].key) vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.accept(acceptances);
    }

    function testFuzz_noOtherBytesAreTheFamilysSignature(bytes32 r, bytes32 vs) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.assume(r != acceptances[0].r || vs != acceptances[0].vs);
        (acceptances[0].r, acceptances[0].vs) = (r, vs);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.accept(acceptances);
    }

    function testFuzz_oneBitTurnedSpoilsASignature(uint16 bit) public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        if (bit % 512 < 256) acceptances[0].r ^= bytes32(1 << (bit % 256));
        else acceptances[0].vs ^= bytes32(1 << (bit % 256));
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.accept(acceptances);
    }

    /// @dev A gift in kind of anything: cash has its own test.
    function _valid(IFundLedger.DonationEntry memory gift) private pure returns (IFundLedger.DonationEntry memory) {
        vm.assume(DonationId.unwrap(gift.id) != 0);
        vm.assume(Code.unwrap(gift.form) != 0 && !(gift.form == CASH) && Code.unwrap(gift.valueCurrency) != 0);
        gift.donor = address(uint160(bound(uint160(gift.donor), 1, type(uint160).max)));
        gift.amountMinor = uint64(bound(gift.amountMinor, 1, MAX_AMOUNT));
        gift.valueMinor = uint64(bound(gift.valueMinor, 1, MAX_AMOUNT));
        gift.settledAtUnixS = uint64(bound(gift.settledAtUnixS, 0, NOW + 1 days));
        return gift;
    }
}
