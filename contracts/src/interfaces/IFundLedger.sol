// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {
    Code,
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    RefundId
} from "../types/Ids.sol";

/// @title The fund line: gifts in, deliveries, fees and refunds out, unit by unit (DESIGN section 2).
/// @notice Amounts and positions are minor units of the fund's unit, `uint64` not above 2^63-1. Times are UTC seconds.
/// Codes (unit, head, channel, reason) are short ASCII strings padded with zeros to 32 bytes. No person is recorded.
/// The same record again under its id is a no-op; another record under that id is a conflict. A batch is all or nothing.
interface IFundLedger {
    /// @notice Where a promised amount stands.
    enum EntitlementState {
        Offered,
        Refused,
        Expired,
        HandedOver,
        Confirmed
    }

    /// @notice Where a payment list stands.
    enum ListState {
        Unknown,
        Proposed,
        Approved
    }

    /// @notice How a household said yes. Only its key today; cards and witnesses follow.
    enum AcceptanceMethod {
        None,
        HouseholdKey
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
        OrganisationId organisation;
        /// @dev ISO 4217 code, a goods code, or "MIN".
        Code unit;
        /// @dev Head of giving, e.g. "zakat" (systems E01).
        Code head;
        /// @dev Zero, or the only programme this fund may serve (I9).
        ProgrammeId programme;
        FundId id;
        /// @dev Most that fees may take of all inflow kept, in hundredths of a percent; published at opening, never raised.
        uint16 feeCapBps;
        /// @dev Sum of all refunds: a gift that went back does not count towards the cap (I7).
        uint64 refunded;
    }

    /// @notice A fund to open.
    struct FundOpening {
        FundId id;
        OrganisationId organisation;
        Code unit;
        Code head;
        ProgrammeId programme;
        uint16 feeCapBps;
    }

    /// @notice A settled gift to record.
    struct DonationEntry {
        DonationId id;
        /// @dev The donor's own wallet or the claim key printed on the receipt.
        address donor;
        uint64 amountMinor;
        /// @dev When the money arrived at the organisation.
        uint64 settledAtUnixS;
        /// @dev How it came, e.g. "bank", "simulated" (systems E02).
        Code channel;
        /// @dev Salted hash of the office's record of the gift; opens in the donor's proof.
        bytes32 commitment;
    }

    /// @notice A recorded gift: units [start, start + amount), of which the last `refunded` went back to the donor.
    struct Donation {
        address donor;
        uint32 fundNumber;
        /// @dev First 64 bits of the hash of the entry: tells a repeated record from a conflicting one.
        uint64 digest;
        uint64 start;
        uint64 amountMinor;
        uint64 refundedMinor;
        uint64 settledAtUnixS;
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

    /// @notice A payment list to propose.
    struct ListProposal {
        PaymentListId id;
        FundId fund;
        ProgrammeId programme;
        /// @dev What the items chain to: h = keccak256(h, entitlement, household, amount), from zero, in order.
        bytes32 contentHash;
        uint64 totalMinor;
        uint64 expiresAtUnixS;
        uint32 count;
    }

    /// @notice A proposed or approved payment list.
    struct PaymentList {
        address maker;
        uint32 fundNumber;
        uint32 count;
        uint32 added;
        address checker;
        ListState state;
        uint64 totalMinor;
        uint64 addedMinor;
        uint64 expiresAtUnixS;
        PaymentListId id;
        ProgrammeId programme;
        bytes32 contentHash;
        bytes32 addedHash;
    }

    struct EntitlementEntry {
        EntitlementId id;
        address household;
        uint64 amountMinor;
    }

    /// @notice So much of a fund promised to one household; once handed over, units [start, start + amount).
    struct Entitlement {
        address household;
        uint32 listNumber;
        uint64 amountMinor;
        uint64 start;
        uint64 handedOverAtUnixS;
        EntitlementState state;
        AcceptanceMethod method;
    }

