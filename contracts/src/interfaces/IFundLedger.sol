// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {
    Code,
    DonationId,
    FeeId,
    FundId,
    OrganisationId,
    ProgrammeId,
    ReassignmentId,
    RefundId,
    TransferId
} from "../types/Ids.sol";

/// @title The fund line: what came in and what left, unit by unit (DESIGN section 2).
/// @notice Amounts and positions are minor units of the fund's unit, `uint64` not above 2^63-1. Times are UTC seconds.
/// Codes (unit, head, channel, form, place) are short ASCII strings padded with zeros to 32 bytes. No person is recorded.
/// The same record again under its id is a no-op; another record under that id is a conflict. A batch is all or nothing.
/// Deliveries leave and returns come back by the word of `DeliveryLedger` alone.
interface IFundLedger {
    /// @notice Where a transfer between funds stands.
    enum TransferState {
        Unknown,
        Proposed,
        Checked,
        Sent,
        Received,
        CameBack,
        Withdrawn
    }

    /// @notice A fund and its line. The first four fields are the line's two ends and what is promised between them.
    struct Fund {
        /// @dev Sum of all inflows: where the next inflow starts (I2).
        uint64 inflowEnd;
        /// @dev Sum of all outflows: where the next outflow starts (I2).
        uint64 outflowEnd;
        /// @dev Promised to households by approved lists and not yet handed over (I1).
        uint64 reserved;
        /// @dev Sum of all fees (I7).
        uint64 fees;
        /// @dev Sum of all gifts recorded here. Fees are capped on it: what was transferred in or came back pays none again.
        uint64 donated;
        /// @dev Sum of all refunds and reassignments: a gift that left the fund again does not count towards the cap (I7).
        uint64 withdrawn;
        /// @dev Nothing is promised to households before this second (system E07).
        uint64 releaseAtUnixS;
        /// @dev Most that fees may take of all gifts kept, in hundredths of a percent; published at opening, never raised.
        uint16 feeCapBps;
        OrganisationId organisation;
        /// @dev ISO 4217 code, a goods code, or "MIN".
        Code unit;
        /// @dev Head of giving, e.g. "zakat" (systems E01, E09).
        Code head;
        /// @dev Zero, or the only programme this fund may serve (I9).
        ProgrammeId programme;
        /// @dev Zero, or the only campaign whose programmes this fund may serve (I9, system E08).
        Code campaign;
        /// @dev Zero, or the only area in which this fund may serve (I9).
        Code place;
        FundId id;
        /// @dev Gifts settled before `opensAtUnixS`, or at or after `closesAtUnixS` unless it is zero, are not taken.
        uint64 opensAtUnixS;
        uint64 closesAtUnixS;
        /// @dev First 64 bits of the hash of the opening.
        uint64 digest;
    }

    /// @notice A fund to open; the fields mean what they mean in `Fund`.
    struct FundOpening {
        FundId id;
        OrganisationId organisation;
        Code unit;
        Code head;
        ProgrammeId programme;
        Code campaign;
        Code place;
        uint64 releaseAtUnixS;
        uint64 opensAtUnixS;
        uint64 closesAtUnixS;
        uint16 feeCapBps;
    }

    /// @notice A settled gift to record.
    struct DonationEntry {
        DonationId id;
        /// @dev The donor's own wallet or the claim key printed on the receipt.
        address donor;
        uint64 amountMinor;
        /// @dev When the gift arrived at the organisation.
        uint64 settledAtUnixS;
        /// @dev "cash", or what else was given: "goods", "service" (system E01).
        Code form;
        /// @dev How it came, e.g. "bank", "ussd" (system E02).
        Code channel;
        /// @dev What a gift that is not cash is worth, in minor units of `valueCurrency`; zero for cash.
        uint64 valueMinor;
        Code valueCurrency;
        /// @dev Salted hash of the office's record of the gift; opens in the donor's proof.
        bytes32 commitment;
    }

