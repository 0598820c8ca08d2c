// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "./interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {ITimeBank} from "./interfaces/ITimeBank.sol";
import {SignedActs} from "./SignedActs.sol";
import {
    Code,
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    MINUTES,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    RefundId
} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract FundLedger is IFundLedger, SignedActs {
    uint64 private constant MAX_AMOUNT = 2 ** 63 - 1;
    uint256 private constant BPS = 10_000;

    bytes32 private constant ACCEPTANCE = keccak256(
        "Acceptance(address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant REFUSAL = keccak256(
        "Refusal(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;
    ITimeBank private immutable TIME_BANK;

    // Records refer to funds and lists by a 32-bit number, so that a donation fits two slots and an entitlement is
    // offered in one. Number 0 is nobody's.
    Fund[] private _funds;
    PaymentList[] private _lists;
    mapping(FundId id => uint32) private _fundNumber;
    mapping(PaymentListId id => uint32) private _listNumber;

    mapping(ProgrammeId programme => OrganisationId) private _programmeOwner;
    mapping(ProgrammeId programme => mapping(Code head => bool)) private _takesHead;
    mapping(DonationId id => Donation) private _donation;
    mapping(FeeId id => Outflow) private _fee;
    mapping(RefundId id => Outflow) private _refund;
    mapping(EntitlementId id => Entitlement) private _entitlement;

    constructor(ILicenceRegistry licences, IHouseholdRegistry households, ITimeBank timeBank, bytes32 genesis)
        SignedActs("Amanat FundLedger", genesis)
    {
        LICENCES = licences;
        HOUSEHOLDS = households;
        TIME_BANK = timeBank;
        _funds.push();
        _lists.push();
    }

    // --- Programmes and funds

    /// @inheritdoc IFundLedger
    function openProgramme(ProgrammeId programme, OrganisationId organisation, Code[] calldata heads) external {
        LICENCES.requireAdministrator(organisation, msg.sender);
        require(ProgrammeId.unwrap(programme) != 0, FundLedgerMissing("programme"));
        OrganisationId owner = _programmeOwner[programme];
        if (OrganisationId.unwrap(owner) == 0) {
            _programmeOwner[programme] = organisation;
            emit ProgrammeOpened(programme, organisation);
        } else {
            require(owner == organisation, FundLedgerConflict(ProgrammeId.unwrap(programme)));
        }
        for (uint256 i = 0; i < heads.length; ++i) {
            require(Code.unwrap(heads[i]) != 0, FundLedgerMissing("head"));
            if (_takesHead[programme][heads[i]]) continue;
            _takesHead[programme][heads[i]] = true;
            emit ProgrammeHeadAllowed(programme, heads[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function openFund(FundOpening calldata opening) external {
        LICENCES.requireAdministrator(opening.organisation, msg.sender);
        require(FundId.unwrap(opening.id) != 0, FundLedgerMissing("fund"));
        require(Code.unwrap(opening.unit) != 0, FundLedgerMissing("unit"));
        require(Code.unwrap(opening.head) != 0, FundLedgerMissing("head"));
        require(opening.feeCapBps <= BPS, FundLedgerBadFeeCap(opening.feeCapBps));
        if (_fundNumber[opening.id] != 0) {
            require(_sameFund(_fund(opening.id), opening), FundLedgerConflict(FundId.unwrap(opening.id)));
            return;
        }
        if (ProgrammeId.unwrap(opening.programme) != 0) {
            _requireServes(opening.programme, opening.organisation, opening.head);
        }
        _fundNumber[opening.id] = uint32(_funds.length);
        Fund storage fund = _funds.push();
        fund.id = opening.id;
        fund.organisation = opening.organisation;
        fund.unit = opening.unit;
        fund.head = opening.head;
        fund.programme = opening.programme;
        fund.feeCapBps = opening.feeCapBps;
        emit FundOpened(
            opening.id, opening.organisation, opening.programme, opening.unit, opening.head, opening.feeCapBps
        );
    }

    // --- Inflows

    /// @inheritdoc IFundLedger
    function donate(FundId fundId, DonationEntry[] calldata entries) external {
        Fund storage fund = _fund(fundId);
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.CASHIER);
        require(!(fund.unit == MINUTES), FundLedgerMinutes(fundId));
        uint32 number = _fundNumber[fundId];
        for (uint256 i = 0; i < entries.length; ++i) {
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

    // --- Fees and refunds

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

    // --- Payment lists

    /// @inheritdoc IFundLedger
    function proposeList(ListProposal calldata proposal, EntitlementEntry[] calldata items) external {
        Fund storage fund = _fund(proposal.fund);
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.MAKER);
        require(PaymentListId.unwrap(proposal.id) != 0, FundLedgerMissing("list"));
        require(proposal.count != 0, FundLedgerMissing("count"));
        _requireAmount(PaymentListId.unwrap(proposal.id), proposal.totalMinor);
        if (_listNumber[proposal.id] == 0) {
            _proposeList(fund, proposal);
        } else {
            require(_sameList(_list(proposal.id), proposal), FundLedgerConflict(PaymentListId.unwrap(proposal.id)));
        }
        _addEntitlements(fund.organisation, _list(proposal.id), proposal.id, items);
    }

    /// @inheritdoc IFundLedger
    function approveList(PaymentListId listId, bytes32 contentHash) external {
        PaymentList storage list = _list(listId);
        Fund storage fund = _funds[list.fundNumber];
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.CHECKER);
        require(list.maker != msg.sender, FundLedgerMakerIsChecker(listId, msg.sender));
        require(list.contentHash == contentHash, FundLedgerOtherContent(listId, list.contentHash));
        if (list.state == ListState.Approved && list.checker == msg.sender) return;
        require(list.state == ListState.Proposed, FundLedgerListState(listId, list.state));
        require(block.timestamp < list.expiresAtUnixS, FundLedgerListExpired(listId, list.expiresAtUnixS));
        require(
            list.added == list.count && list.addedMinor == list.totalMinor && list.addedHash == list.contentHash,
            FundLedgerListDiffers(listId, list.added, list.addedMinor, list.addedHash)
        );
        _requireFree(fund, list.totalMinor);
        list.state = ListState.Approved;
        list.checker = msg.sender;
        fund.reserved += list.totalMinor;
        emit PaymentListApproved(listId, fund.id, msg.sender, list.totalMinor);
    }

    // --- Deliveries

    /// @inheritdoc IFundLedger
    function handOver(PaymentListId listId, EntitlementId[] calldata entitlements) external {
        Fund storage fund = _requireDelivering(listId);
        for (uint256 i = 0; i < entitlements.length; ++i) {
            _handOver(fund, listId, entitlements[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function handOverAccepted(PaymentListId listId, SignedAcceptance[] calldata acceptances) external {
        Fund storage fund = _requireDelivering(listId);
        for (uint256 i = 0; i < acceptances.length; ++i) {
            _handOver(fund, listId, acceptances[i].id);
            _confirm(acceptances[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function accept(SignedAcceptance[] calldata acceptances) external {
        for (uint256 i = 0; i < acceptances.length; ++i) {
            _confirm(acceptances[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function refuse(SignedRefusal[] calldata refusals) external {
        for (uint256 i = 0; i < refusals.length; ++i) {
            _refuse(refusals[i]);
        }
    }

    /// @inheritdoc IFundLedger
    function expire(EntitlementId[] calldata entitlements) external {
        for (uint256 i = 0; i < entitlements.length; ++i) {
            EntitlementId id = entitlements[i];
            PaymentList storage list = _lists[_known(id).listNumber];
            require(block.timestamp >= list.expiresAtUnixS, FundLedgerListNotExpired(list.id, list.expiresAtUnixS));
            (Fund storage fund, uint64 amountMinor) = _release(id, EntitlementState.Expired);
            emit EntitlementExpired(id, fund.id, amountMinor);
        }
    }

    // --- Views

    /// @inheritdoc IFundLedger
    function fundOf(FundId fund) external view returns (Fund memory) {
        return _fund(fund);
    }

    /// @inheritdoc IFundLedger
    function donationOf(DonationId donation) external view returns (Donation memory) {
        return _donation[donation];
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
    function listOf(PaymentListId list) external view returns (PaymentList memory) {
        return _list(list);
    }

    /// @inheritdoc IFundLedger
    function entitlementOf(EntitlementId entitlement) external view returns (Entitlement memory) {
        return _known(entitlement);
    }

    /// @inheritdoc IFundLedger
    function programmeOwner(ProgrammeId programme) external view returns (OrganisationId) {
        return _programmeOwner[programme];
    }

    /// @inheritdoc IFundLedger
    function takesHead(ProgrammeId programme, Code head) external view returns (bool) {
        return _takesHead[programme][head];
    }

    /// @inheritdoc IFundLedger
    function undelivered(DonationId donation) external view returns (uint64 amountMinor) {
        Donation storage record = _donation[donation];
        require(record.donor != address(0), FundLedgerUnknownDonation(donation));
        return _undelivered(record, _funds[record.fundNumber].outflowEnd);
    }

    /// @inheritdoc IFundLedger
    function acceptanceDigest(EntitlementId entitlement, uint64 amountMinor, uint64 deadlineUnixS)
        external
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(_acceptanceHash(_known(entitlement), entitlement, amountMinor, deadlineUnixS));
    }

    /// @inheritdoc IFundLedger
    function refusalDigest(EntitlementId entitlement, Code reason, uint64 deadlineUnixS)
        external
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(_refusalHash(_known(entitlement).household, entitlement, reason, deadlineUnixS));
    }

    // --- One item of a batch

    function _donate(Fund storage fund, uint32 number, DonationEntry calldata entry) private {
        bytes32 id = DonationId.unwrap(entry.id);
        require(id != 0, FundLedgerMissing("donation"));
        require(entry.donor != address(0), FundLedgerMissing("donor"));
        _requireAmount(id, entry.amountMinor);
        uint64 digest = uint64(bytes8(keccak256(abi.encode(entry))));
        Donation storage known = _donation[entry.id];
        if (known.donor != address(0)) {
            require(known.digest == digest && known.fundNumber == number, FundLedgerConflict(id));
            return;
        }
        uint64 start = fund.inflowEnd;
        require(entry.amountMinor <= MAX_AMOUNT - start, FundLedgerFundFull(fund.id, start, entry.amountMinor));
        _donation[entry.id] = Donation(entry.donor, number, digest, start, entry.amountMinor, 0, entry.settledAtUnixS);
        fund.inflowEnd = start + entry.amountMinor;
        emit DonationRecorded(
            fund.id,
            entry.id,
            entry.donor,
            start,
            entry.amountMinor,
            entry.settledAtUnixS,
            entry.channel,
            entry.commitment
        );
    }

    function _takeFee(Fund storage fund, uint32 number, FeeId id, uint64 amountMinor) private {
        require(FeeId.unwrap(id) != 0, FundLedgerMissing("fee"));
        _requireAmount(FeeId.unwrap(id), amountMinor);
        if (_isRepeated(_fee[id], FeeId.unwrap(id), number, 0, amountMinor)) return;
        _requireFree(fund, amountMinor);
        uint256 fees = uint256(fund.fees) + amountMinor;
        uint256 cap = uint256(fund.inflowEnd - fund.refunded) * fund.feeCapBps / BPS;
        require(fees <= cap, FundLedgerFeeAboveCap(fund.id, uint64(fees), uint64(cap)));
        uint64 start = fund.outflowEnd;
        _fee[id] = Outflow(number, 0, start, amountMinor);
        fund.outflowEnd = start + amountMinor;
        fund.fees = uint64(fees);
        emit FeeTaken(fund.id, id, start, amountMinor);
    }

    function _refundDonation(Fund storage fund, uint32 number, RefundEntry calldata entry) private {
        bytes32 id = RefundId.unwrap(entry.id);
        uint64 amountMinor = entry.amountMinor;
        require(id != 0, FundLedgerMissing("refund"));
        _requireAmount(id, amountMinor);
        uint64 digest = uint64(bytes8(keccak256(abi.encode(entry.donation))));
        if (_isRepeated(_refund[entry.id], id, number, digest, amountMinor)) return;
        Donation storage donation = _donation[entry.donation];
        require(donation.donor != address(0), FundLedgerUnknownDonation(entry.donation));
        require(donation.fundNumber == number, FundLedgerOtherFund(DonationId.unwrap(entry.donation), fund.id));
        uint64 start = fund.outflowEnd;
        uint64 most = _undelivered(donation, start);
        require(amountMinor <= most, FundLedgerRefundAboveUndelivered(entry.donation, amountMinor, most));
        _requireFree(fund, amountMinor);
        donation.refundedMinor += amountMinor;
        fund.refunded += amountMinor;
        _refund[entry.id] = Outflow(number, digest, start, amountMinor);
        fund.outflowEnd = start + amountMinor;
        emit DonationRefunded(
            fund.id,
            entry.id,
            entry.donation,
            start,
            amountMinor,
            donation.start + donation.amountMinor - donation.refundedMinor
        );
    }

    function _proposeList(Fund storage fund, ListProposal calldata proposal) private {
        require(proposal.expiresAtUnixS > block.timestamp, FundLedgerListExpired(proposal.id, proposal.expiresAtUnixS));
        _requireServes(proposal.programme, fund.organisation, fund.head);
        require(
            ProgrammeId.unwrap(fund.programme) == 0 || fund.programme == proposal.programme,
            FundLedgerFundForOtherProgramme(proposal.fund, proposal.programme)
        );
        _listNumber[proposal.id] = uint32(_lists.length);
        PaymentList storage list = _lists.push();
        list.id = proposal.id;
        list.maker = msg.sender;
        list.fundNumber = _fundNumber[proposal.fund];
        list.count = proposal.count;
        list.state = ListState.Proposed;
        list.totalMinor = proposal.totalMinor;
        list.expiresAtUnixS = proposal.expiresAtUnixS;
        list.programme = proposal.programme;
        list.contentHash = proposal.contentHash;
        emit PaymentListProposed(
            proposal.id,
            proposal.fund,
            proposal.programme,
            msg.sender,
            proposal.contentHash,
            proposal.totalMinor,
            proposal.expiresAtUnixS,
            proposal.count
        );
    }

    function _addEntitlements(
        OrganisationId payer,
        PaymentList storage list,
        PaymentListId listId,
        EntitlementEntry[] calldata entries
    ) private {
        uint32 number = _listNumber[listId];
        (uint32 added, uint64 addedMinor, bytes32 addedHash) = (list.added, list.addedMinor, list.addedHash);
        for (uint256 i = 0; i < entries.length; ++i) {
            EntitlementEntry calldata entry = entries[i];
            if (!_addEntitlement(payer, number, entry)) continue;
            added += 1;
            addedMinor += entry.amountMinor;
            addedHash = keccak256(abi.encode(addedHash, entry.id, entry.household, entry.amountMinor));
            require(
                added <= list.count && addedMinor <= list.totalMinor,
                FundLedgerListDiffers(listId, added, addedMinor, addedHash)
            );
            emit EntitlementListed(listId, entry.id, entry.household, entry.amountMinor);
        }
        (list.added, list.addedMinor, list.addedHash) = (added, addedMinor, addedHash);
    }

    /// @return added False when this very entitlement is on the list already.
    function _addEntitlement(OrganisationId payer, uint32 listNumber, EntitlementEntry calldata entry)
        private
        returns (bool added)
    {
        bytes32 id = EntitlementId.unwrap(entry.id);
        require(id != 0, FundLedgerMissing("entitlement"));
        _requireAmount(id, entry.amountMinor);
        Entitlement storage known = _entitlement[entry.id];
        if (known.household != address(0)) {
            require(
                known.household == entry.household && known.listNumber == listNumber
                    && known.amountMinor == entry.amountMinor,
                FundLedgerConflict(id)
            );
            return false;
        }
        require(
            !(HOUSEHOLDS.householdOf(entry.household).openedBy == payer),
            FundLedgerPayerOpenedHousehold(entry.id, entry.household)
        );
        known.household = entry.household;
        known.listNumber = listNumber;
        known.amountMinor = entry.amountMinor;
        return true;
    }

    function _handOver(Fund storage fund, PaymentListId listId, EntitlementId id) private {
        Entitlement storage entitlement = _known(id);
        require(entitlement.listNumber == _listNumber[listId], FundLedgerOtherList(id, listId));
        _requireState(id, entitlement, EntitlementState.Offered);
        (uint64 start, uint64 amountMinor) = (fund.outflowEnd, entitlement.amountMinor);
        entitlement.state = EntitlementState.HandedOver;
        entitlement.start = start;
        entitlement.handedOverAtUnixS = uint64(block.timestamp);
        fund.reserved -= amountMinor;
        fund.outflowEnd = start + amountMinor;
        emit DeliveryHandedOver(fund.id, id, msg.sender, start, amountMinor);
        if (fund.unit == MINUTES) TIME_BANK.deliver(amountMinor);
    }

    function _confirm(SignedAcceptance calldata a) private {
        Entitlement storage entitlement = _known(a.id);
        require(
            a.amountMinor == entitlement.amountMinor,
            FundLedgerAmountDiffers(a.id, a.amountMinor, entitlement.amountMinor)
        );
        _requireState(a.id, entitlement, EntitlementState.HandedOver);
        address household = entitlement.household;
        _requireSigned(
            EntitlementId.unwrap(a.id),
            _keyOf(a.id, household),
            _acceptanceHash(entitlement, a.id, a.amountMinor, a.deadlineUnixS),
            a.deadlineUnixS,
            a.r,
            a.vs
        );
        entitlement.state = EntitlementState.Confirmed;
        entitlement.method = AcceptanceMethod.HouseholdKey;
        emit DeliveryConfirmed(a.id, household, AcceptanceMethod.HouseholdKey, a.deadlineUnixS, a.r, a.vs);
    }

    function _refuse(SignedRefusal calldata refusal) private {
        require(Code.unwrap(refusal.reason) != 0, FundLedgerMissing("reason"));
        address household = _known(refusal.id).household;
        _requireSigned(
            EntitlementId.unwrap(refusal.id),
            _keyOf(refusal.id, household),
            _refusalHash(household, refusal.id, refusal.reason, refusal.deadlineUnixS),
            refusal.deadlineUnixS,
            refusal.r,
            refusal.vs
        );
        (Fund storage fund, uint64 amountMinor) = _release(refusal.id, EntitlementState.Refused);
        emit EntitlementRefused(refusal.id, fund.id, amountMinor, refusal.reason);
    }

    /// @dev Ends an offer; its units are free again.
    function _release(EntitlementId id, EntitlementState ended)
        private
        returns (Fund storage fund, uint64 amountMinor)
    {
        Entitlement storage entitlement = _known(id);
        PaymentList storage list = _lists[entitlement.listNumber];
        require(list.state == ListState.Approved, FundLedgerListState(list.id, list.state));
        _requireState(id, entitlement, EntitlementState.Offered);
        entitlement.state = ended;
        fund = _funds[list.fundNumber];
        amountMinor = entitlement.amountMinor;
        fund.reserved -= amountMinor;
    }

    // --- Checks

    function _fund(FundId id) private view returns (Fund storage) {
        uint32 number = _fundNumber[id];
        require(number != 0, FundLedgerUnknownFund(id));
        return _funds[number];
    }

    function _list(PaymentListId id) private view returns (PaymentList storage) {
        uint32 number = _listNumber[id];
        require(number != 0, FundLedgerUnknownList(id));
        return _lists[number];
    }

    function _known(EntitlementId id) private view returns (Entitlement storage entitlement) {
        entitlement = _entitlement[id];
        require(entitlement.household != address(0), FundLedgerUnknownEntitlement(id));
    }

    function _keyOf(EntitlementId id, address household) private view returns (address key) {
        key = HOUSEHOLDS.householdOf(household).key;
        require(key != address(0), FundLedgerNoKey(id, household));
    }

    function _requireState(EntitlementId id, Entitlement storage entitlement, EntitlementState state) private view {
        require(entitlement.state == state, FundLedgerEntitlementState(id, entitlement.state));
    }

    function _requireAmount(bytes32 id, uint64 amountMinor) private pure {
        require(amountMinor != 0 && amountMinor <= MAX_AMOUNT, FundLedgerBadAmount(id, amountMinor));
    }

    /// @dev I1: nothing leaves or is promised beyond the inflow.
    function _requireFree(Fund storage fund, uint64 amountMinor) private view {
        uint64 free = fund.inflowEnd - fund.outflowEnd - fund.reserved;
        require(amountMinor <= free, FundLedgerNotEnough(fund.id, free, amountMinor));
    }

    /// @dev Minutes are neither charged nor paid back: the time bank holds them until they are delivered.
    function _requireCashierOfMoney(Fund storage fund) private view {
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.CASHIER);
        require(!(fund.unit == MINUTES), FundLedgerMinutes(fund.id));
    }

    /// @dev I9: the programme is the organisation's own and takes money of this head.
    function _requireServes(ProgrammeId programme, OrganisationId organisation, Code head) private view {
        OrganisationId owner = _programmeOwner[programme];
        require(OrganisationId.unwrap(owner) != 0, FundLedgerUnknownProgramme(programme));
        require(owner == organisation, FundLedgerProgrammeOfOther(programme, organisation));
        require(_takesHead[programme][head], FundLedgerHeadNotAllowed(programme, head));
    }

    function _requireDelivering(PaymentListId listId) private view returns (Fund storage fund) {
        PaymentList storage list = _list(listId);
        fund = _funds[list.fundNumber];
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.AGENT);
        require(list.state == ListState.Approved, FundLedgerListState(listId, list.state));
        require(block.timestamp < list.expiresAtUnixS, FundLedgerListExpired(listId, list.expiresAtUnixS));
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

    /// @dev Units of the gift beyond the outflow's end. Units that an earlier refund moved on, of this gift or another,
    /// are not counted, so this never allows more than the lineage does.
    function _undelivered(Donation storage donation, uint64 outflowEnd) private view returns (uint64) {
        uint64 end = donation.start + donation.amountMinor - donation.refundedMinor;
        uint64 from = outflowEnd > donation.start ? outflowEnd : donation.start;
        return end > from ? end - from : 0;
    }

    function _sameFund(Fund storage fund, FundOpening calldata o) private view returns (bool) {
        return fund.organisation == o.organisation && fund.unit == o.unit && fund.head == o.head
            && fund.programme == o.programme && fund.feeCapBps == o.feeCapBps;
    }

    function _sameList(PaymentList storage list, ListProposal calldata p) private view returns (bool) {
        return list.maker == msg.sender && list.fundNumber == _fundNumber[p.fund] && list.count == p.count
            && list.totalMinor == p.totalMinor && list.expiresAtUnixS == p.expiresAtUnixS
            && list.programme == p.programme && list.contentHash == p.contentHash;
    }

    function _acceptanceHash(Entitlement storage e, EntitlementId id, uint64 amountMinor, uint64 deadlineUnixS)
        private
        view
        returns (bytes32)
    {
        Code unit = _funds[_lists[e.listNumber].fundNumber].unit;
        return keccak256(abi.encode(ACCEPTANCE, e.household, id, amountMinor, unit, genesisHash, deadlineUnixS));
    }

    function _refusalHash(address household, EntitlementId id, Code reason, uint64 deadlineUnixS)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(REFUSAL, household, id, reason, genesisHash, deadlineUnixS));
    }
}