    /// @notice The household's signed yes: EIP-712 `Acceptance`, as the compact signature of EIP-2098.
    struct SignedAcceptance {
        EntitlementId id;
        uint64 amountMinor;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The household's signed no: EIP-712 `Refusal`.
    struct SignedRefusal {
        EntitlementId id;
        Code reason;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    event ProgrammeOpened(ProgrammeId indexed programme, OrganisationId indexed organisation);
    /// @notice Money of this head may serve the programme.
    event ProgrammeHeadAllowed(ProgrammeId indexed programme, Code head);
    event FundOpened(
        FundId indexed fund,
        OrganisationId indexed organisation,
        ProgrammeId indexed programme,
        Code unit,
        Code head,
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
        Code channel,
        bytes32 commitment
    );
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
    event PaymentListProposed(
        PaymentListId indexed list,
        FundId indexed fund,
        ProgrammeId indexed programme,
        address maker,
        bytes32 contentHash,
        uint64 totalMinor,
        uint64 expiresAtUnixS,
        uint32 count
    );
    event EntitlementListed(
        PaymentListId indexed list, EntitlementId indexed entitlement, address indexed household, uint64 amountMinor
    );
    /// @notice The list's entitlements are offered and its total is reserved on the fund line.
    event PaymentListApproved(PaymentListId indexed list, FundId indexed fund, address checker, uint64 totalMinor);
    /// @notice The household said no; the units are free again.
    event EntitlementRefused(EntitlementId indexed entitlement, FundId indexed fund, uint64 amountMinor, Code reason);
    /// @notice Nobody handed the aid over in time; the units are free again.
    event EntitlementExpired(EntitlementId indexed entitlement, FundId indexed fund, uint64 amountMinor);
    /// @notice Outflow: units [start, start + amount) left for the household. The agency's word.
    event DeliveryHandedOver(
        FundId indexed fund, EntitlementId indexed entitlement, address indexed agent, uint64 start, uint64 amountMinor
    );
    /// @notice The household confirms that the delivery arrived. The family's word, with the signature that proves it.
    event DeliveryConfirmed(
        EntitlementId indexed entitlement,
        address indexed household,
        AcceptanceMethod method,
        uint64 deadlineUnixS,
        bytes32 r,
        bytes32 vs
    );

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
    /// @notice There is no programme with this id.
    /// @custom:field programme
    /// @custom:remedy open the programme first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownProgramme(ProgrammeId programme);
    /// @notice There is no gift with this id.
    /// @custom:field donation
    /// @custom:remedy record the gift first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownDonation(DonationId donation);
    /// @notice There is no payment list with this id.
    /// @custom:field list
    /// @custom:remedy propose the list first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownList(PaymentListId list);
    /// @notice There is no entitlement with this id.
    /// @custom:field entitlement
    /// @custom:remedy add it to a payment list first, or correct its id
    /// @custom:retry no
    error FundLedgerUnknownEntitlement(EntitlementId entitlement);
    /// @notice The fund's line is at its end, 2^63-1 minor units.
    /// @custom:field fund
    /// @custom:remedy open a successor fund and record the gift there
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
    /// @custom:remedy refund at most the undelivered part
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
    /// @notice The programme does not take money given under this head (I9).
    /// @custom:field fund
    /// @custom:remedy choose a fund whose head the programme takes
    /// @custom:retry no
    error FundLedgerHeadNotAllowed(ProgrammeId programme, Code head);
    /// @notice The fund may serve only the programme it was opened for (I9).
    /// @custom:field programme
    /// @custom:remedy choose the fund's own programme, or a fund without one
    /// @custom:retry no
    error FundLedgerFundForOtherProgramme(FundId fund, ProgrammeId programme);
    /// @notice The programme belongs to another organisation than the fund.
    /// @custom:field programme
    /// @custom:remedy choose a programme of the fund's organisation
    /// @custom:retry no
    error FundLedgerProgrammeOfOther(ProgrammeId programme, OrganisationId organisation);
    /// @notice The payment list has expired, or would at once.
    /// @custom:field expiresAtUnixS
    /// @custom:remedy propose a new list that expires later
    /// @custom:retry no
    error FundLedgerListExpired(PaymentListId list, uint64 expiresAtUnixS);
    /// @notice The payment list has not expired yet.
    /// @custom:field list
    /// @custom:remedy try again after the list's expiry
    /// @custom:retry yes
    error FundLedgerListNotExpired(PaymentListId list, uint64 expiresAtUnixS);
    /// @notice The payment list is not in the state that the act needs.
    /// @custom:field list
    /// @custom:remedy propose, approve and deliver in this order, each once
    /// @custom:retry yes
    error FundLedgerListState(PaymentListId list, ListState state);
    /// @notice Who made a payment list may not approve it (I5).
    /// @custom:field checker
    /// @custom:remedy have another checker approve the list
    /// @custom:retry no
    error FundLedgerMakerIsChecker(PaymentListId list, address caller);
    /// @notice The list's items are not what was proposed: another number, total or content.
    /// @custom:field items
    /// @custom:remedy propose a new list whose count, total and content hash are those of its items
    /// @custom:retry no
    error FundLedgerListDiffers(PaymentListId list, uint32 added, uint64 addedMinor, bytes32 addedHash);
    /// @notice The checker approved another content than the list has.
    /// @custom:field contentHash
    /// @custom:remedy check the list again and approve the content hash it has
    /// @custom:retry no
    error FundLedgerOtherContent(PaymentListId list, bytes32 contentHash);
    /// @notice A household is opened by another body than the one that pays it.
    /// @custom:field household
    /// @custom:remedy have an independent registrar open the household's account
    /// @custom:retry no
    error FundLedgerPayerOpenedHousehold(EntitlementId entitlement, address household);
    /// @notice The entitlement is not in the state that the act needs.
    /// @custom:field entitlement
    /// @custom:remedy look at the entitlement's state; an act is done once and in order
    /// @custom:retry no
    error FundLedgerEntitlementState(EntitlementId entitlement, EntitlementState state);
    /// @notice The entitlement is not on the named payment list.
    /// @custom:field list
    /// @custom:remedy name the entitlement's own list
    /// @custom:retry no
    error FundLedgerOtherList(EntitlementId entitlement, PaymentListId list);
    /// @notice The household accepted another amount than was offered.
    /// @custom:field amountMinor
    /// @custom:remedy sign again for the amount that was offered
    /// @custom:retry no
    error FundLedgerAmountDiffers(EntitlementId entitlement, uint64 signedMinor, uint64 offeredMinor);
    /// @notice The household has no key to sign with.
    /// @custom:field household
    /// @custom:remedy have the registrar give the household a key
    /// @custom:retry yes
    error FundLedgerNoKey(EntitlementId entitlement, address household);