    /// @notice A recorded gift: units [start, start + amount), of which the last `refunded + reassigned` were withdrawn.
    struct Donation {
        address donor;
        uint32 fundNumber;
        /// @dev True once a claim key's gift was moved to the donor's own wallet.
        bool claimed;
        /// @dev First 56 bits of the hash of the entry: tells a repeated record from a conflicting one.
        uint56 digest;
        uint64 start;
        uint64 amountMinor;
        uint64 refundedMinor;
        uint64 reassignedMinor;
    }

    struct FeeEntry {
        FeeId id;
        uint64 amountMinor;
    }

    struct RefundEntry {
        RefundId id;
        DonationId donation;
        uint64 amountMinor;
    }

    /// @notice A fee or a refund: units [start, start + amount) of the outflow line.
    struct Outflow {
        uint32 fundNumber;
        uint64 digest;
        uint64 start;
        uint64 amountMinor;
    }

    /// @notice Units to pass on to another fund, of the same or another organisation.
    struct TransferProposal {
        TransferId id;
        FundId from;
        FundId to;
        uint64 amountMinor;
        /// @dev Salted hash of the agreement.
        bytes32 commitment;
    }

    /// @notice A transfer: units [start, start + amount) of the outflow line of the fund that sends.
    struct Transfer {
        address maker;
        TransferState state;
        uint64 start;
        address checker;
        uint32 fromNumber;
        uint32 toNumber;
        address secondChecker;
        bytes32 digest;
        uint64 amountMinor;
    }

