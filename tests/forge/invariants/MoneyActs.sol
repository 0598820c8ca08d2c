// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId, FeeId, ReassignmentId, RefundId} from "contracts/src/types/Ids.sol";

import {Ghosts} from "./Ghosts.sol";
import {UnitState} from "./LineageWalk.sol";

/// @notice Cashiers record gifts, take fees, refund and reassign; donors claim and consent.
abstract contract MoneyActs is Ghosts {
    /// @dev Funds that others may be fed from get more.
    uint256[10] private _givenTo = [
        FOR_ANYTHING,
        OF_OTHER,
        FOR_FOOD,
        FOR_ANYTHING,
        FOR_ZAKAT,
        FOR_CAMPAIGN,
        OF_OTHER,
        FOR_PLACE,
        FOR_ANYTHING,
        LOCKED
    ];

    /// @dev One to three gifts in a batch.
    function donate(uint256 where, uint256 seed) external act {
        uint256 fund = _givenTo[where % _givenTo.length];
        Staff storage staff = _staff(fund);
        IFundLedger.DonationEntry[] memory entries = new IFundLedger.DonationEntry[](1 + seed % 3);
        uint256[] memory givers = new uint256[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = _gift(DonationId.wrap(_newId()), uint64(_between(_draw(seed, i), 1, 12)));
            givers[i] = _draw(seed, i) % donors.length;
            entries[i].donor = donors[givers[i]].account;
        }
        bytes memory call = abi.encodeCall(ledger.donate, (funds[fund], entries));
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, _mayWrite(fund))) return;
        for (uint256 i = 0; i < entries.length; ++i) {
            _bookGift(fund, entries[i], donors[givers[i]]);
        }
        _mayBeSentAgain(staff.organisation, staff.cashier, address(ledger), call);
    }

    /// @dev The claim key signs, or somebody else does.
    function claim(uint256 which, uint256 seed) external act {
        if (gifts.length == 0) return;
        Gift storage gift = gifts[which % gifts.length];
        Person storage wallet = donors[seed % donors.length];
        bool forged = seed % 7 == 0;
        bytes32 digest = ledger.claimDigest(gift.id, wallet.account, _deadline());
        (bytes32 r, bytes32 vs) = vm.signCompact(forged ? families[0].key : gift.owner.key, digest);
        IFundLedger.SignedClaim[] memory claims = new IFundLedger.SignedClaim[](1);
        claims[0] = IFundLedger.SignedClaim(gift.id, wallet.account, _deadline(), r, vs);
        bool expected = !forged && !gift.record.claimed;
        if (!_sendByAnyone(address(ledger), abi.encodeCall(ledger.claim, (claims)), expected)) return;
        gift.owner = wallet;
        (gift.record.claimed, gift.record.donor) = (true, wallet.account);
    }

    function takeFee(uint256 seed, uint256 amount) external act {
        (bool found, uint256 fund) = _fundWithFreeUnits(seed);
        if (!found) return;
        Staff storage staff = _staff(fund);
        uint64 amountMinor = uint64(_between(amount, 1, 2));
        bytes32 id = _newId();
        bytes memory call = _feeCall(fund, id, amountMinor);
        bool expected = _mayWrite(fund) && !_holdsMinutes(fund) && amountMinor <= _free(fund)
            && feesMinor[fund] + amountMinor <= _cap(fund);
        bool taken = _send(staff.organisation, staff.cashier, address(ledger), call, expected);
        bool recorded = ledger.feeOf(FeeId.wrap(id)).fundNumber != 0;
        if (recorded && ledger.fundOf(funds[fund]).fees > _cap(fund)) ++feesAboveCap;
        if (!taken) return;
        feesMinor[fund] += amountMinor;
        IFundLedger.Outflow memory record;
        record.start = uint64(_modelLeave(fund, amountMinor, UnitState.Fee));
        (record.fundNumber, record.amountMinor) = (uint32(fund + 1), amountMinor);
        outflows.push(Outflow(true, id, record));
        _mayBeSentAgain(staff.organisation, staff.cashier, address(ledger), call);
    }

    function refund(uint256 which, uint256 amount) external act {
        (bool found, uint256 gift) = _findGiftAtHome(which);
        if (!found) return;
        uint256 fund = gifts[gift].fund;
        Staff storage staff = _staff(fund);
        uint64 amountMinor = _upToOneTooMany(amount, gift);
        bool expected = _mayWrite(fund) && !_holdsMinutes(fund) && _mayWithdraw(gift, amountMinor);

        bytes32 id = _newId();
        IFundLedger.RefundEntry[] memory entries = new IFundLedger.RefundEntry[](1);
        entries[0] = IFundLedger.RefundEntry(RefundId.wrap(id), gifts[gift].id, amountMinor);
        bytes memory call = abi.encodeCall(ledger.refund, (funds[fund], entries));
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        IFundLedger.Outflow memory record;
        record.digest = uint64(bytes8(keccak256(abi.encode(gifts[gift].id))));
        (record.fundNumber, record.start) = (uint32(fund + 1), uint64(leftUnits[fund]));
        record.amountMinor = amountMinor;
        outflows.push(Outflow(false, id, record));
        _modelRefund(gift, amountMinor);
        withdrawnMinor[fund] += amountMinor;
        gifts[gift].record.refundedMinor += amountMinor;
        _mayBeSentAgain(staff.organisation, staff.cashier, address(ledger), call);
    }

    /// @dev Mostly to a fund of the same body and unit, mostly with the donor's own signature.
    function reassign(uint256 which, uint256 seed) external act {
        (bool found, uint256 gift) = _findGiftAtHome(which);
        if (!found) return;
        uint256 from = gifts[gift].fund;
        uint256 to = seed % 9 == 0 ? (seed >> 8) % funds.length : _sisterOf(from, seed >> 8);
        bool forged = (seed >> 16) % 9 == 0;
        uint64 amountMinor = _upToOneTooMany(seed >> 24, gift);
        bool expected = _mayWrite(from) && _areSisters(from, to) && !forged && _mayWithdraw(gift, amountMinor);

        bytes memory call = _reassignmentCall(gift, to, amountMinor, forged);
        Staff storage staff = _staff(from);
        if (!_send(staff.organisation, staff.cashier, address(ledger), call, expected)) return;
        _modelReassign(gift, amountMinor, to);
        withdrawnMinor[from] += amountMinor;
        gifts[gift].record.reassignedMinor += amountMinor;
    }

    /// @dev A relay that never heard back sends its call again.
    function sendAgain(uint256 which, uint256) external act {
        if (sent.length == 0) return;
        Sent storage again = sent[which % sent.length];
        bool ok = _sendOnceMore(again.organisation, again.sender, again.to, again.call);
        _noted(ok, _isLicensed(again.organisation));
    }

    // --- Books

    function _bookGift(uint256 fund, IFundLedger.DonationEntry memory entry, Person storage owner) internal {
        _modelGift(fund, gifts.length, entry.amountMinor);
        donatedMinor[fund] += entry.amountMinor;
        Gift storage gift = gifts.push();
        (gift.fund, gift.id, gift.owner) = (fund, entry.id, owner);
        gift.record = IFundLedger.Donation({
            donor: entry.donor,
            fundNumber: uint32(fund + 1),
            claimed: false,
            digest: uint56(bytes7(keccak256(abi.encode(entry)))),
            start: uint64(unitAt[fund].length - entry.amountMinor),
            amountMinor: entry.amountMinor,
            refundedMinor: 0,
            reassignedMinor: 0
        });
    }

    // --- Words

    /// @dev Of the gifts that were not withdrawn, at this time.
    function _cap(uint256 fund) private view returns (uint256) {
        return uint256(donatedMinor[fund] - withdrawnMinor[fund]) * FEE_CAP_BPS / 10_000;
    }

    function _feeCall(uint256 fund, bytes32 id, uint64 amountMinor) private view returns (bytes memory) {
        IFundLedger.FeeEntry[] memory entries = new IFundLedger.FeeEntry[](1);
        entries[0] = IFundLedger.FeeEntry(FeeId.wrap(id), amountMinor);
        return abi.encodeCall(ledger.takeFees, (funds[fund], entries));
    }

    /// @dev Some gift of which something waits where it came in, if there is any; otherwise some gift.
    function _findGiftAtHome(uint256 seed) private view returns (bool found, uint256 gift) {
        for (uint256 i = 0; i < gifts.length; ++i) {
            gift = addmod(seed, i, gifts.length);
            if (_atHome(gift) > 0) return (true, gift);
        }
        return (gifts.length > 0, gift);
    }

    /// @dev Mostly what can be had, sometimes one more.
    function _upToOneTooMany(uint256 seed, uint256 gift) private view returns (uint64) {
        return uint64(_between(seed, 1, _atHome(gift) + 1));
    }

    function _mayWithdraw(uint256 gift, uint64 amountMinor) private view returns (bool) {
        return amountMinor <= _atHome(gift) && amountMinor <= _free(gifts[gift].fund);
    }

    function _areSisters(uint256 from, uint256 to) private pure returns (bool) {
        return from != to && _ownerOf(from) == _ownerOf(to) && _holdsMinutes(from) == _holdsMinutes(to);
    }

    function _sisterOf(uint256 from, uint256 seed) private view returns (uint256 to) {
        for (uint256 i = 0; i < funds.length; ++i) {
            to = addmod(seed, i, funds.length);
            if (_areSisters(from, to)) return to;
        }
    }

    function _reassignmentCall(uint256 gift, uint256 to, uint64 amountMinor, bool forged)
        private
        returns (bytes memory)
    {
        ReassignmentId id = ReassignmentId.wrap(_newId());
        DonationId donation = gifts[gift].id;
        bytes32 digest = ledger.reassignmentDigest(id, donation, funds[to], amountMinor, _deadline());
        (bytes32 r, bytes32 vs) = vm.signCompact(forged ? families[0].key : gifts[gift].owner.key, digest);
        IFundLedger.SignedReassignment[] memory consents = new IFundLedger.SignedReassignment[](1);
        consents[0] = IFundLedger.SignedReassignment(id, donation, funds[to], amountMinor, _deadline(), r, vs);
        return abi.encodeCall(ledger.reassign, (funds[gifts[gift].fund], consents));
    }
}