    /// @notice Opens a programme that may be fed by money of the given heads. Caller: administrator.
    function openProgramme(ProgrammeId programme, OrganisationId organisation, Code[] calldata heads) external;

    /// @notice Opens a fund; the same opening again is a no-op. Caller: administrator.
    function openFund(FundOpening calldata opening) external;

    /// @notice Records settled gifts into one fund, in order. Caller: CASHIER.
    function donate(FundId fund, DonationEntry[] calldata entries) external;

    /// @notice Records a gift of minutes whose credits the time bank has moved to this contract. Caller: time bank.
    function donateMinutes(FundId fund, DonationEntry calldata entry) external;

    /// @notice Takes the organisation's share, under the fund's cap. Caller: CASHIER.
    function takeFees(FundId fund, FeeEntry[] calldata entries) external;

    /// @notice Gives undelivered parts of gifts back to their donors. Caller: CASHIER.
    function refund(FundId fund, RefundEntry[] calldata entries) external;

    /// @notice Proposes a payment list and adds the next items, in the order of its content hash; a long list takes
    /// several calls with the same proposal. An item that is on the list already is passed over. Caller: MAKER.
    function proposeList(ListProposal calldata proposal, EntitlementEntry[] calldata items) external;

    /// @notice Offers the list's entitlements and reserves its total. Caller: CHECKER, not the maker (I5).
    function approveList(PaymentListId list, bytes32 contentHash) external;

    /// @notice The agency's word that aid of one list left for its households. Caller: AGENT.
    function handOver(PaymentListId list, EntitlementId[] calldata entitlements) external;

    /// @notice Hand-over with the household present: its signature confirms at once. Caller: AGENT.
    function handOverAccepted(PaymentListId list, SignedAcceptance[] calldata acceptances) external;

    /// @notice Confirms deliveries handed over before, by the households' signatures (I6). Caller: anyone.
    function accept(SignedAcceptance[] calldata acceptances) external;

    /// @notice Records households' signed refusals; the units are free again. Caller: anyone.
    function refuse(SignedRefusal[] calldata refusals) external;

    /// @notice Frees what was offered by an expired list and not handed over. Caller: anyone.
    function expire(EntitlementId[] calldata entitlements) external;

    function fundOf(FundId fund) external view returns (Fund memory);
    function donationOf(DonationId donation) external view returns (Donation memory);
    function feeOf(FeeId fee) external view returns (Outflow memory);
    function refundOf(RefundId refundId) external view returns (Outflow memory);
    function listOf(PaymentListId list) external view returns (PaymentList memory);
    function entitlementOf(EntitlementId entitlement) external view returns (Entitlement memory);
    function programmeOwner(ProgrammeId programme) external view returns (OrganisationId);
    function takesHead(ProgrammeId programme, Code head) external view returns (bool);
    /// @notice The part of a gift that has not left the fund and could be refunded, if that many units are free.
    function undelivered(DonationId donation) external view returns (uint64 amountMinor);
    /// @notice EIP-712 digest of Acceptance(address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,
    /// bytes32 genesisHash,uint64 deadlineUnixS), which a household signs to accept.
    function acceptanceDigest(EntitlementId entitlement, uint64 amountMinor, uint64 deadlineUnixS)
        external
        view
        returns (bytes32);
    /// @notice EIP-712 digest of Refusal(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,
    /// uint64 deadlineUnixS), which a household signs to refuse.
    function refusalDigest(EntitlementId entitlement, Code reason, uint64 deadlineUnixS) external view returns (bytes32);
}