    /// @notice The donor's signed consent to another restriction: EIP-712 `Reassignment`, compact by EIP-2098.
    struct SignedReassignment {
        ReassignmentId id;
        DonationId donation;
        FundId to;
        uint64 amountMinor;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The claim key moves a gift to the donor's own wallet: EIP-712 `Claim`.
    struct SignedClaim {
        DonationId donation;
        address wallet;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    event FundOpened(
        FundId indexed fund,
        OrganisationId indexed organisation,
        ProgrammeId indexed programme,
        Code unit,
        Code head,
        Code campaign,
        Code place,
        uint64 releaseAtUnixS,
        uint64 opensAtUnixS,
        uint64 closesAtUnixS,
        uint16 feeCapBps
    );
    /// @notice Inflow: units [start, start + amount) of the fund are this donor's gift.
    event DonationRecorded(
        FundId indexed fund,
        DonationId indexed donation,
        address indexed donor,
        uint64 start,
        uint64 amountMinor,
        uint64 settledAtUnixS,
        Code form,
        Code channel,
        uint64 valueMinor,
        Code valueCurrency,
        bytes32 commitment
    );
    /// @notice The gift now belongs to the donor's own wallet instead of the claim key.
    event DonationClaimed(DonationId indexed donation, address indexed claimKey, address indexed wallet);
    /// @notice Outflow: units [start, start + amount) are the organisation's share.
    event FeeTaken(FundId indexed fund, FeeId indexed fee, uint64 start, uint64 amountMinor);
    /// @notice Outflow: units [start, start + amount) went back to the donor of `donation`; whoever gave those units
    /// continues at [continuesAt, continuesAt + amount), the refunded tail of `donation`.
    event DonationRefunded(
        FundId indexed fund,
        RefundId indexed refund,
        DonationId indexed donation,
        uint64 start,
        uint64 amountMinor,
        uint64 continuesAt
    );
    /// @notice Outflow of `from` and inflow of `to`: units [start, start + amount) left `from` for the donor's new wish;
    /// whoever gave those units continues at [continuesAt, continuesAt + amount), the withdrawn tail of `donation`, and
    /// that tail continues at [startsAt, startsAt + amount) of `to`.
    event DonationReassigned(
        FundId indexed from,
        ReassignmentId indexed reassignment,
        DonationId indexed donation,
        FundId to,
        uint64 start,
        uint64 amountMinor,
        uint64 continuesAt,
        uint64 startsAt
    );
    event TransferProposed(
        TransferId indexed transfer,
        FundId indexed from,
        FundId indexed to,
        address maker,
        uint64 amountMinor,
        bytes32 commitment
    );
    /// @notice The first of two checkers approved.
    event TransferChecked(TransferId indexed transfer, address indexed checker);
    /// @notice Outflow: units [start, start + amount) are on their way to the fund `to`.
    event TransferSent(
        FundId indexed from,
        TransferId indexed transfer,
        FundId indexed to,
        address checker,
        uint64 start,
        uint64 amountMinor
    );
    /// @notice Inflow: units [start, start + amount) of the fund continue the transfer's, unit by unit.
    event TransferReceived(FundId indexed to, TransferId indexed transfer, uint64 start, uint64 amountMinor);
    /// @notice Inflow: the transfer was not taken; its units continue at [start, start + amount) of the fund that sent it.
    event TransferCameBack(FundId indexed from, TransferId indexed transfer, uint64 start, uint64 amountMinor);
    /// @notice The proposal was given up before anything left.
    event TransferWithdrawn(TransferId indexed transfer);

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error FundLedgerMissing(bytes32 field);
    /// @notice An amount must be from 1 to 2^63-1 minor units.
    /// @custom:field amountMinor
    /// @custom:remedy give a whole number of minor units above zero
    /// @custom:retry no
    error FundLedgerBadAmount(bytes32 id, uint64 amountMinor);
    /// @notice Goods and services have a value of at most 2^63-1 and its currency; cash has neither.
    /// @custom:field valueMinor
    /// @custom:remedy give value and currency for goods and services, and none for cash
    /// @custom:retry no
    error FundLedgerBadValue(DonationId donation, uint64 valueMinor);
    /// @notice The id is taken by a different record.
    /// @custom:field id
    /// @custom:remedy make a new id for a new fact; send the same record again only unchanged
    /// @custom:retry no
    error FundLedgerConflict(bytes32 id);
    /// @notice There is no fund with this id.
    /// @custom:field fund
    /// @custom:remedy open the fund first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownFund(FundId fund);
    /// @notice There is no gift with this id.
    /// @custom:field donation
    /// @custom:remedy record the gift first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownDonation(DonationId donation);
    /// @notice There is no transfer with this id.
    /// @custom:field transfer
    /// @custom:remedy propose the transfer first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownTransfer(TransferId transfer);
    /// @notice The fund's line is at its end, 2^63-1 minor units.
    /// @custom:field fund
    /// @custom:remedy open a successor fund and record there
    /// @custom:retry no
    error FundLedgerFundFull(FundId fund, uint64 inflowEnd, uint64 amountMinor);
    /// @notice The fund has fewer free units than asked for (I1).
    /// @custom:field amountMinor
    /// @custom:remedy wait for further gifts or ask for at most the free amount
    /// @custom:retry yes
    error FundLedgerNotEnough(FundId fund, uint64 freeMinor, uint64 askedMinor);
    /// @notice A fee cap is from 0 to 10,000 hundredths of a percent.
    /// @custom:field feeCapBps
    /// @custom:remedy give a cap of at most 10000
    /// @custom:retry no
    error FundLedgerBadFeeCap(uint16 feeCapBps);
    /// @notice A fund must close after it opens.
    /// @custom:field closesAtUnixS
    /// @custom:remedy give a close after the opening, or zero for a fund that stays open
    /// @custom:retry no
    error FundLedgerBadPeriod(uint64 opensAtUnixS, uint64 closesAtUnixS);
    /// @notice A fund for one programme and one campaign needs a programme of that campaign, or nobody could be paid (I9).
    /// @custom:field campaign
    /// @custom:remedy name the programme's own campaign, or none
    /// @custom:retry no
    error FundLedgerProgrammeOfOtherCampaign(ProgrammeId programme, Code campaign);
    /// @notice The gift is settled more than a day ahead; a value date may be tomorrow's.
    /// @custom:field settledAtUnixS
    /// @custom:remedy record the gift once it has arrived
    /// @custom:retry yes
    error FundLedgerNotYetSettled(DonationId donation, uint64 settledAtUnixS);
    /// @notice The gift was settled when the fund did not take gifts (system E08).
    /// @custom:field settledAtUnixS
    /// @custom:remedy record the gift in a fund that was open at that time
    /// @custom:retry no
    error FundLedgerFundClosed(DonationId donation, uint64 settledAtUnixS);
    /// @notice The fund's money is locked until its release date (I9, system E07).
    /// @custom:field fund
    /// @custom:remedy wait for the release date
    /// @custom:retry yes
    error FundLedgerNotReleased(FundId fund, uint64 releaseAtUnixS);
    /// @notice Fees would exceed the fund's published cap (I7).
    /// @custom:field amountMinor
    /// @custom:remedy take at most what the cap leaves; the cap of money already given is never raised
    /// @custom:retry yes
    error FundLedgerFeeAboveCap(FundId fund, uint64 feesMinor, uint64 capMinor);
    /// @notice The gift belongs to another fund than the one named.
    /// @custom:field fund
    /// @custom:remedy name the gift's own fund
    /// @custom:retry no
    error FundLedgerOtherFund(bytes32 id, FundId fund);
    /// @notice More than the part of the gift that has not left the fund (I7).
    /// @custom:field amountMinor
    /// @custom:remedy ask for at most the undelivered part
    /// @custom:retry no
    error FundLedgerRefundAboveUndelivered(DonationId donation, uint64 askedMinor, uint64 undeliveredMinor);
    /// @notice Minutes enter and leave a fund only through the time bank.
    /// @custom:field fund
    /// @custom:remedy give minutes by the volunteer's signature; name a fund of money for money
    /// @custom:retry no
    error FundLedgerMinutes(FundId fund);
    /// @notice Only the time bank may record a gift of minutes.
    /// @custom:field caller
    /// @custom:remedy give minutes through the time bank
    /// @custom:retry no
    error FundLedgerNotTimeBank(address caller);
    /// @notice Only the delivery ledger may promise, deliver or take back.
    /// @custom:field caller
    /// @custom:remedy propose a payment list at the delivery ledger
    /// @custom:retry no
    error FundLedgerNotDeliveryLedger(address caller);
    /// @notice A transfer stays within unit, head and every restriction of the fund it leaves (I9).
    /// @custom:field to
    /// @custom:remedy choose a fund of the same unit and head that is at least as restricted and takes no higher fees
    /// @custom:retry no
    error FundLedgerLessRestricted(FundId from, FundId to);
    /// @notice The transfer is not in the state that the act needs.
    /// @custom:field transfer
    /// @custom:remedy look at the transfer's state; propose, approve and receive in this order, each once
    /// @custom:retry yes
    error FundLedgerTransferState(TransferId transfer, TransferState state);
    /// @notice Maker and checkers of a transfer are different keys.
    /// @custom:field checker
    /// @custom:remedy have another checker approve the transfer
    /// @custom:retry no
    error FundLedgerMakerIsChecker(TransferId transfer, address caller);
    /// @notice A gift is reassigned to another fund of the same organisation and unit.
    /// @custom:field to
    /// @custom:remedy reassign to a fund of the same organisation and unit, then transfer from there
    /// @custom:retry no
    error FundLedgerBadReassignment(DonationId donation, FundId to);
    /// @notice The reassignment was carried out already.
    /// @custom:field id
    /// @custom:remedy nothing: it is done; make a new id for another one
    /// @custom:retry no
    error FundLedgerAlreadyDone(bytes32 id);
    /// @notice The gift was moved to the donor's own wallet already.
    /// @custom:field donation
    /// @custom:remedy nothing: a gift is claimed once
    /// @custom:retry no
    error FundLedgerAlreadyClaimed(DonationId donation, address wallet);

