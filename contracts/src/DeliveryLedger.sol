// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "./interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "./interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "./interfaces/IProgrammeRegistry.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {SignedActs} from "./SignedActs.sol";
import {
    Code,
    EntitlementId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    ReturnId,
    RuleId
} from "./types/Ids.sol";
import {Places} from "./types/Places.sol";
import {Roles} from "./types/Roles.sol";

contract DeliveryLedger is IDeliveryLedger, SignedActs {
    using Places for Code;

    uint64 private constant MAX_AMOUNT = 2 ** 63 - 1;
    /// @dev A list holds money and its families' season no longer than this.
    uint64 private constant MAX_LIFE_S = 366 days;
    uint16 private constant CANCELLERS = Roles.MAKER | Roles.CHECKER;

    bytes32 private constant ACCEPTANCE = keccak256(
        "Acceptance(address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant REFUSAL = keccak256(
        "Refusal(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant DISPUTE = keccak256(
        "Dispute(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant CLEARANCE = keccak256(
        "Clearance(address household,bytes32 programme,bytes32 season,bytes32 entitlement,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;
    IProgrammeRegistry private immutable PROGRAMMES;
    IRulebook private immutable RULEBOOK;
    IFundLedger private immutable FUND_LEDGER;
    address private immutable FIELD_ACCEPTANCE;

    // Entitlements refer to their list by a 32-bit number, so that one is offered in one slot. Number 0 is nobody's.
    PaymentList[] private _lists;
    mapping(PaymentListId id => uint32) private _listNumber;
    mapping(EntitlementId id => Entitlement) private _entitlement;
    mapping(bytes32 season => EntitlementId) private _seasonal;
    mapping(ReturnId id => bytes32 digest) private _return;

    constructor(
        ILicenceRegistry licences,
        IHouseholdRegistry households,
        IProgrammeRegistry programmes,
        IRulebook rulebook,
        IFundLedger fundLedger,
        address fieldAcceptance,
        bytes32 genesis
    ) SignedActs("Amanat DeliveryLedger", genesis) {
        LICENCES = licences;
        HOUSEHOLDS = households;
        PROGRAMMES = programmes;
        RULEBOOK = rulebook;
        FUND_LEDGER = fundLedger;
        FIELD_ACCEPTANCE = fieldAcceptance;
        _lists.push();
    }

    // --- Payment lists

    /// @inheritdoc IDeliveryLedger
    function proposeList(ListProposal calldata p, EntitlementEntry[] calldata items) external {
        bytes32 digest = keccak256(abi.encode(p));
        if (_listNumber[p.id] == 0) {
            _proposeList(p, digest);
        } else {
            PaymentList storage known = _list(p.id);
            LICENCES.requireRole(known.payer, msg.sender, Roles.MAKER);
            require(
                known.digest == digest && known.maker == msg.sender, DeliveryLedgerConflict(PaymentListId.unwrap(p.id))
            );
        }
        _addEntitlements(_list(p.id), p.id, items);
    }

    /// @inheritdoc IDeliveryLedger
    function approveList(PaymentListId listId, bytes32 contentHash) external {
        PaymentList storage list = _list(listId);
        LICENCES.requireRole(list.payer, msg.sender, Roles.CHECKER);
        require(list.maker != msg.sender, DeliveryLedgerMakerIsChecker(listId, msg.sender));
        require(list.contentHash == contentHash, DeliveryLedgerOtherContent(listId, list.contentHash));
        if (list.checker == msg.sender || list.secondChecker == msg.sender) return;
        require(
            list.state == ListState.Proposed || list.state == ListState.Checked,
            DeliveryLedgerListState(listId, list.state)
        );
        require(block.timestamp < list.expiresAtUnixS, DeliveryLedgerListExpired(listId, list.expiresAtUnixS));
        require(
            list.added == list.count && list.addedMinor == list.totalMinor && list.addedHash == list.contentHash,
            DeliveryLedgerListDiffers(listId, list.added, list.addedMinor, list.addedHash)
        );
        if (list.state == ListState.Proposed) {
            list.checker = msg.sender;
            if (list.totalMinor > LICENCES.secondCheckerThreshold(list.payer, list.unit)) {
                list.state = ListState.Checked;
                emit PaymentListChecked(listId, msg.sender);
                return;
            }
        } else {
            list.secondChecker = msg.sender;
        }
        _offer(list, listId);
    }

    /// @inheritdoc IDeliveryLedger
    function cancelList(PaymentListId listId, Code reason) external {
        PaymentList storage list = _list(listId);
        _requireMayCancel(list);
        require(Code.unwrap(reason) != 0, DeliveryLedgerMissing("reason"));
        if (list.state == ListState.Cancelled) return;
        // What expired has ended already, and an ended entitlement does not change.
        require(block.timestamp < list.expiresAtUnixS, DeliveryLedgerListExpired(listId, list.expiresAtUnixS));
        uint64 freedMinor = _endList(list, ListState.Cancelled);
        emit PaymentListCancelled(listId, list.fund, msg.sender, freedMinor, reason);
    }

    /// @inheritdoc IDeliveryLedger
    function expireList(PaymentListId listId) external {
        PaymentList storage list = _list(listId);
        require(block.timestamp >= list.expiresAtUnixS, DeliveryLedgerListNotExpired(listId, list.expiresAtUnixS));
        if (list.state == ListState.Expired) return;
        uint64 freedMinor = _endList(list, ListState.Expired);
        emit PaymentListExpired(listId, list.fund, freedMinor);
    }

    // --- Hand-over and the household's answer

    /// @inheritdoc IDeliveryLedger
    function handOver(PaymentListId listId, EntitlementId[] calldata entitlements) external {
        (PaymentList storage list, uint64 start) = _requireDelivering(listId);
        uint64 end = start;
        for (uint256 i = 0; i < entitlements.length; ++i) {
            end = _handOver(list, listId, entitlements[i], end);
        }
        _deliver(list, uint32(entitlements.length), end - start);
    }

    /// @inheritdoc IDeliveryLedger
    function handOverAccepted(PaymentListId listId, SignedAcceptance[] calldata acceptances) external {
        (PaymentList storage list, uint64 start) = _requireDelivering(listId);
        uint64 end = start;
        for (uint256 i = 0; i < acceptances.length; ++i) {
            end = _handOver(list, listId, acceptances[i].id, end);
            _accept(acceptances[i]);
        }
        _deliver(list, uint32(acceptances.length), end - start);
    }

    /// @inheritdoc IDeliveryLedger
    function accept(SignedAcceptance[] calldata acceptances) external {
        for (uint256 i = 0; i < acceptances.length; ++i) {
            _accept(acceptances[i]);
        }
    }

    /// @inheritdoc IDeliveryLedger
    function confirmInField(EntitlementId id, uint64 amountMinor, AcceptanceMethod method) external {
        require(msg.sender == FIELD_ACCEPTANCE, DeliveryLedgerNotFieldAcceptance(msg.sender));
        Entitlement storage entitlement = _requireAcceptable(id, amountMinor);
        entitlement.state = EntitlementState.Confirmed;
        entitlement.method = method;
        emit DeliveryConfirmed(id, entitlement.household, method, 0, 0, 0);
    }

    /// @inheritdoc IDeliveryLedger
    function refuse(SignedRefusal[] calldata refusals) external {
        for (uint256 i = 0; i < refusals.length; ++i) {
            _refuse(refusals[i]);
        }
    }

    // --- Disputes and returns

    /// @inheritdoc IDeliveryLedger
    function dispute(SignedDispute[] calldata disputes) external {
        for (uint256 i = 0; i < disputes.length; ++i) {
            SignedDispute calldata d = disputes[i];
            Entitlement storage entitlement = _known(d.id);
            _requireSigned(
                EntitlementId.unwrap(d.id),
                _keyOf(d.id, entitlement.household),
                _answerHash(DISPUTE, entitlement.household, d.id, d.reason, d.deadlineUnixS),
                d.deadlineUnixS,
                d.r,
                d.vs
            );
            _dispute(d.id, entitlement, d.reason);
            emit DeliveryDisputed(d.id, msg.sender, d.reason, d.deadlineUnixS, d.r, d.vs);
        }
    }

    /// @inheritdoc IDeliveryLedger
    function disputeFor(OrganisationId organisation, DisputeEntry[] calldata disputes) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        for (uint256 i = 0; i < disputes.length; ++i) {
            DisputeEntry calldata d = disputes[i];
            Entitlement storage entitlement = _known(d.id);
            require(
                HOUSEHOLDS.householdOf(entitlement.household).openedBy == organisation,
                DeliveryLedgerNotOpenedBy(d.id, organisation)
            );
            _dispute(d.id, entitlement, d.reason);
            emit DeliveryDisputed(d.id, msg.sender, d.reason, 0, 0, 0);
        }
    }

    /// @inheritdoc IDeliveryLedger
    function decide(OrganisationId desk, Decision[] calldata decisions) external {
        LICENCES.requireDesk(desk, msg.sender);
        for (uint256 i = 0; i < decisions.length; ++i) {
            _decide(desk, decisions[i]);
        }
    }

    /// @inheritdoc IDeliveryLedger
    function recordReturns(FundId fund, ReturnEntry[] calldata returns_) external {
        LICENCES.requireRole(FUND_LEDGER.fundOf(fund).organisation, msg.sender, Roles.CASHIER);
        for (uint256 i = 0; i < returns_.length; ++i) {
            _recordReturn(fund, returns_[i]);
        }
    }

    // --- Views

    /// @inheritdoc IDeliveryLedger
    function listOf(PaymentListId list) external view returns (PaymentList memory) {
        return _list(list);
    }

    /// @inheritdoc IDeliveryLedger
    function entitlementOf(EntitlementId id) external view returns (Entitlement memory entitlement) {
        entitlement = _known(id);
        entitlement.state = _stateOf(_known(id));
    }

    /// @inheritdoc IDeliveryLedger
    function termsOf(EntitlementId id) external view returns (EntitlementTerms memory) {
        Entitlement storage entitlement = _known(id);
        PaymentList storage list = _lists[entitlement.listNumber];
        return EntitlementTerms(
            entitlement.household, entitlement.amountMinor, _stateOf(entitlement), list.unit, list.payer, list.provider
        );
    }

    /// @inheritdoc IDeliveryLedger
    function listOfEntitlement(EntitlementId id) external view returns (PaymentListId) {
        return _lists[_known(id).listNumber].id;
    }

    /// @inheritdoc IDeliveryLedger
    function seasonalOf(ProgrammeId programme, Code season, address household) external view returns (EntitlementId) {
        return _seasonal[_seasonKey(programme, season, household)];
    }

    /// @inheritdoc IDeliveryLedger
    function acceptanceDigest(EntitlementId id, uint64 amountMinor, uint64 deadlineUnixS)
        external
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(_acceptanceHash(_known(id), id, amountMinor, deadlineUnixS));
    }

    /// @inheritdoc IDeliveryLedger
    function refusalDigest(EntitlementId id, Code reason, uint64 deadlineUnixS) external view returns (bytes32) {
        return _hashTypedDataV4(_answerHash(REFUSAL, _known(id).household, id, reason, deadlineUnixS));
    }

    /// @inheritdoc IDeliveryLedger
    function disputeDigest(EntitlementId id, Code reason, uint64 deadlineUnixS) external view returns (bytes32) {
        return _hashTypedDataV4(_answerHash(DISPUTE, _known(id).household, id, reason, deadlineUnixS));
    }

    /// @inheritdoc IDeliveryLedger
    function clearanceDigest(
        address household,
        ProgrammeId programme,
        Code season,
        EntitlementId id,
        uint64 deadlineUnixS
    ) external view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(CLEARANCE, household, programme, season, id, genesisHash, deadlineUnixS))
        );
    }

    // --- Payment lists, inside

    function _proposeList(ListProposal calldata p, bytes32 digest) private {
        IFundLedger.Fund memory fund = FUND_LEDGER.fundOf(p.fund);
        LICENCES.requireRole(fund.organisation, msg.sender, Roles.MAKER);
        require(PaymentListId.unwrap(p.id) != 0, DeliveryLedgerMissing("list"));
        require(p.count != 0, DeliveryLedgerMissing("count"));
        _requireAmount(PaymentListId.unwrap(p.id), p.totalMinor);
        require(
            p.expiresAtUnixS > block.timestamp && p.expiresAtUnixS <= block.timestamp + MAX_LIFE_S,
            DeliveryLedgerListExpired(p.id, p.expiresAtUnixS)
        );
        LICENCES.requireLicensed(p.provider);
        IProgrammeRegistry.Programme memory programme = _requireServed(p, fund);
        _listNumber[p.id] = uint32(_lists.length);
        PaymentList storage list = _lists.push();
        list.maker = msg.sender;
        list.state = ListState.Proposed;
        list.quotas = programme.quotas;
        list.count = p.count;
        list.totalMinor = p.totalMinor;
        list.ruleVersion = p.ruleVersion;
        list.expiresAtUnixS = p.expiresAtUnixS;
        list.id = p.id;
        list.payer = fund.organisation;
        list.provider = p.provider;
        list.fund = p.fund;
        list.programme = p.programme;
        list.unit = fund.unit;
        list.place = p.place;
        list.season = p.season;
        list.contentHash = p.contentHash;
        list.digest = digest;
        _emitProposed(p);
    }

    function _emitProposed(ListProposal calldata p) private {
        emit PaymentListProposed(
            p.id,
            p.fund,
            p.programme,
            p.provider,
            p.place,
            p.season,
            p.ruleVersion,
            msg.sender,
            p.contentHash,
            p.totalMinor,
            p.expiresAtUnixS,
            p.count
        );
    }

    /// @dev I9: the list keeps every restriction of its fund, its programme and its payer's licence.
    function _requireServed(ListProposal calldata p, IFundLedger.Fund memory fund)
        private
        view
        returns (IProgrammeRegistry.Programme memory programme)
    {
        programme = PROGRAMMES.programmeOf(p.programme);
        PROGRAMMES.requireServes(p.programme, fund.organisation, fund.head);
        require(
            ProgrammeId.unwrap(fund.programme) == 0 || fund.programme == p.programme,
            DeliveryLedgerFundForOtherProgramme(p.fund, p.programme)
        );
        require(
            Code.unwrap(fund.campaign) == 0 || fund.campaign == programme.campaign,
            DeliveryLedgerFundForOtherCampaign(p.fund, programme.campaign)
        );
        require(p.place.within(fund.place), DeliveryLedgerPlaceOutside(p.place, fund.place));
        _requireInArea(p.place, fund.organisation);
        _requireInArea(p.place, p.provider);
        require((Code.unwrap(p.season) != 0) == programme.seasonal, DeliveryLedgerBadSeason(p.programme, p.season));
        // A programme without a rule cites version 0 of no rule.
        if (RuleId.unwrap(programme.rule) != 0 || p.ruleVersion != 0) {
            RULEBOOK.requireInForce(programme.rule, p.ruleVersion);
        }
    }

    function _requireInArea(Code place, OrganisationId organisation) private view {
        Code area = LICENCES.areaOf(organisation);
        require(place.within(area), DeliveryLedgerPlaceOutside(place, area));
    }

    function _addEntitlements(PaymentList storage list, PaymentListId listId, EntitlementEntry[] calldata entries)
        private
    {
        uint32 number = _listNumber[listId];
        IProgrammeRegistry.Programme memory programme = PROGRAMMES.programmeOf(list.programme);
        (uint32 added, uint64 addedMinor, bytes32 addedHash) = (list.added, list.addedMinor, list.addedHash);
        for (uint256 i = 0; i < entries.length; ++i) {
            EntitlementEntry calldata entry = entries[i];
            if (_isListed(number, entry)) continue;
            require(list.state == ListState.Proposed, DeliveryLedgerListState(listId, list.state));
            _addEntitlement(list, number, programme, entry);
            added += 1;
            addedMinor += entry.amountMinor;
            addedHash = keccak256(abi.encode(addedHash, entry.id, entry.household, entry.amountMinor));
            require(
                added <= list.count && addedMinor <= list.totalMinor,
                DeliveryLedgerListDiffers(listId, added, addedMinor, addedHash)
            );
            emit EntitlementListed(listId, entry.id, entry.household, entry.amountMinor);
        }
        (list.added, list.addedMinor, list.addedHash) = (added, addedMinor, addedHash);
    }

    /// @return True when this very entitlement is on the list already; reverts when the id is another record's.
    function _isListed(uint32 number, EntitlementEntry calldata entry) private view returns (bool) {
        bytes32 id = EntitlementId.unwrap(entry.id);
        require(id != 0, DeliveryLedgerMissing("entitlement"));
        _requireAmount(id, entry.amountMinor);
        Entitlement storage known = _entitlement[entry.id];
        if (known.household == address(0)) return false;
        require(
            known.household == entry.household && known.listNumber == number && known.amountMinor == entry.amountMinor,
            DeliveryLedgerConflict(id)
        );
        return true;
    }

    function _addEntitlement(
        PaymentList storage list,
        uint32 number,
        IProgrammeRegistry.Programme memory programme,
        EntitlementEntry calldata entry
    ) private {
        IHouseholdRegistry.Household memory household = HOUSEHOLDS.householdOf(entry.household);
        require(
            !(household.openedBy == list.payer || household.openedBy == list.provider),
            DeliveryLedgerPayerOpenedHousehold(entry.id, entry.household)
        );
        require(!household.closed, DeliveryLedgerHouseholdClosed(entry.id, entry.household));
        if (OrganisationId.unwrap(programme.clearer) != 0) _requireCleared(list, programme.clearer, entry);
        if (programme.seasonal) _takeSeason(list, entry);
        Entitlement storage entitlement = _entitlement[entry.id];
        entitlement.household = entry.household;
        entitlement.listNumber = number;
        entitlement.amountMinor = entry.amountMinor;
    }

    function _requireCleared(PaymentList storage list, OrganisationId clearer, EntitlementEntry calldata e) private {
        require(LICENCES.rolesOf(clearer, e.clearer) & Roles.CLEARER != 0, DeliveryLedgerNotCleared(e.id, e.clearer));
        bytes32 structHash = keccak256(
            abi.encode(CLEARANCE, e.household, list.programme, list.season, e.id, genesisHash, e.clearanceDeadlineUnixS)
        );
        _requireSigned(
            EntitlementId.unwrap(e.id), e.clearer, structHash, e.clearanceDeadlineUnixS, e.clearanceR, e.clearanceVs
        );
        emit EntitlementCleared(e.id, e.clearer, e.clearanceDeadlineUnixS, e.clearanceR, e.clearanceVs);
    }

    /// @dev One entitlement per household, programme and season; one that ended without aid gives its place up.
    function _takeSeason(PaymentList storage list, EntitlementEntry calldata entry) private {
        bytes32 key = _seasonKey(list.programme, list.season, entry.household);
        EntitlementId other = _seasonal[key];
        if (EntitlementId.unwrap(other) != 0) {
            EntitlementState state = _stateOf(_entitlement[other]);
            require(
                state == EntitlementState.Refused || state == EntitlementState.Expired
                    || state == EntitlementState.Cancelled || state == EntitlementState.Upheld
                    || state == EntitlementState.Returned,
                DeliveryLedgerSeasonTaken(entry.id, entry.household, other)
            );
        }
        _seasonal[key] = entry.id;
    }

    function _offer(PaymentList storage list, PaymentListId listId) private {
        list.state = ListState.Approved;
        list.open = list.count;
        list.openMinor = list.totalMinor;
        emit PaymentListApproved(listId, list.fund, msg.sender, list.totalMinor);
        FUND_LEDGER.reserve(list.fund, list.totalMinor);
        if (list.quotas) PROGRAMMES.takePlaces(list.programme, list.season, list.place, list.count);
    }

    /// @return freedMinor What the list had offered and nobody had taken.
    function _endList(PaymentList storage list, ListState ended) private returns (uint64 freedMinor) {
        require(
            list.state == ListState.Proposed || list.state == ListState.Checked || list.state == ListState.Approved,
            DeliveryLedgerListState(list.id, list.state)
        );
        freedMinor = list.openMinor;
        uint32 places = list.open;
        (list.state, list.open, list.openMinor) = (ended, 0, 0);
        _free(list, places, freedMinor);
    }

    function _free(PaymentList storage list, uint32 places, uint64 amountMinor) private {
        if (amountMinor != 0) FUND_LEDGER.release(list.fund, amountMinor);
        _freePlaces(list, places);
    }

    function _freePlaces(PaymentList storage list, uint32 places) private {
        if (list.quotas && places != 0) PROGRAMMES.freePlaces(list.programme, list.season, list.place, places);
    }

    // --- Deliveries, inside

    /// @return end Where the next delivery starts.
    function _handOver(PaymentList storage list, PaymentListId listId, EntitlementId id, uint64 start)
        private
        returns (uint64 end)
    {
        Entitlement storage entitlement = _known(id);
        require(
            entitlement.listNumber == _listNumber[listId], DeliveryLedgerOtherList(id, PaymentListId.unwrap(listId))
        );
        _requireState(id, entitlement, EntitlementState.Offered);
        entitlement.state = EntitlementState.HandedOver;
        entitlement.start = start;
        entitlement.handedOverAtUnixS = uint64(block.timestamp);
        end = start + entitlement.amountMinor;
        emit DeliveryHandedOver(list.fund, id, msg.sender, start, entitlement.amountMinor);
    }

    /// @dev The deliveries of one call are one stretch of the line.
    function _deliver(PaymentList storage list, uint32 count, uint64 amountMinor) private {
        if (count == 0) return;
        list.open -= count;
        list.openMinor -= amountMinor;
        FUND_LEDGER.deliver(list.fund, amountMinor);
    }

    function _accept(SignedAcceptance calldata a) private {
        Entitlement storage entitlement = _requireAcceptable(a.id, a.amountMinor);
        _requireSigned(
            EntitlementId.unwrap(a.id),
            _keyOf(a.id, entitlement.household),
            _acceptanceHash(entitlement, a.id, a.amountMinor, a.deadlineUnixS),
            a.deadlineUnixS,
            a.r,
            a.vs
        );
        entitlement.state = EntitlementState.Confirmed;
        entitlement.method = AcceptanceMethod.HouseholdKey;
        emit DeliveryConfirmed(a.id, entitlement.household, AcceptanceMethod.HouseholdKey, a.deadlineUnixS, a.r, a.vs);
    }

    function _refuse(SignedRefusal calldata refusal) private {
        Entitlement storage entitlement = _known(refusal.id);
        PaymentList storage list = _lists[entitlement.listNumber];
        require(Code.unwrap(refusal.reason) != 0, DeliveryLedgerMissing("reason"));
        _requireSigned(
            EntitlementId.unwrap(refusal.id),
            _keyOf(refusal.id, entitlement.household),
            _answerHash(REFUSAL, entitlement.household, refusal.id, refusal.reason, refusal.deadlineUnixS),
            refusal.deadlineUnixS,
            refusal.r,
            refusal.vs
        );
        _requireState(refusal.id, entitlement, EntitlementState.Offered);
        require(list.state == ListState.Approved, DeliveryLedgerListState(list.id, list.state));
        uint64 amountMinor = entitlement.amountMinor;
        entitlement.state = EntitlementState.Refused;
        list.open -= 1;
        list.openMinor -= amountMinor;
        emit EntitlementRefused(refusal.id, list.fund, amountMinor, refusal.reason);
        _free(list, 1, amountMinor);
    }

    function _dispute(EntitlementId id, Entitlement storage entitlement, Code reason) private {
        require(Code.unwrap(reason) != 0, DeliveryLedgerMissing("reason"));
        // What the household's own key confirmed it cannot take back; a card or witnesses may have been misused.
        require(
            entitlement.state == EntitlementState.HandedOver
                || (entitlement.state == EntitlementState.Confirmed
                    && entitlement.method != AcceptanceMethod.HouseholdKey),
            DeliveryLedgerEntitlementState(id, _stateOf(entitlement))
        );
        uint64 window = PROGRAMMES.programmeOf(_lists[entitlement.listNumber].programme).disputeWindowS;
        uint256 untilUnixS = uint256(entitlement.handedOverAtUnixS) + window;
        require(block.timestamp <= untilUnixS, DeliveryLedgerDisputeTooLate(id, uint64(untilUnixS)));
        entitlement.state = EntitlementState.Disputed;
    }

    function _decide(OrganisationId desk, Decision calldata d) private {
        Entitlement storage entitlement = _known(d.id);
        PaymentList storage list = _lists[entitlement.listNumber];
        require(
            LICENCES.isAbove(desk, list.payer) && LICENCES.isAbove(desk, list.provider),
            DeliveryLedgerDeskNotAbove(d.id, desk)
        );
        _requireState(d.id, entitlement, EntitlementState.Disputed);
        if (!d.upheld) {
            entitlement.state = EntitlementState.Dismissed;
            emit DisputeDismissed(d.id, desk, msg.sender);
            return;
        }
        entitlement.state = EntitlementState.Upheld;
        emit DisputeUpheld(d.id, desk, msg.sender);
        uint64 rest = entitlement.amountMinor - entitlement.returnedMinor;
        if (rest != 0) _return_(list, entitlement, ReturnEntry(d.returnId, d.id, rest, Code.wrap("upheld")));
        _freePlaces(list, 1);
    }

    function _recordReturn(FundId fund, ReturnEntry memory r) private {
        Entitlement storage entitlement = _known(r.entitlement);
        PaymentList storage list = _lists[entitlement.listNumber];
        require(list.fund == fund, DeliveryLedgerOtherList(r.entitlement, FundId.unwrap(fund)));
        _requireAmount(ReturnId.unwrap(r.id), r.amountMinor);
        require(Code.unwrap(r.reason) != 0, DeliveryLedgerMissing("reason"));
        if (_return[r.id] != 0) {
            require(_return[r.id] == keccak256(abi.encode(r)), DeliveryLedgerConflict(ReturnId.unwrap(r.id)));
            return;
        }
        EntitlementState state = entitlement.state;
        require(
            state == EntitlementState.HandedOver || state == EntitlementState.Confirmed
                || state == EntitlementState.Disputed || state == EntitlementState.Dismissed
                || state == EntitlementState.Upheld,
            DeliveryLedgerEntitlementState(r.entitlement, _stateOf(entitlement))
        );
        uint64 most = entitlement.amountMinor - entitlement.returnedMinor;
        require(r.amountMinor <= most, DeliveryLedgerReturnAboveDelivered(r.entitlement, r.amountMinor, most));
        _return_(list, entitlement, r);
        // Nothing reached the household, and nothing is left for it to confirm.
        if (r.amountMinor == most && state == EntitlementState.HandedOver) {
            entitlement.state = EntitlementState.Returned;
            _freePlaces(list, 1);
        }
    }

    /// @dev The units come back as the fund's next inflow and continue the delivery's first units not yet returned.
    function _return_(PaymentList storage list, Entitlement storage entitlement, ReturnEntry memory r) private {
        require(ReturnId.unwrap(r.id) != 0, DeliveryLedgerMissing("return"));
        require(_return[r.id] == 0, DeliveryLedgerConflict(ReturnId.unwrap(r.id)));
        _return[r.id] = keccak256(abi.encode(r));
        uint64 continuesFrom = entitlement.start + entitlement.returnedMinor;
        entitlement.returnedMinor += r.amountMinor;
        uint64 start = FUND_LEDGER.takeBack(list.fund, r.amountMinor);
        emit DeliveryReturned(list.fund, r.id, r.entitlement, start, r.amountMinor, continuesFrom, r.reason);
    }

    // --- Checks

    function _list(PaymentListId id) private view returns (PaymentList storage) {
        uint32 number = _listNumber[id];
        require(number != 0, DeliveryLedgerUnknownList(id));
        return _lists[number];
    }

    function _known(EntitlementId id) private view returns (Entitlement storage entitlement) {
        entitlement = _entitlement[id];
        require(entitlement.household != address(0), DeliveryLedgerUnknownEntitlement(id));
    }

    /// @dev What is still offered ends with its list; nobody needs to act for it to expire.
    function _stateOf(Entitlement storage entitlement) private view returns (EntitlementState state) {
        state = entitlement.state;
        if (state != EntitlementState.Offered) return state;
        PaymentList storage list = _lists[entitlement.listNumber];
        if (list.state == ListState.Cancelled) return EntitlementState.Cancelled;
        if (block.timestamp >= list.expiresAtUnixS) return EntitlementState.Expired;
    }

    function _keyOf(EntitlementId id, address household) private view returns (address key) {
        key = HOUSEHOLDS.householdOf(household).key;
        require(key != address(0), DeliveryLedgerNoKey(id, household));
    }

    function _requireState(EntitlementId id, Entitlement storage entitlement, EntitlementState state) private view {
        EntitlementState now_ = _stateOf(entitlement);
        require(now_ == state, DeliveryLedgerEntitlementState(id, now_));
    }

    function _requireAmount(bytes32 id, uint64 amountMinor) private pure {
        require(amountMinor != 0 && amountMinor <= MAX_AMOUNT, DeliveryLedgerBadAmount(id, amountMinor));
    }

    function _requireAcceptable(EntitlementId id, uint64 amountMinor)
        private
        view
        returns (Entitlement storage entitlement)
    {
        entitlement = _known(id);
        require(
            amountMinor == entitlement.amountMinor,
            DeliveryLedgerAmountDiffers(id, amountMinor, entitlement.amountMinor)
        );
        _requireState(id, entitlement, EntitlementState.HandedOver);
    }

    /// @dev The programme's owner may cancel what nobody has approved: a proposal holds its families' season.
    function _requireMayCancel(PaymentList storage list) private view {
        bool approved = list.state == ListState.Approved;
        OrganisationId owner = PROGRAMMES.programmeOf(list.programme).organisation;
        if (!approved && LICENCES.rolesOf(owner, msg.sender) & CANCELLERS != 0) return;
        require(
            LICENCES.rolesOf(list.payer, msg.sender) & CANCELLERS != 0,
            ILicenceRegistry.LicenceRegistryNotInRole(list.payer, msg.sender, Roles.MAKER)
        );
    }

    function _requireDelivering(PaymentListId listId) private view returns (PaymentList storage list, uint64 start) {
        list = _list(listId);
        LICENCES.requireLicensed(list.payer);
        LICENCES.requireRole(list.provider, msg.sender, Roles.AGENT);
        require(list.state == ListState.Approved, DeliveryLedgerListState(listId, list.state));
        require(block.timestamp < list.expiresAtUnixS, DeliveryLedgerListExpired(listId, list.expiresAtUnixS));
        start = FUND_LEDGER.outflowEndOf(list.fund);
    }

    // --- What is signed

    function _seasonKey(ProgrammeId programme, Code season, address household) private pure returns (bytes32) {
        return keccak256(abi.encode(programme, season, household));
    }

    function _acceptanceHash(Entitlement storage e, EntitlementId id, uint64 amountMinor, uint64 deadlineUnixS)
        private
        view
        returns (bytes32)
    {
        Code unit = _lists[e.listNumber].unit;
        return keccak256(abi.encode(ACCEPTANCE, e.household, id, amountMinor, unit, genesisHash, deadlineUnixS));
    }

    /// @dev Of a refusal or a dispute.
    function _answerHash(bytes32 kind, address household, EntitlementId id, Code reason, uint64 deadlineUnixS)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(kind, household, id, reason, genesisHash, deadlineUnixS));
    }
}
