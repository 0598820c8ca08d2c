// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, EntitlementId, FundId, OrganisationId, PaymentListId, ProgrammeId, ReturnId} from "../types/Ids.sol";

/// @title Payment lists, entitlements, deliveries, returns and disputes: delivery takes two (DESIGN sections 1 and 3).
/// @notice Amounts and positions are minor units of the fund's unit, `uint64` not above 2^63-1. Times are UTC seconds.
/// The same record again under its id is a no-op; another record under that id is a conflict. A batch is all or nothing.
/// Nobody can skip maker and checker (I5) or the household's yes (I6), an administrator included.
interface IDeliveryLedger {
    /// @notice Where a promised amount stands.
    enum EntitlementState {
        Offered,
        Refused,
        Expired,
        HandedOver,
        Confirmed,
        Cancelled,
        Disputed,
        Upheld,
        Dismissed,
        Returned
    }

    /// @notice Where a payment list stands.
    enum ListState {
        Unknown,
        Proposed,
        Checked,
        Approved,
        Cancelled,
        Expired
    }

    /// @notice How a household said yes.
    enum AcceptanceMethod {
        None,
        HouseholdKey,
        Card,
        Witnesses
    }

    /// @notice A payment list to propose.
    struct ListProposal {
        PaymentListId id;
        FundId fund;
        ProgrammeId programme;
        /// @dev The body that hands over; often the payer itself (system T08).
        OrganisationId provider;
        /// @dev Where the aid goes, within the licences of payer and provider and the fund's restriction; zero only where none
        /// of them names an area.
        Code place;
        /// @dev Given exactly for seasonal programmes, e.g. "1405-winter".
        Code season;
        /// @dev The version in force of the programme's rule; zero for a programme without one (system T17).
        uint32 ruleVersion;
        /// @dev What the items chain to: h = keccak256(h, entitlement, household, amount), from zero, in order.
        bytes32 contentHash;
        uint64 totalMinor;
        uint64 expiresAtUnixS;
        uint32 count;
    }

    /// @notice A payment list.
    struct PaymentList {
        address maker;
        ListState state;
        /// @dev True when its entitlements take places of the programme's quota.
        bool quotas;
        uint32 count;
        uint32 added;
        address checker;
        uint64 totalMinor;
        uint32 ruleVersion;
        address secondChecker;
        uint64 addedMinor;
        /// @dev Entitlements offered and neither handed over nor ended, and their sum.
        uint32 open;
        uint64 openMinor;
        uint64 expiresAtUnixS;
        PaymentListId id;
        OrganisationId payer;
        OrganisationId provider;
        FundId fund;
        ProgrammeId programme;
        Code unit;
        Code place;
        Code season;
        bytes32 contentHash;
        bytes32 addedHash;
        bytes32 digest;
    }

    struct EntitlementEntry {
        EntitlementId id;
        address household;
        uint64 amountMinor;
        /// @dev The clearer's signed word that the household has not had this aid elsewhere: EIP-712 `Clearance`. Zeros for
        /// a programme that needs none.
        address clearer;
        uint64 clearanceDeadlineUnixS;
        bytes32 clearanceR;
        bytes32 clearanceVs;
    }

    /// @notice So much of a fund promised to one household; once handed over, units [start, start + amount).
    struct Entitlement {
        address household;
        uint32 listNumber;
        uint64 amountMinor;
        uint64 start;
        uint64 handedOverAtUnixS;
        /// @dev Units that came back; the next return continues at start + returned.
        uint64 returnedMinor;
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

    /// @notice What an acceptance of an entitlement speaks of.
    struct EntitlementTerms {
        address household;
        uint64 amountMinor;
        EntitlementState state;
        Code unit;
        OrganisationId payer;
        OrganisationId provider;
    }

    /// @notice The household's signed no: EIP-712 `Refusal`.
    struct SignedRefusal {
        EntitlementId id;
        Code reason;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The household's signed objection: EIP-712 `Dispute`.
    struct SignedDispute {
        EntitlementId id;
        Code reason;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice An objection that the household brought to the body that opened its account.
    struct DisputeEntry {
        EntitlementId id;
        Code reason;
    }