    /// @notice Opens a fund; the same opening again is a no-op. Caller: administrator.
    function openFund(FundOpening calldata opening) external;

    /// @notice Records settled gifts into one fund, in order. Caller: CASHIER.
    function donate(FundId fund, DonationEntry[] calldata entries) external;

    /// @notice Records a gift of minutes whose credits the time bank has moved to this contract. Caller: time bank.
    function donateMinutes(FundId fund, DonationEntry calldata entry) external;

    /// @notice Moves gifts from the claim key printed on a receipt to the donor's own wallet, once. Caller: anyone.
    function claim(SignedClaim[] calldata claims) external;

    /// @notice Takes the organisation's share, under the fund's cap. Caller: CASHIER.
    function takeFees(FundId fund, FeeEntry[] calldata entries) external;

    /// @notice Gives undelivered parts of gifts back to their donors. Caller: CASHIER.
    function refund(FundId fund, RefundEntry[] calldata entries) external;

    /// @notice Moves undelivered parts of gifts out of `from` to funds under another restriction, with the donors'
    /// signatures. Caller: CASHIER.
    function reassign(FundId from, SignedReassignment[] calldata reassignments) external;

    /// @notice Proposes transfers to other funds; nothing leaves yet. Caller: MAKER of each sending organisation.
    function proposeTransfers(TransferProposal[] calldata proposals) external;

