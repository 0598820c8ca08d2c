// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    PaymentListId,
    ReassignmentId,
    RefundId,
    ReturnId,
    TransferId
} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";
import {Transfers} from "./Transfers.sol";

/// @notice Random histories of one fund, with amounts of every size. Units move on to a successor and some come back.
contract FundLineFuzzTest is Disputes, Transfers {
    FundId internal constant SUCCESSOR = FundId.wrap("food fund's successor");

    Person private _giver;
    uint256 private _draws;
    uint256 private _seed;
    uint64 private _inflowEnd;
    uint64 private _outflowEnd;
    uint64 private _successorEnd;
    uint64 private _donated;
    uint64 private _fees;
    uint64 private _withdrawn;
    DonationId[] private _gifts;
    EntitlementId[] private _delivered;

    function setUp() public override {
        super.setUp();
        _giver = _person("donor", 0);
        _openFund(charity, SUCCESSOR, RIAL, SADAQAT, FOOD);
    }

    function testFuzz_aRandomHistoryKeepsPositionsContiguous(uint256 seed) public {
        _seed = seed;
        for (uint256 step = 1; step <= 32; ++step) {
            _actNext(bytes32(step), _draw(12));
            IFundLedger.Fund memory fund = ledger.fundOf(FOOD_FUND);
            assertEq(fund.inflowEnd, _inflowEnd);
            assertEq(fund.outflowEnd, _outflowEnd);
            assertEq(fund.reserved, 0);
            assertEq(fund.donated, _donated);
            assertEq(fund.withdrawn, _withdrawn);
            assertLe(_outflowEnd, _inflowEnd);
            assertEq(ledger.fundOf(SUCCESSOR).inflowEnd, _successorEnd);
        }
    }

    function _actNext(bytes32 id, uint256 act) private {
        if (act <= 2) _giftNext(DonationId.wrap(id));
        else if (act == 3) _feeNext(FeeId.wrap(id));
        else if (act == 4) _refundNext(RefundId.wrap(id));
        else if (act == 5) _reassignNext(ReassignmentId.wrap(id));
        else if (act == 6) _transferNext(TransferId.wrap(id));
        else if (act <= 8) _returnNext(ReturnId.wrap(id));
        else _deliverNext(id);
    }

    function _giftNext(DonationId id) private {
        uint64 amountMinor = _amountUpTo(MAX_AMOUNT - _inflowEnd);
        if (amountMinor == 0) return;
        _donate(FOOD_FUND, _giftOf(_giver, id, amountMinor));
        assertEq(ledger.donationOf(id).start, _inflowEnd);
        _inflowEnd += amountMinor;
        _donated += amountMinor;
        _gifts.push(id);
    }

    function _feeNext(FeeId id) private {
        uint256 cap = uint256(_donated - _withdrawn) * FEE_CAP_BPS / 10_000;
        uint64 amountMinor = cap > _fees ? _amountUpTo(_smaller(uint64(cap) - _fees, _free())) : 0;
        if (amountMinor == 0) return;
        _takeFee(FOOD_FUND, id, amountMinor);
        assertEq(ledger.feeOf(id).start, _outflowEnd);
        _outflowEnd += amountMinor;
        _fees += amountMinor;
    }

    function _refundNext(RefundId id) private {
        if (_gifts.length == 0) return;
        DonationId gift = _gifts[_draw(_gifts.length)];
        uint64 before = ledger.undelivered(gift);
        uint64 amountMinor = _amountUpTo(_smaller(before, _free()));
        if (amountMinor == 0) return;
        _refund(FOOD_FUND, id, gift, amountMinor);
        assertEq(ledger.refundOf(id).start, _outflowEnd);
        assertLe(ledger.undelivered(gift), before - amountMinor);
        _outflowEnd += amountMinor;
        _withdrawn += amountMinor;
    }

    function _reassignNext(ReassignmentId id) private {
        if (_gifts.length == 0) return;
        DonationId gift = _gifts[_draw(_gifts.length)];
        uint64 before = ledger.undelivered(gift);
        uint64 amountMinor = _amountUpTo(_smaller(before, _smaller(_free(), MAX_AMOUNT - _successorEnd)));
        if (amountMinor == 0) return;
        IFundLedger.Donation memory record = ledger.donationOf(gift);
        uint64 continuesAt =
            record.start + record.amountMinor - record.refundedMinor - record.reassignedMinor - amountMinor;
        IFundLedger.SignedReassignment[] memory consents = _consent(_giver, id, gift, SUCCESSOR, amountMinor);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationReassigned(
            FOOD_FUND, id, gift, SUCCESSOR, _outflowEnd, amountMinor, continuesAt, _successorEnd
        );
        _reassign(FOOD_FUND, consents);
        assertGe(continuesAt, record.start);
        assertGe(continuesAt, _outflowEnd, "what was withdrawn had not left");
        assertLe(ledger.undelivered(gift), before - amountMinor);
        _outflowEnd += amountMinor;
        _withdrawn += amountMinor;
        _successorEnd += amountMinor;
    }

    /// @dev Half of the transfers arrive, half come back.
    function _transferNext(TransferId id) private {
        bool arrives = _draw(2) == 0;
        uint64 room = MAX_AMOUNT - (arrives ? _successorEnd : _inflowEnd);
        uint64 amountMinor = _amountUpTo(_smaller(_free(), room));
        if (amountMinor == 0) return;
        _send(_transferOf(id, FOOD_FUND, SUCCESSOR, amountMinor));
        assertEq(ledger.transferOf(id).start, _outflowEnd);
        _outflowEnd += amountMinor;
        if (arrives) {
            _receive(charity.cashier, id);
            _successorEnd += amountMinor;
        } else {
            _bringBack(charity, id);
            _inflowEnd += amountMinor;
        }
    }

    function _returnNext(ReturnId id) private {
        if (_delivered.length == 0) return;
        EntitlementId delivery = _delivered[_draw(_delivered.length)];
        uint64 returned = deliveries.entitlementOf(delivery).returnedMinor;
        uint64 rest = deliveries.entitlementOf(delivery).amountMinor - returned;
        uint64 amountMinor = _amountUpTo(_smaller(rest, MAX_AMOUNT - _inflowEnd));
        if (amountMinor == 0) return;
        _return(FOOD_FUND, id, delivery, amountMinor);
        assertEq(deliveries.entitlementOf(delivery).returnedMinor, returned + amountMinor);
        _inflowEnd += amountMinor;
    }

    function _deliverNext(bytes32 id) private {
        uint64 amountMinor = _amountUpTo(_free());
        if (amountMinor == 0) return;
        EntitlementId entitlement = EntitlementId.wrap(id);
        PaymentListId list = PaymentListId.wrap(id);
        _offer(list, FOOD_FUND, FOOD, _oneItem(entitlement, families[_draw(families.length)].account, amountMinor));
        assertEq(ledger.fundOf(FOOD_FUND).reserved, amountMinor);
        _handOver(list, entitlement);
        assertEq(deliveries.entitlementOf(entitlement).start, _outflowEnd);
        _outflowEnd += amountMinor;
        _delivered.push(entitlement);
    }

    function _free() private view returns (uint64) {
        return _inflowEnd - _outflowEnd;
    }

    /// @dev From 1 to `most`, small ones as often as large ones; 0 only when `most` is.
    function _amountUpTo(uint64 most) private returns (uint64) {
        if (most == 0) return 0;
        return uint64(1 + _draw(1 << _draw(64)) % most);
    }

    function _smaller(uint64 a, uint64 b) private pure returns (uint64) {
        return a < b ? a : b;
    }

    function _draw(uint256 below) private returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, ++_draws))) % below;
    }
}