    /// @notice What the body above decided. If upheld, all units not yet returned are the return `returnId`.
    struct Decision {
        EntitlementId id;
        bool upheld;
        ReturnId returnId;
    }

    /// @notice Units of a delivery that came back.
    struct ReturnEntry {
        ReturnId id;
        EntitlementId entitlement;
        uint64 amountMinor;
        /// @dev E.g. "undeliverable", "clawback", "repayment" (systems E11, I08).
        Code reason;
    }

    event PaymentListProposed(
        PaymentListId indexed list,
        FundId indexed fund,
        ProgrammeId indexed programme,
        OrganisationId provider,
        Code place,
        Code season,
        uint32 ruleVersion,
        address maker,
        bytes32 contentHash,
        uint64 totalMinor,
        uint64 expiresAtUnixS,
        uint32 count
    );
    event EntitlementListed(
        PaymentListId indexed list, EntitlementId indexed entitlement, address indexed household, uint64 amountMinor
    );
    /// @notice The clearer's word on which an entitlement was listed, with the signature that proves it.
    event EntitlementCleared(
        EntitlementId indexed entitlement, address indexed clearer, uint64 deadlineUnixS, bytes32 r, bytes32 vs
    );
    /// @notice The first of two checkers approved.
    event PaymentListChecked(PaymentListId indexed list, address indexed checker);
    /// @notice The list's entitlements are offered and its total is reserved on the fund line.
    event PaymentListApproved(PaymentListId indexed list, FundId indexed fund, address checker, uint64 totalMinor);
    /// @notice What the list offered and nobody had taken is free again.
    event PaymentListCancelled(
        PaymentListId indexed list, FundId indexed fund, address cancelledBy, uint64 freedMinor, Code reason
    );
    /// @notice Nobody handed the rest over in time; it is free again.
    event PaymentListExpired(PaymentListId indexed list, FundId indexed fund, uint64 freedMinor);
    /// @notice The household said no; the units are free again.
    event EntitlementRefused(EntitlementId indexed entitlement, FundId indexed fund, uint64 amountMinor, Code reason);
    /// @notice Outflow: units [start, start + amount) left for the household. The agency's word.
    event DeliveryHandedOver(
        FundId indexed fund, EntitlementId indexed entitlement, address indexed agent, uint64 start, uint64 amountMinor
    );
    /// @notice The household confirms that the delivery arrived. The family's word: by key, with the signature that proves
    /// it here; by card or witnesses, with zeros here and the proof in the events of `FieldAcceptance` just before.
    event DeliveryConfirmed(
        EntitlementId indexed entitlement,
        address indexed household,
        AcceptanceMethod method,
        uint64 deadlineUnixS,
        bytes32 r,
        bytes32 vs
    );
    /// @notice The household objects: by its signature, or (zeros) through the body that opened its account.
    event DeliveryDisputed(
        EntitlementId indexed entitlement,
        address indexed sender,
        Code reason,
        uint64 deadlineUnixS,
        bytes32 r,
        bytes32 vs
    );
    /// @notice The body above payer and provider found for the household; what had not come back is the return that follows.
    event DisputeUpheld(EntitlementId indexed entitlement, OrganisationId indexed desk, address indexed decidedBy);
    /// @notice The body above payer and provider found against the objection.
    event DisputeDismissed(EntitlementId indexed entitlement, OrganisationId indexed desk, address indexed decidedBy);
    /// @notice Inflow: units [start, start + amount) of the fund are units of the delivery that came back; they continue
    /// the outflow's units [continuesFrom, continuesFrom + amount).
    event DeliveryReturned(
        FundId indexed fund,
        ReturnId indexed returnId,
        EntitlementId indexed entitlement,
        uint64 start,
        uint64 amountMinor,
        uint64 continuesFrom,
        Code reason
    );

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error DeliveryLedgerMissing(bytes32 field);
    /// @notice An amount must be from 1 to 2^63-1 minor units.
    /// @custom:field amountMinor
    /// @custom:remedy give a whole number of minor units above zero
    /// @custom:retry no
    error DeliveryLedgerBadAmount(bytes32 id, uint64 amountMinor);
    /// @notice The id is taken by a different record.
    /// @custom:field id
    /// @custom:remedy make a new id for a new fact; send the same record again only unchanged
    /// @custom:retry no
    error DeliveryLedgerConflict(bytes32 id);
    /// @notice There is no payment list with this id.
    /// @custom:field list
    /// @custom:remedy propose the list first, or correct its id
    /// @custom:retry no
    error DeliveryLedgerUnknownList(PaymentListId list);
    /// @notice There is no entitlement with this id.
    /// @custom:field entitlement
    /// @custom:remedy add it to a payment list first, or correct its id
    /// @custom:retry no
    error DeliveryLedgerUnknownEntitlement(EntitlementId entitlement);
    /// @notice The fund may serve only the programme it was opened for (I9).
    /// @custom:field programme
    /// @custom:remedy choose the fund's own programme, or a fund without one
    /// @custom:retry no
    error DeliveryLedgerFundForOtherProgramme(FundId fund, ProgrammeId programme);
    /// @notice The fund may serve only programmes of the campaign it was opened for (I9).
    /// @custom:field programme
    /// @custom:remedy choose a programme of the fund's campaign, or a fund without one
    /// @custom:retry no
    error DeliveryLedgerFundForOtherCampaign(FundId fund, Code campaign);
    /// @notice The place lies outside the fund's restriction or the licensed area of payer or provider (I9, system E05).
    /// @custom:field place
    /// @custom:remedy choose a place within all of them
    /// @custom:retry no
    error DeliveryLedgerPlaceOutside(Code place, Code area);
    /// @notice A seasonal programme's list names its season; another programme's list names none.
    /// @custom:field season
    /// @custom:remedy name the season exactly where the programme has seasons
    /// @custom:retry no
    error DeliveryLedgerBadSeason(ProgrammeId programme, Code season);
    /// @notice The household has an entitlement of this programme and season already.
    /// @custom:field household
    /// @custom:remedy leave the household out, or end its other entitlement first
    /// @custom:retry yes
    error DeliveryLedgerSeasonTaken(EntitlementId entitlement, address household, EntitlementId other);
    /// @notice The clearance is not of a clearer of the body that the programme names.
    /// @custom:field clearer
    /// @custom:remedy ask the programme's clearer to sign for this household
    /// @custom:retry no
    error DeliveryLedgerNotCleared(EntitlementId entitlement, address clearer);
    /// @notice The payment list has expired, or would at once, or would live longer than 366 days.
    /// @custom:field expiresAtUnixS
    /// @custom:remedy propose a new list that expires later, within 366 days
    /// @custom:retry no
    error DeliveryLedgerListExpired(PaymentListId list, uint64 expiresAtUnixS);
    /// @notice The payment list has not expired yet.
    /// @custom:field list
    /// @custom:remedy try again after the list's expiry
    /// @custom:retry yes
    error DeliveryLedgerListNotExpired(PaymentListId list, uint64 expiresAtUnixS);
    /// @notice The payment list is not in the state that the act needs.
    /// @custom:field list
    /// @custom:remedy propose, approve and deliver in this order, each once
    /// @custom:retry yes
    error DeliveryLedgerListState(PaymentListId list, ListState state);
    /// @notice Maker and checkers of a payment list are different keys (I5).
    /// @custom:field checker
    /// @custom:remedy have another checker approve the list
    /// @custom:retry no
    error DeliveryLedgerMakerIsChecker(PaymentListId list, address caller);
    /// @notice The list's items are not what was proposed: another number, total or content.
    /// @custom:field items
    /// @custom:remedy propose a new list whose count, total and content hash are those of its items
    /// @custom:retry no
    error DeliveryLedgerListDiffers(PaymentListId list, uint32 added, uint64 addedMinor, bytes32 addedHash);
    /// @notice The checker approved another content than the list has.
    /// @custom:field contentHash
    /// @custom:remedy check the list again and approve the content hash it has
    /// @custom:retry no
    error DeliveryLedgerOtherContent(PaymentListId list, bytes32 contentHash);
    /// @notice A household is opened by another body than those that pay it or hand over to it.
    /// @custom:field household
    /// @custom:remedy have an independent registrar open the household's account
    /// @custom:retry no
    error DeliveryLedgerPayerOpenedHousehold(EntitlementId entitlement, address household);
    /// @notice The household's account is closed (system E15).
    /// @custom:field household
    /// @custom:remedy have the registrar reopen the account
    /// @custom:retry yes
    error DeliveryLedgerHouseholdClosed(EntitlementId entitlement, address household);
    /// @notice The entitlement is not in the state that the act needs.
    /// @custom:field entitlement
    /// @custom:remedy look at the entitlement's state; an act is done once and in order
    /// @custom:retry no
    error DeliveryLedgerEntitlementState(EntitlementId entitlement, EntitlementState state);
    /// @notice The entitlement is not on the named payment list, or of another fund.
    /// @custom:field list
    /// @custom:remedy name the entitlement's own list or fund
    /// @custom:retry no
    error DeliveryLedgerOtherList(EntitlementId entitlement, bytes32 named);
    /// @notice The household accepted another amount than was offered.
    /// @custom:field amountMinor
    /// @custom:remedy sign again for the amount that was offered
    /// @custom:retry no
    error DeliveryLedgerAmountDiffers(EntitlementId entitlement, uint64 signedMinor, uint64 offeredMinor);
    /// @notice The household has no key to sign with.
    /// @custom:field household
    /// @custom:remedy have the registrar give the household a key, or accept by card or witnesses
    /// @custom:retry yes
    error DeliveryLedgerNoKey(EntitlementId entitlement, address household);
    /// @notice Only `FieldAcceptance` may say that a household accepted by card or before witnesses.
    /// @custom:field caller
    /// @custom:remedy send card or witnesses' signatures to FieldAcceptance
    /// @custom:retry no
    error DeliveryLedgerNotFieldAcceptance(address caller);
    /// @notice The programme's time for disputes is over.
    /// @custom:field entitlement
    /// @custom:remedy bring a complaint as a case instead
    /// @custom:retry no
    error DeliveryLedgerDisputeTooLate(EntitlementId entitlement, uint64 untilUnixS);
    /// @notice Only the body that opened the household's account speaks for it.
    /// @custom:field organisation
    /// @custom:remedy ask the body that opened the account
    /// @custom:retry no
    error DeliveryLedgerNotOpenedBy(EntitlementId entitlement, OrganisationId organisation);
    /// @notice A dispute is decided by a body above payer and provider, or by the regulator (system S04).
    /// @custom:field desk
    /// @custom:remedy bring the dispute to the supervisor of both, or to the regulator
    /// @custom:retry no
    error DeliveryLedgerDeskNotAbove(EntitlementId entitlement, OrganisationId desk);
    /// @notice More than what of the delivery has not come back (I7).
    /// @custom:field amountMinor
    /// @custom:remedy return at most the rest
    /// @custom:retry no
    error DeliveryLedgerReturnAboveDelivered(EntitlementId entitlement, uint64 askedMinor, uint64 mostMinor);