    /// @notice Approves transfers by repeating them; above the organisation's threshold a second checker must. The units
    /// leave. The same approval again is a no-op. Caller: CHECKER of each sending organisation, not the maker.
    function approveTransfers(TransferProposal[] calldata proposals) external;

    /// @notice Takes transfers into their funds. Caller: CASHIER of each receiving organisation.
    function receiveTransfers(TransferId[] calldata transfers) external;

    /// @notice Brings transfers that were sent and not received back. Caller: CASHIER of each receiving organisation, or
    /// of the sending one.
    /// @param organisation The body that the caller acts for.
    function bringBackTransfers(OrganisationId organisation, TransferId[] calldata transfers) external;

    /// @notice Gives up proposals that have not been sent. Caller: MAKER of each sending organisation.
    function withdrawTransfers(TransferId[] calldata transfers) external;

    /// @notice Promises free units to households. Caller: delivery ledger.
    function reserve(FundId fund, uint64 amountMinor) external;

    /// @notice Frees promised units. Caller: delivery ledger.
    function release(FundId fund, uint64 amountMinor) external;

    /// @notice Promised units leave the fund; they are the next on the outflow line. Caller: delivery ledger.
    /// @return start Where they start.
    function deliver(FundId fund, uint64 amountMinor) external returns (uint64 start);

    /// @notice Delivered units came back; they are the next on the inflow line. Caller: delivery ledger.
    /// @return start Where they start.
    function takeBack(FundId fund, uint64 amountMinor) external returns (uint64 start);

    function fundOf(FundId fund) external view returns (Fund memory);
    /// @notice Where the fund's next outflow starts.
    function outflowEndOf(FundId fund) external view returns (uint64);
    function donationOf(DonationId donation) external view returns (Donation memory);
    /// @notice The fund that a gift was recorded in.
    function fundOfDonation(DonationId donation) external view returns (Fund memory);
    function feeOf(FeeId fee) external view returns (Outflow memory);
    function refundOf(RefundId refundId) external view returns (Outflow memory);
    function transferOf(TransferId transfer) external view returns (Transfer memory);
    /// @notice The part of a gift that has not left the fund and could be refunded, if that many units are free.
    function undelivered(DonationId donation) external view returns (uint64 amountMinor);
    /// @notice EIP-712 digest of Reassignment(address donor,bytes32 reassignment,bytes32 donation,bytes32 to,
    /// uint64 amountMinor,bytes32 genesisHash,uint64 deadlineUnixS), which a donor signs to consent.
    function reassignmentDigest(
        ReassignmentId reassignment,
        DonationId donation,
        FundId to,
        uint64 amountMinor,
        uint64 deadlineUnixS
    ) external view returns (bytes32);
    /// @notice EIP-712 digest of Claim(address claimKey,bytes32 donation,address wallet,bytes32 genesisHash,
    /// uint64 deadlineUnixS), which a claim key signs.
    function claimDigest(DonationId donation, address wallet, uint64 deadlineUnixS) external view returns (bytes32);
}
