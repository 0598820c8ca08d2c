// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "./interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "./interfaces/IProgrammeRegistry.sol";
import {ITimeBank} from "./interfaces/ITimeBank.sol";
import {FundLine} from "./FundLine.sol";
import {SignedActs} from "./SignedActs.sol";
import {
    Code,
    DonationId,
    FeeId,
    FundId,
    MINUTES,
    OrganisationId,
    ProgrammeId,
    ReassignmentId,
    RefundId,
    TransferId
} from "./types/Ids.sol";
import {Places} from "./types/Places.sol";
import {Roles} from "./types/Roles.sol";

contract FundLedger is IFundLedger, SignedActs {
    using FundLine for Fund;
    using Places for Code;

    Code private constant CASH = Code.wrap("cash");
    /// @dev Value dates may be tomorrow's, and clocks differ.
    uint64 private constant MOST_AHEAD_S = 1 days;

    bytes32 private constant REASSIGNMENT = keccak256(
        "Reassignment(address donor,bytes32 reassignment,bytes32 donation,bytes32 to,uint64 amountMinor,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant CLAIM =
        keccak256("Claim(address claimKey,bytes32 donation,address wallet,bytes32 genesisHash,uint64 deadlineUnixS)");

    ILicenceRegistry private immutable LICENCES;
    IProgrammeRegistry private immutable PROGRAMMES;
    ITimeBank private immutable TIME_BANK;
    address private immutable DELIVERY_LEDGER;

    // Records refer to funds by a 32-bit number, so that a donation fits two slots. Number 0 is nobody's.
    Fund[] private _funds;
    mapping(FundId id => uint32) private _fundNumber;

    mapping(DonationId id => Donation) private _donation;
    mapping(FeeId id => Outflow) private _fee;
    mapping(RefundId id => Outflow) private _refund;
    mapping(TransferId id => Transfer) private _transfer;
    mapping(ReassignmentId id => bool) private _reassigned;

    constructor(
        ILicenceRegistry licences,
        IProgrammeRegistry programmes,
        ITimeBank timeBank,
        address deliveryLedger,
        bytes32 genesis
    ) SignedActs("Amanat FundLedger", genesis) {
        LICENCES = licences;
        PROGRAMMES = programmes;
        TIME_BANK = timeBank;
        DELIVERY_LEDGER = deliveryLedger;
        _funds.push();
    }

    modifier onlyDeliveryLedger() {
        require(msg.sender == DELIVERY_LEDGER, FundLedgerNotDeliveryLedger(msg.sender));
        _;
    }

    // --- Funds

    /// @inheritdoc IFundLedger
    function openFund(FundOpening calldata o) external {
        LICENCES.requireAdministrator(o.organisation, msg.sender);
        require(FundId.unwrap(o.id) != 0, FundLedgerMissing("fund"));
        require(Code.unwrap(o.unit) != 0, FundLedgerMissing("unit"));
        require(Code.unwrap(o.head) != 0, FundLedgerMissing("head"));
        require(o.feeCapBps <= FundLine.BPS, FundLedgerBadFeeCap(o.feeCapBps));
        require(
            o.closesAtUnixS == 0 || o.opensAtUnixS < o.closesAtUnixS,
            FundLedgerBadPeriod(o.opensAtUnixS, o.closesAtUnixS)
        );
        uint64 digest = uint64(bytes8(keccak256(abi.encode(o))));
        if (_fundNumber[o.id] != 0) {
            require(_fund(o.id).digest == digest, FundLedgerConflict(FundId.unwrap(o.id)));
            return;
        }
        if (ProgrammeId.unwrap(o.programme) != 0) {
            PROGRAMMES.requireServes(o.programme, o.organisation, o.head);
            Code campaign = PROGRAMMES.programmeOf(o.programme).campaign;
            require(
                Code.unwrap(o.campaign) == 0 || o.campaign == campaign,
                FundLedgerProgrammeOfOtherCampaign(o.programme, campaign)
            );
        }
        _fundNumber[o.id] = uint32(_funds.length);
        Fund storage fund = _funds.push();
        fund.id = o.id;
        fund.organisation = o.organisation;
        fund.unit = o.unit;
        fund.head = o.head;
        fund.programme = o.programme;
        fund.campaign = o.campaign;
        fund.place = o.place;
        fund.releaseAtUnixS = o.releaseAtUnixS;
        fund.opensAtUnixS = o.opensAtUnixS;
        fund.closesAtUnixS = o.closesAtUnixS;
        fund.feeCapBps = o.feeCapBps;
        fund.digest = digest;
        _emitFundOpened(o);
    }

    // --- Inflows

    /// @inheritdoc IFundLedger
    function donate(FundId fundId, DonationEntry[] calldata entries) external {
        Fund storage fund = _fund(fundId);
        _requireCashierOfMoney(fund);
        uint32 number = _fundNumber[fundId];
        for (uint256 i = 0; i < entries.length; ++i) {
            _requireValue(entries[i]);
            _donate(fund, number, entries[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function donateMinutes(FundId fundId, DonationEntry calldata entry) external {
        require(msg.sender == address(TIME_BANK), FundLedgerNotTimeBank(msg.sender));
        Fund storage fund = _fund(fundId);
        LICENCES.requireLicensed(fund.organisation);
        require(fund.unit == MINUTES, FundLedgerMinutes(fundId));
        _donate(fund, _fundNumber[fundId], entry);
    }

    /// @inheritdoc IFundLedger
    function claim(SignedClaim[] calldata claims) external {
        for (uint256 i = 0; i < claims.length; ++i) {
            _claim(claims[i]);
        }
    }

    // --- Fees, refunds, reassignments

    /// @inheritdoc IFundLedger
    function takeFees(FundId fundId, FeeEntry[] calldata entries) external {
        Fund storage fund = _fund(fundId);
        _requireCashierOfMoney(fund);
        uint32 number = _fundNumber[fundId];
        for (uint256 i = 0; i < entries.length; ++i) {
            _takeFee(fund, number, entries[i].id, entries[i].amountMinor);
        }
    }

    /// @inheritdoc IFundLedger
    function refund(FundId fundId, RefundEntry[] calldata entries) external {
        Fund storage fund = _fund(fundId);
        _requireCashierOfMoney(fund);
        uint32 number = _fundNumber[fundId];
        for (uint256 i = 0; i < entries.length; ++i) {
            _refundDonation(fund, number, entries[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function reassign(FundId fromId, SignedReassignment[] calldata reassignments) external {
        Fund storage from = _fund(fromId);
        LICENCES.requireRole(from.organisation, msg.sender, Roles.CASHIER);
        uint32 number = _fundNumber[fromId];
        for (uint256 i = 0; i < reassignments.length; ++i) {
            _reassign(from, number, reassignments[i]);
        }
    }

    // --- Transfers

    /// @inheritdoc IFundLedger
    function proposeTransfers(TransferProposal[] calldata proposals) external {
        for (uint256 i = 0; i < proposals.length; ++i) {
            _proposeTransfer(proposals[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function approveTransfers(TransferProposal[] calldata proposals) external {
        for (uint256 i = 0; i < proposals.length; ++i) {
            _approveTransfer(proposals[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function receiveTransfers(TransferId[] calldata transfers) external {
        for (uint256 i = 0; i < transfers.length; ++i) {
            Transfer storage transfer = _knownTransfer(transfers[i]);
            Fund storage to = _funds[transfer.toNumber];
            LICENCES.requireRole(to.organisation, msg.sender, Roles.CASHIER);
            if (transfer.state == TransferState.Received) continue;
            _requireTransferState(transfers[i], transfer, TransferState.Sent);
            transfer.state = TransferState.Received;
            uint64 start = to.add(transfer.amountMinor);
            emit TransferReceived(to.id, transfers[i], start, transfer.amountMinor);
        }
    }

    /// @inheritdoc IFundLedger
    function bringBackTransfers(OrganisationId organisation, TransferId[] calldata transfers) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.CASHIER);
        for (uint256 i = 0; i < transfers.length; ++i) {
            Transfer storage transfer = _knownTransfer(transfers[i]);
            Fund storage from = _funds[transfer.fromNumber];
            require(
                from.organisation == organisation || _funds[transfer.toNumber].organisation == organisation,
                FundLedgerOtherFund(TransferId.unwrap(transfers[i]), from.id)
            );
            if (transfer.state == TransferState.CameBack) continue;
            _requireTransferState(transfers[i], transfer, TransferState.Sent);
            transfer.state = TransferState.CameBack;
            uint64 start = from.add(transfer.amountMinor);
            emit TransferCameBack(from.id, transfers[i], start, transfer.amountMinor);
        }
    }

    /// @inheritdoc IFundLedger
    function withdrawTransfers(TransferId[] calldata transfers) external {
        for (uint256 i = 0; i < transfers.length; ++i) {
            Transfer storage transfer = _knownTransfer(transfers[i]);
            LICENCES.requireRole(_funds[transfer.fromNumber].organisation, msg.sender, Roles.MAKER);
            if (transfer.state == TransferState.Withdrawn) continue;
            require(
                transfer.state == TransferState.Proposed || transfer.state == TransferState.Checked,
                FundLedgerTransferState(transfers[i], transfer.state)
            );
            transfer.state = TransferState.Withdrawn;
            emit TransferWithdrawn(transfers[i]);
        }
    }

    // --- The delivery ledger's side of the line

    /// @inheritdoc IFundLedger
    function reserve(FundId fundId, uint64 amountMinor) external onlyDeliveryLedger {
        Fund storage fund = _fund(fundId);
        require(block.timestamp >= fund.releaseAtUnixS, FundLedgerNotReleased(fundId, fund.releaseAtUnixS));
        fund.reserve(amountMinor);
    }

    /// @inheritdoc IFundLedger
    function release(FundId fundId, uint64 amountMinor) external onlyDeliveryLedger {
        _fund(fundId).release(amountMinor);
    }

    /// @inheritdoc IFundLedger
    function deliver(FundId fundId, uint64 amountMinor) external onlyDeliveryLedger returns (uint64 start) {
        Fund storage fund = _fund(fundId);
        start = fund.deliver(amountMinor);
        if (fund.unit == MINUTES) TIME_BANK.deliver(amountMinor);
    }

    /// @inheritdoc IFundLedger
    function takeBack(FundId fundId, uint64 amountMinor) external onlyDeliveryLedger returns (uint64 start) {
        Fund storage fund = _fund(fundId);
        start = fund.add(amountMinor);
        if (fund.unit == MINUTES) TIME_BANK.takeBack(amountMinor);
    }

    // --- Views

    /// @inheritdoc IFundLedger
    function fundOf(FundId fund) external view returns (Fund memory) {
        return _fund(fund);
    }

    /// @inheritdoc IFundLedger
    function outflowEndOf(FundId fund) external view returns (uint64) {
        return _fund(fund).outflowEnd;
    }

    /// @inheritdoc IFundLedger
    function donationOf(DonationId donation) external view returns (Donation memory) {
        return _donation[donation];
    }

    /// @inheritdoc IFundLedger
    function fundOfDonation(DonationId donation) external view returns (Fund memory) {
        return _funds[_knownDonation(donation).fundNumber];
    }

    /// @inheritdoc IFundLedger
    function feeOf(FeeId fee) external view returns (Outflow memory) {
        return _fee[fee];
    }

    /// @inheritdoc IFundLedger
    function refundOf(RefundId refundId) external view returns (Outflow memory) {
        return _refund[refundId];
    }

    /// @inheritdoc IFundLedger
    function transferOf(TransferId transfer) external view returns (Transfer memory) {
        return _knownTransfer(transfer);
    }

    /// @inheritdoc IFundLedger
    function undelivered(DonationId donation) external view returns (uint64) {
        Donation storage record = _knownDonation(donation);
        return _funds[record.fundNumber].undelivered(record);
    }

    /// @inheritdoc IFundLedger
    function reassignmentDigest(
        ReassignmentId reassignment,
        DonationId donation,
        FundId to,
        uint64 amountMinor,
        uint64 deadlineUnixS
    ) external view returns (bytes32) {
        address donor = _knownDonation(donation).donor;
        return _hashTypedDataV4(
            keccak256(
                abi.encode(REASSIGNMENT, donor, reassignment, donation, to, amountMinor, genesisHash, deadlineUnixS)
            )
        );
    }

    /// @inheritdoc IFundLedger
    function claimDigest(DonationId donation, address wallet, uint64 deadlineUnixS) external view returns (bytes32) {
        return _hashTypedDataV4(_claimHash(_knownDonation(donation).donor, donation, wallet, deadlineUnixS));
    }

    // --- One item of a batch

    function _donate(Fund storage fund, uint32 number, DonationEntry calldata entry) private {
        bytes32 id = DonationId.unwrap(entry.id);
        require(id != 0, FundLedgerMissing("donation"));
        require(entry.donor != address(0), FundLedgerMissing("donor"));
        _requireAmount(id, entry.amountMinor);
        uint56 digest = uint56(bytes7(keccak256(abi.encode(entry))));
        Donation storage known = _donation[entry.id];
        if (known.donor != address(0)) {
            require(known.digest == digest && known.fundNumber == number, FundLedgerConflict(id));
            return;
        }
        require(
            entry.settledAtUnixS <= block.timestamp + MOST_AHEAD_S,
            FundLedgerNotYetSettled(entry.id, entry.settledAtUnixS)
        );
        require(
            entry.settledAtUnixS >= fund.opensAtUnixS
                && (fund.closesAtUnixS == 0 || entry.settledAtUnixS < fund.closesAtUnixS),
            FundLedgerFundClosed(entry.id, entry.settledAtUnixS)
        );
        uint64 start = fund.add(entry.amountMinor);
        fund.donated += entry.amountMinor;
        _donation[entry.id] = Donation(entry.donor, number, false, digest, start, entry.amountMinor, 0, 0);
        emit DonationRecorded(
            fund.id,
            entry.id,
            entry.donor,
            start,
            entry.amountMinor,
            entry.settledAtUnixS,
            entry.form,
            entry.channel,
            entry.valueMinor,
            entry.valueCurrency,
            entry.commitment
        );
    }

    function _claim(SignedClaim calldata c) private {
        Donation storage donation = _knownDonation(c.donation);
        bytes32 id = DonationId.unwrap(c.donation);
        address claimKey = donation.donor;
        require(c.wallet != address(0), FundLedgerMissing("wallet"));
        require(!donation.claimed, FundLedgerAlreadyClaimed(c.donation, claimKey));
        _requireSigned(
            id, claimKey, _claimHash(claimKey, c.donation, c.wallet, c.deadlineUnixS), c.deadlineUnixS, c.r, c.vs
        );
        donation.claimed = true;
        donation.donor = c.wallet;
        emit DonationClaimed(c.donation, claimKey, c.wallet);
    }

    function _takeFee(Fund storage fund, uint32 number, FeeId id, uint64 amountMinor) private {
        require(FeeId.unwrap(id) != 0, FundLedgerMissing("fee"));
        _requireAmount(FeeId.unwrap(id), amountMinor);
        if (_isRepeated(_fee[id], FeeId.unwrap(id), number, 0, amountMinor)) return;
        uint64 start = fund.takeFee(amountMinor);
        _fee[id] = Outflow(number, 0, start, amountMinor);
        emit FeeTaken(fund.id, id, start, amountMinor);
    }

    function _refundDonation(Fund storage fund, uint32 number, RefundEntry calldata entry) private {
        bytes32 id = RefundId.unwrap(entry.id);
        require(id != 0, FundLedgerMissing("refund"));
        _requireAmount(id, entry.amountMinor);
        uint64 digest = uint64(bytes8(keccak256(abi.encode(entry.donation))));
        if (_isRepeated(_refund[entry.id], id, number, digest, entry.amountMinor)) return;
        Donation storage donation = _requireUndelivered(fund, number, entry.donation, entry.amountMinor);
        (uint64 start, uint64 continuesAt) = fund.withdraw(donation, entry.amountMinor);
        donation.refundedMinor += entry.amountMinor;
        _refund[entry.id] = Outflow(number, digest, start, entry.amountMinor);
        emit DonationRefunded(fund.id, entry.id, entry.donation, start, entry.amountMinor, continuesAt);
    }

    function _reassign(Fund storage from, uint32 number, SignedReassignment calldata s) private {
        bytes32 id = ReassignmentId.unwrap(s.id);
        require(id != 0, FundLedgerMissing("reassignment"));
        _requireAmount(id, s.amountMinor);
        require(!_reassigned[s.id], FundLedgerAlreadyDone(id));
        Donation storage donation = _requireUndelivered(from, number, s.donation, s.amountMinor);
        Fund storage to = _fund(s.to);
        require(
            !(from.id == s.to) && from.organisation == to.organisation && from.unit == to.unit,
            FundLedgerBadReassignment(s.donation, s.to)
        );
        bytes32 structHash = keccak256(
            abi.encode(
                REASSIGNMENT, donation.donor, s.id, s.donation, s.to, s.amountMinor, genesisHash, s.deadlineUnixS
            )
        );
        _requireSigned(id, donation.donor, structHash, s.deadlineUnixS, s.r, s.vs);
        _reassigned[s.id] = true;
        (uint64 start, uint64 continuesAt) = from.withdraw(donation, s.amountMinor);
        donation.reassignedMinor += s.amountMinor;
        uint64 startsAt = to.add(s.amountMinor);
        emit DonationReassigned(from.id, s.id, s.donation, s.to, start, s.amountMinor, continuesAt, startsAt);
    }

    function _proposeTransfer(TransferProposal calldata p) private {
        Fund storage from = _fund(p.from);
        LICENCES.requireRole(from.organisation, msg.sender, Roles.MAKER);
        bytes32 id = TransferId.unwrap(p.id);
        require(id != 0, FundLedgerMissing("transfer"));
        _requireAmount(id, p.amountMinor);
        bytes32 digest = keccak256(abi.encode(p));
        Transfer storage known = _transfer[p.id];
        if (known.state != TransferState.Unknown) {
            require(known.digest == digest && known.maker == msg.sender, FundLedgerConflict(id));
            return;
        }
        _requireAsRestricted(from, _fund(p.to));
        known.maker = msg.sender;
        known.state = TransferState.Proposed;
        known.fromNumber = _fundNumber[p.from];
        known.toNumber = _fundNumber[p.to];
        known.digest = digest;
        known.amountMinor = p.amountMinor;
        emit TransferProposed(p.id, p.from, p.to, msg.sender, p.amountMinor, p.commitment);
    }

    function _approveTransfer(TransferProposal calldata p) private {
        Transfer storage transfer = _knownTransfer(p.id);
        Fund storage from = _fund(p.from);
        LICENCES.requireRole(from.organisation, msg.sender, Roles.CHECKER);
        require(transfer.digest == keccak256(abi.encode(p)), FundLedgerConflict(TransferId.unwrap(p.id)));
        require(msg.sender != transfer.maker, FundLedgerMakerIsChecker(p.id, msg.sender));
        if (msg.sender == transfer.checker || msg.sender == transfer.secondChecker) return;
        if (transfer.state == TransferState.Proposed) {
            transfer.checker = msg.sender;
            if (p.amountMinor > LICENCES.secondCheckerThreshold(from.organisation, from.unit)) {
                transfer.state = TransferState.Checked;
                emit TransferChecked(p.id, msg.sender);
                return;
            }
        } else {
            _requireTransferState(p.id, transfer, TransferState.Checked);
            transfer.secondChecker = msg.sender;
        }
        transfer.state = TransferState.Sent;
        transfer.start = from.take(p.amountMinor);
        emit TransferSent(p.from, p.id, p.to, msg.sender, transfer.start, p.amountMinor);
    }

    // --- Checks

    function _fund(FundId id) private view returns (Fund storage) {
        uint32 number = _fundNumber[id];
        require(number != 0, FundLedgerUnknownFund(id));
        return _funds[number];
    }

    function _knownDonation(DonationId id) private view returns (Donation storage donation) {
        donation = _donation[id];
        require(donation.donor != address(0), FundLedgerUnknownDonation(id));
    }

    function _knownTransfer(TransferId id) private view returns (Transfer storage transfer) {
        transfer = _transfer[id];
        require(transfer.state != TransferState.Unknown, FundLedgerUnknownTransfer(id));
    }

    function _requireAmount(bytes32 id, uint64 amountMinor) private pure {
        require(amountMinor != 0 && amountMinor <= FundLine.MAX_AMOUNT, FundLedgerBadAmount(id, amountMinor));
    }

    /// @dev Minutes are neither charged nor paid back: the time bank holds them until they are delivered.
    function _requireCashierOfMoney(Fund storage fund) private view {
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.CASHIER);
        require(!(fund.unit == MINUTES), FundLedgerMinutes(fund.id));
    }

    /// @dev Income by head and form adds up only if whatever is not cash has a value (system E01).
    function _requireValue(DonationEntry calldata entry) private pure {
        require(Code.unwrap(entry.form) != 0, FundLedgerMissing("form"));
        bool cash = entry.form == CASH;
        require(
            (entry.valueMinor == 0) == cash && entry.valueMinor <= FundLine.MAX_AMOUNT
                && (Code.unwrap(entry.valueCurrency) == 0) == cash,
            FundLedgerBadValue(entry.id, entry.valueMinor)
        );
    }

    function _requireTransferState(TransferId id, Transfer storage transfer, TransferState state) private view {
        require(transfer.state == state, FundLedgerTransferState(id, transfer.state));
    }

    function _requireUndelivered(Fund storage fund, uint32 number, DonationId id, uint64 amountMinor)
        private
        view
        returns (Donation storage donation)
    {
        donation = _knownDonation(id);
        require(donation.fundNumber == number, FundLedgerOtherFund(DonationId.unwrap(id), fund.id));
        uint64 most = fund.undelivered(donation);
        require(amountMinor <= most, FundLedgerRefundAboveUndelivered(id, amountMinor, most));
    }

    /// @dev I9: units keep every restriction that they were given under, and nobody may charge more for them.
    function _requireAsRestricted(Fund storage from, Fund storage to) private view {
        require(
            !(from.id == to.id) && from.unit == to.unit && from.head == to.head
                && (ProgrammeId.unwrap(from.programme) == 0 || from.programme == to.programme)
                && (Code.unwrap(from.campaign) == 0 || from.campaign == to.campaign) && to.place.within(from.place)
                && to.releaseAtUnixS >= from.releaseAtUnixS && to.feeCapBps <= from.feeCapBps,
            FundLedgerLessRestricted(from.id, to.id)
        );
    }

    /// @return True when this very outflow is recorded; reverts when another one is recorded under the id.
    function _isRepeated(Outflow storage known, bytes32 id, uint32 number, uint64 digest, uint64 amountMinor)
        private
        view
        returns (bool)
    {
        if (known.fundNumber == 0) return false;
        require(
            known.fundNumber == number && known.digest == digest && known.amountMinor == amountMinor,
            FundLedgerConflict(id)
        );
        return true;
    }

    function _claimHash(address claimKey, DonationId donation, address wallet, uint64 deadlineUnixS)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(CLAIM, claimKey, donation, wallet, genesisHash, deadlineUnixS));
    }

    function _emitFundOpened(FundOpening calldata o) private {
        emit FundOpened(
            o.id,
            o.organisation,
            o.programme,
            o.unit,
            o.head,
            o.campaign,
            o.place,
            o.releaseAtUnixS,
            o.opensAtUnixS,
            o.closesAtUnixS,
            o.feeCapBps
        );
    }
}