    /// @notice Proposes a payment list and adds the next items, in the order of its content hash; a long list takes
    /// several calls with the same proposal. An item that is on the list already is passed over. Caller: MAKER.
    function proposeList(ListProposal calldata proposal, EntitlementEntry[] calldata items) external;

    /// @notice Offers the list's entitlements and reserves its total; above the organisation's threshold a second checker
    /// does. The same approval again is a no-op. Caller: CHECKER, neither the maker nor the first checker (I5).
    function approveList(PaymentListId list, bytes32 contentHash) external;

    /// @notice Ends a list that has not expired; what nobody had taken is free again. Caller: MAKER or CHECKER; of a list
    /// that is not approved also of the programme's owner.
    function cancelList(PaymentListId list, Code reason) external;

    /// @notice Ends an expired list; what nobody had taken is free again. Caller: anyone.
    function expireList(PaymentListId list) external;

    /// @notice The provider's word that aid of one list left for its households. Caller: AGENT of the provider.
    function handOver(PaymentListId list, EntitlementId[] calldata entitlements) external;

    /// @notice Hand-over with the household present: its signature confirms at once. Caller: AGENT of the provider.
    function handOverAccepted(PaymentListId list, SignedAcceptance[] calldata acceptances) external;

    /// @notice Confirms deliveries handed over before, by the households' signatures (I6). Caller: anyone.
    function accept(SignedAcceptance[] calldata acceptances) external;

    /// @notice Confirms a delivery handed over before, which the household accepted by card or before witnesses (I6).
    /// Caller: `FieldAcceptance`.
    function confirmInField(EntitlementId entitlement, uint64 amountMinor, AcceptanceMethod method) external;

    /// @notice Records households' signed refusals; the units are free again. Caller: anyone.
    function refuse(SignedRefusal[] calldata refusals) external;

    /// @notice Records households' signed objections: to a hand-over, or to a confirmation by card or witnesses. Caller:
    /// anyone.
    function dispute(SignedDispute[] calldata disputes) external;

    /// @notice Records objections of households that cannot sign. Caller: REGISTRAR of the body that opened the accounts.
    function disputeFor(OrganisationId organisation, DisputeEntry[] calldata disputes) external;

    /// @notice Decides disputes; what is upheld comes back onto the fund line at once, for the payer to make good. Caller:
    /// DESK of a body above payer and provider, or, for organisation zero, the regulator.
    function decide(OrganisationId desk, Decision[] calldata decisions) external;

    /// @notice Records units of deliveries that came back to the fund: undeliverable, clawed back, repaid. What was not
    /// confirmed and came back whole is Returned: it did not reach the household. Caller: CASHIER.
    function recordReturns(FundId fund, ReturnEntry[] calldata returns_) external;

    function listOf(PaymentListId list) external view returns (PaymentList memory);
    /// @notice The entitlement as it stands now: of a list that ended, what was still offered is Cancelled or Expired.
    function entitlementOf(EntitlementId entitlement) external view returns (Entitlement memory);
    /// @notice What an acceptance of the entitlement speaks of, and how it stands now.
    function termsOf(EntitlementId entitlement) external view returns (EntitlementTerms memory);
    /// @notice The payment list that an entitlement is on.
    function listOfEntitlement(EntitlementId entitlement) external view returns (PaymentListId);
    /// @notice The household's entitlement of a seasonal programme, or zero.
    function seasonalOf(ProgrammeId programme, Code season, address household) external view returns (EntitlementId);
    /// @notice EIP-712 digest of Acceptance(address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,
    /// bytes32 genesisHash,uint64 deadlineUnixS), which a household signs to accept.
    function acceptanceDigest(EntitlementId entitlement, uint64 amountMinor, uint64 deadlineUnixS)
        external
        view
        returns (bytes32);
    /// @notice EIP-712 digest of Refusal(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,
    /// uint64 deadlineUnixS), which a household signs to refuse.
    function refusalDigest(EntitlementId entitlement, Code reason, uint64 deadlineUnixS) external view returns (bytes32);
    /// @notice EIP-712 digest of Dispute(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,
    /// uint64 deadlineUnixS), which a household signs to object.
    function disputeDigest(EntitlementId entitlement, Code reason, uint64 deadlineUnixS) external view returns (bytes32);
    /// @notice EIP-712 digest of Clearance(address household,bytes32 programme,bytes32 season,bytes32 entitlement,
    /// bytes32 genesisHash,uint64 deadlineUnixS), which a clearer signs.
    function clearanceDigest(
        address household,
        ProgrammeId programme,
        Code season,
        EntitlementId entitlement,
        uint64 deadlineUnixS
    ) external view returns (bytes32);
}
