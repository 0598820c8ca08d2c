// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {CaseLog} from "contracts/src/CaseLog.sol";
import {ICaseLog} from "contracts/src/interfaces/ICaseLog.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {CaseId, Code, OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Licensed} from "./Licensed.sol";
import {TypedData} from "./TypedData.sol";

/// @notice Agency above province above county; the other bodies stand beside them.
contract CaseLogTest is Licensed {
    OrganisationId internal constant AGENCY = OrganisationId.wrap("agency");
    OrganisationId internal constant PROVINCE = OrganisationId.wrap("province");
    OrganisationId internal constant COUNTY = OrganisationId.wrap("county");
    OrganisationId internal constant UNKNOWN_BODY = OrganisationId.wrap("never licensed");

    CaseId internal constant CASE = CaseId.wrap("case");
    CaseId internal constant OTHER_CASE = CaseId.wrap("other case");
    Code internal constant REQUEST = Code.wrap("request");
    Code internal constant COMPLAINT = Code.wrap("complaint");
    Code internal constant BEYOND_POWER = Code.wrap("beyond-power");
    Code internal constant DONE = Code.wrap("done");
    Code internal constant NOT_CONTENT = Code.wrap("not-content");
    Code internal constant ADVICE = Code.wrap("advice");
    bytes32 internal constant TEXT = keccak256("salt and text");
    bytes32 internal constant OTHER_TEXT = keccak256("salt and another text");
    bytes32 internal constant RECORD = "a delivery's id";
    uint64 internal constant DEADLINE = NOW + 1 days;

    CaseLog internal cases;
    Staff internal agency;
    Staff internal province;
    Staff internal county;
    Person internal giver;

    function setUp() public override {
        super.setUp();
        cases = new CaseLog(licences, households, GENESIS);
        agency = _establish(AGENCY, "agency");
        province = _establishBelow(PROVINCE, "province", AGENCY);
        county = _establishBelow(COUNTY, "county", PROVINCE);
        giver = _person("giver", 0);
    }

    // --- Opening by a desk

    function test_aDeskOpensACaseForAnApplicant() public {
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseOpened(CASE, giver.account, COUNTY, PROVINCE, CHARITY, false, COMPLAINT, TEXT);
        _open(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));

        ICaseLog.Case memory c = cases.caseOf(CASE);
        assertEq(c.applicant, giver.account);
        assertEq(uint8(c.state), uint8(ICaseLog.CaseState.Opened));
        assertEq(c.reopenings, 0);
        assertTrue(c.about == COUNTY);
        assertTrue(c.desk == PROVINCE);
    }

    function test_theRegulatorOpensCasesAtItsOwnDesk() public {
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseOpened(CASE, giver.account, NO_BODY, NO_BODY, NO_BODY, false, COMPLAINT, TEXT);
        _open(NO_BODY, secondRegulator, _entry(NO_BODY, NO_BODY));
        assertTrue(cases.caseOf(CASE).desk == NO_BODY);
    }

    function test_onlyADeskOpensCases() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.agent, Roles.DESK
            )
        );
        _open(CHARITY, charity.agent, _entry(NO_BODY, COUNTY));
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, charity.desk));
        _open(NO_BODY, charity.desk, _entry(NO_BODY, COUNTY));
        _suspendLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _open(CHARITY, charity.desk, _entry(NO_BODY, COUNTY));
    }

    function test_aCaseHasAnIdAnOwnerAKindAndAText() public {
        ICaseLog.CaseEntry memory e = _entry(NO_BODY, COUNTY);
        e.caseId = CaseId.wrap(0);
        _assertMissing(e, "caseId");
        e = _entry(NO_BODY, COUNTY);
        e.applicant = address(0);
        _assertMissing(e, "applicant");
        e = _entry(NO_BODY, COUNTY);
        e.kind = Code.wrap(0);
        _assertMissing(e, "kind");
        e = _entry(NO_BODY, COUNTY);
        e.commitment = 0;
        _assertMissing(e, "commitment");
    }

    function test_theSameCaseAgainIsANoOpWithoutAnEventAlsoWhenItMovedOn() public {
        _openAt(COUNTY);
        _refer(county.desk, PROVINCE);
        vm.recordLogs();
        _open(CHARITY, charity.desk, _entry(NO_BODY, COUNTY));
        assertEq(vm.getRecordedLogs().length, 0);
        assertTrue(cases.caseOf(CASE).desk == PROVINCE);
    }

    function test_aDifferentCaseUnderTheIdIsAConflict() public {
        _openAt(COUNTY);
        ICaseLog.CaseEntry memory e = _entry(NO_BODY, COUNTY);
        e.applicant = donor;
        _assertConflict(CHARITY, charity.desk, e);
        e = _entry(NO_BODY, COUNTY);
        e.kind = REQUEST;
        _assertConflict(CHARITY, charity.desk, e);
        e = _entry(NO_BODY, COUNTY);
        e.commitment = OTHER_TEXT;
        _assertConflict(CHARITY, charity.desk, e);
        _assertConflict(CHARITY, charity.desk, _entry(NO_BODY, PROVINCE));
        _assertConflict(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));
        _assertConflict(COUNTY, county.desk, _entry(NO_BODY, COUNTY));
        ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(NO_BODY, COUNTY));
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogConflict.selector, CASE, CASE));
        cases.openSigned(signed);
    }

    function test_aBatchIsAllOrNothingAndTheErrorNamesTheCase() public {
        ICaseLog.CaseEntry[] memory entries = new ICaseLog.CaseEntry[](2);
        entries[0] = _entry(NO_BODY, COUNTY);
        entries[1] = _entry(COUNTY, COUNTY);
        entries[1].caseId = OTHER_CASE;
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, OTHER_CASE, COUNTY, COUNTY));
        vm.prank(charity.desk);
        cases.openCases(CHARITY, entries);
        _assertUnknown(CASE);
    }

    // --- The responsible desk

    function test_aResponsibleDeskIsOneThatSomebodyMayHold() public {
        _assertNoDesk(UNKNOWN_BODY);
        _narrow(COUNTY, county.administrator, PROVINCE, Roles.AGENT);
        _assertNoDesk(COUNTY);
        _suspendLicence(OTHER_CHARITY);
        _assertNoDesk(OTHER_CHARITY);
        _revokeLicence(REGISTRAR_BODY);
        _assertNoDesk(REGISTRAR_BODY);
    }

    function test_aComplaintAboutABodyGoesAboveItAndNeverToItself() public {
        _assertNotAbove(COUNTY, COUNTY);
        _assertNotAbove(PROVINCE, COUNTY);
        _assertNotAbove(COUNTY, OTHER_CHARITY);
        _open(CHARITY, charity.desk, _entry(COUNTY, AGENCY));
        assertTrue(cases.caseOf(CASE).desk == AGENCY, "through the province");
    }

    function test_aBodyThatIsNotLicensedIsComplainedAboutAtTheRegulators() public {
        _revokeLicence(COUNTY);
        _open(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));
        ICaseLog.CaseEntry memory e = _entry(UNKNOWN_BODY, NO_BODY);
        e.caseId = OTHER_CASE;
        _open(CHARITY, charity.desk, e);
    }

    /// @dev Who may handle what, against the chain written out: 0 regulator, 1 agency, 2 province, 3 county, 4 charity.
    function testFuzz_aCaseIsHandledAboveTheBodyItIsAbout(uint8 about, uint8 desk) public {
        (uint256 a, uint256 d) = (about % 5, desk % 5);
        bool allowed = a == 0 || d == 0 || (a <= 3 && d < a);
        ICaseLog.CaseEntry memory e = _entry(_body(a), _body(d));
        if (!allowed) {
            vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, _body(d), _body(a)));
        }
        _open(CHARITY, charity.desk, e);
    }

    // --- Opening by signature

    function test_anApplicantsSignatureOpensACaseWhoeverSendsIt() public {
        ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(COUNTY, PROVINCE));
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseOpened(CASE, giver.account, COUNTY, PROVINCE, NO_BODY, true, COMPLAINT, TEXT);
        vm.prank(stranger);
        cases.openSigned(signed);
        assertEq(cases.caseOf(CASE).applicant, giver.account);
    }

    function test_aFamilySignsWithItsAccountsKeyAlsoAReplacedOneAndWhenClosed() public {
        ICaseLog.CaseEntry memory e = _entry(COUNTY, PROVINCE);
        e.applicant = families[0].account;
        cases.openSigned(_signed(families[0], e));

        Person memory next = _person("the family's next key", 0);
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, families[0].account, next.signer);
        address[] memory accounts = new address[](1);
        accounts[0] = families[0].account;
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, accounts);
        e.caseId = OTHER_CASE;
        _assertWrongSigner(_signed(families[0], e), families[0].signer, next.signer);
        cases.openSigned(_signed(next, e));
    }

    function test_aFamilyWithoutAKeyComesToADesk() public {
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, families[0].account, address(0));
        ICaseLog.CaseEntry memory e = _entry(COUNTY, PROVINCE);
        e.applicant = families[0].account;
        _assertWrongSigner(_signed(families[0], e), families[0].signer, address(0));
        _open(CHARITY, charity.desk, e);
    }

    function test_nobodyElsesSignatureOpensACase() public {
        _assertWrongSigner(_signed(families[0], _entry(COUNTY, PROVINCE)), families[0].signer, giver.account);
    }

    function test_anythingChangedBehindTheSignatureIsRefused() public {
        for (uint256 field = 0; field < 6; ++field) {
            ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(COUNTY, PROVINCE));
            if (field == 0) signed[0].caseId = OTHER_CASE;
            if (field == 1) signed[0].kind = REQUEST;
            if (field == 2) signed[0].about = NO_BODY;
            if (field == 3) signed[0].desk = AGENCY;
            if (field == 4) signed[0].commitment = OTHER_TEXT;
            if (field == 5) signed[0].deadlineUnixS += 1;
            vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
            cases.openSigned(signed);
        }
        ICaseLog.SignedCaseEntry[] memory elsewhere = _signed(giver, _entry(COUNTY, PROVINCE));
        CaseLog otherChain = new CaseLog(licences, households, keccak256("another block 0"));
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        otherChain.openSigned(elsewhere);
    }

    function test_aSignatureEndsAtItsDeadline() public {
        ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(COUNTY, PROVINCE));
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, CASE, DEADLINE));
        cases.openSigned(signed);
        vm.warp(DEADLINE);
        cases.openSigned(signed);
    }

    function test_theSameSignedCaseAgainIsANoOpWithoutAnEventAlsoSignedAnew() public {
        cases.openSigned(_signed(giver, _entry(COUNTY, PROVINCE)));
        vm.warp(DEADLINE + 1);
        vm.recordLogs();
        cases.openSigned(_signed(giver, _entry(COUNTY, PROVINCE)));
        cases.openSigned(_signed(giver, _entry(COUNTY, PROVINCE), DEADLINE + 1 days));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aDifferentSignedCaseUnderTheIdIsAConflict() public {
        cases.openSigned(_signed(giver, _entry(COUNTY, PROVINCE)));
        ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(COUNTY, AGENCY));
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogConflict.selector, CASE, CASE));
        cases.openSigned(signed);
        _assertConflict(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));
    }

    function test_aSignedComplaintGoesAboveTheBodyToo() public {
        ICaseLog.SignedCaseEntry[] memory signed = _signed(giver, _entry(COUNTY, COUNTY));
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, COUNTY, COUNTY));
        cases.openSigned(signed);
        signed = _signed(giver, _entry(NO_BODY, UNKNOWN_BODY));
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogNoDesk.selector, CASE, UNKNOWN_BODY));
        cases.openSigned(signed);
    }

    function test_theDigestsAreTheTypedDatas() public {
        assertEq(
            cases.openingDigest(_entry(COUNTY, PROVINCE), DEADLINE),
            TypedData.digest(_domain(), _openingHash(_entry(COUNTY, PROVINCE), DEADLINE))
        );
        _openAt(COUNTY);
        assertEq(
            cases.reopeningDigest(CASE, 7, NOT_CONTENT, TEXT, DEADLINE),
            TypedData.digest(_domain(), _reopeningHash(giver.account, 7, NOT_CONTENT, TEXT))
        );
    }

    // --- Referring

    function test_aReferralNamesSenderReceiverAndReason() public {
        _openAt(COUNTY);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseReferred(CASE, COUNTY, PROVINCE, county.desk, BEYOND_POWER, TEXT);
        vm.prank(county.desk);
        cases.refer(CASE, PROVINCE, BEYOND_POWER, TEXT);
        assertTrue(cases.caseOf(CASE).desk == PROVINCE);
        _refer(province.desk, NO_BODY);
        _refer(firstRegulator, COUNTY);
    }

    function test_theDeskThatReferredIsNoLongerResponsible() public {
        _openAt(COUNTY);
        _refer(county.desk, PROVINCE);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, PROVINCE, county.desk, Roles.DESK
            )
        );
        vm.prank(county.desk);
        cases.answer(CASE, TEXT);
    }

    function test_aReferralSentAgainSaysThatItWasDone() public {
        _openAt(COUNTY);
        _refer(county.desk, PROVINCE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogSameDesk.selector, CASE, PROVINCE));
        _refer(county.desk, PROVINCE);
    }

    function test_aReferralHasAReasonAndAnOpenCase() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("reason")));
        vm.prank(county.desk);
        cases.refer(CASE, PROVINCE, Code.wrap(0), TEXT);
        _answer(county.desk);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Answered));
        _refer(county.desk, PROVINCE);
    }

    function test_aCaseIsNeverReferredToNobodyNorToTheBodyItIsAbout() public {
        _open(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogNoDesk.selector, CASE, UNKNOWN_BODY));
        _refer(province.desk, UNKNOWN_BODY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, COUNTY, COUNTY));
        _refer(province.desk, COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, CHARITY, COUNTY));
        _refer(province.desk, CHARITY);
        _refer(province.desk, AGENCY);
    }

    // --- Taking over

    function test_aBodyAboveTakesACaseOverFromASuspendedDesk() public {
        _openAt(COUNTY);
        _suspendLicence(COUNTY);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseTakenOver(CASE, COUNTY, AGENCY, agency.desk);
        _takeOver(agency.desk, AGENCY);
        assertTrue(cases.caseOf(CASE).desk == AGENCY);
        _answer(agency.desk);
    }

    function test_theRegulatorTakesACaseOverFromAnExpiredDesk() public {
        _openAt(CHARITY);
        vm.warp(LICENCE_END);
        _takeOver(firstRegulator, NO_BODY);
        assertTrue(cases.caseOf(CASE).desk == NO_BODY);
    }

    function test_aDeskThatLostItsScopeLosesItsCasesToo() public {
        _openAt(COUNTY);
        _narrow(COUNTY, county.administrator, PROVINCE, Roles.AGENT);
        _takeOver(province.desk, PROVINCE);
    }

    function test_aCaseIsTakenOverInAnyStateAndKeepsIt() public {
        _openAt(COUNTY);
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        _revokeLicence(COUNTY);
        _takeOver(province.desk, PROVINCE);
        assertEq(uint8(cases.caseOf(CASE).state), uint8(ICaseLog.CaseState.Closed));
        vm.prank(province.desk);
        cases.reopen(CASE, NOT_CONTENT, TEXT);
    }

    function test_nothingIsTakenFromADeskThatCanHandleIt() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskCanHandle.selector, CASE, COUNTY));
        _takeOver(province.desk, PROVINCE);
        _refer(county.desk, NO_BODY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskCanHandle.selector, CASE, NO_BODY));
        _takeOver(province.desk, PROVINCE);
    }

    function test_onlyADeskAboveTakesOver() public {
        _openAt(PROVINCE);
        _suspendLicence(PROVINCE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, COUNTY, PROVINCE));
        _takeOver(county.desk, COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, CHARITY, PROVINCE));
        _takeOver(charity.desk, CHARITY);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, AGENCY, charity.desk, Roles.DESK)
        );
        _takeOver(charity.desk, AGENCY);
        _takeOver(agency.desk, AGENCY);
    }

    function test_aTakeOverSentAgainSaysThatItWasDone() public {
        _openAt(COUNTY);
        _suspendLicence(COUNTY);
        _takeOver(province.desk, PROVINCE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogSameDesk.selector, CASE, PROVINCE));
        _takeOver(province.desk, PROVINCE);
    }

    /// @dev The county moves from the province to the charity while the province has the complaint about it.
    function test_aDeskThatNoLongerStandsAboveTheBodyDecidesNothingAndPassesTheCaseOn() public {
        _open(CHARITY, charity.desk, _entry(COUNTY, PROVINCE));
        _narrow(COUNTY, county.administrator, CHARITY, Roles.ALL);
        bytes memory reason = abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, PROVINCE, COUNTY);
        vm.expectRevert(reason);
        _answer(province.desk);
        vm.expectRevert(reason);
        vm.prank(province.desk);
        cases.close(CASE, DONE);

        uint256 undecided = vm.snapshotState();
        _refer(province.desk, CHARITY);
        _answer(charity.desk);

        vm.revertToState(undecided);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, AGENCY, COUNTY));
        _takeOver(agency.desk, AGENCY);
        _takeOver(firstRegulator, NO_BODY);
        _answer(secondRegulator);
    }

    // --- Acts

    function test_whatWasDoneForTheApplicantIsRegistered() public {
        _openAt(COUNTY);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseActRegistered(CASE, RECORD, COUNTY, county.desk, ADVICE, TEXT);
        _registerAct(RECORD, ADVICE, TEXT);
        _answer(county.desk);
        _registerAct("another record", ADVICE, 0);
    }

    function test_theSameActAgainIsANoOpAndADifferentOneAConflict() public {
        _openAt(COUNTY);
        _registerAct(RECORD, ADVICE, TEXT);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogConflict.selector, CASE, RECORD));
        _registerAct(RECORD, ADVICE, OTHER_TEXT);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogConflict.selector, CASE, RECORD));
        _registerAct(RECORD, DONE, TEXT);
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        vm.recordLogs();
        _registerAct(RECORD, ADVICE, TEXT);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_anActHasARecordAndAKindAndACaseThatIsNotClosed() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("record")));
        _registerAct(0, ADVICE, TEXT);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("kind")));
        _registerAct(RECORD, Code.wrap(0), TEXT);
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Closed));
        _registerAct(RECORD, ADVICE, TEXT);
    }

    // --- Answering, closing, reopening

    function test_aDeskAnswersAndCloses() public {
        _openAt(COUNTY);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseAnswered(CASE, COUNTY, county.desk, TEXT);
        _answer(county.desk);
        assertEq(uint8(cases.caseOf(CASE).state), uint8(ICaseLog.CaseState.Answered));
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseClosed(CASE, COUNTY, county.desk, DONE);
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        assertEq(uint8(cases.caseOf(CASE).state), uint8(ICaseLog.CaseState.Closed));
    }

    function test_anAnswerHasATextAndIsGivenOnce() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("commitment")));
        vm.prank(county.desk);
        cases.answer(CASE, 0);
        _answer(county.desk);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Answered));
        _answer(county.desk);
    }

    function test_aCaseIsClosedOnceForAReason() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("reason")));
        vm.prank(county.desk);
        cases.close(CASE, Code.wrap(0));
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Closed));
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Closed));
        _answer(county.desk);
    }

    function test_theDeskReopensAnAnsweredOrClosedCase() public {
        _openAt(COUNTY);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Opened));
        _reopen(county.desk);
        _answer(county.desk);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseReopened(CASE, COUNTY, county.desk, 0, NOT_CONTENT, TEXT);
        _reopen(county.desk);
        assertEq(uint8(cases.caseOf(CASE).state), uint8(ICaseLog.CaseState.Opened));
        vm.prank(county.desk);
        cases.close(CASE, DONE);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, CASE, bytes32("reason")));
        vm.prank(county.desk);
        cases.reopen(CASE, Code.wrap(0), TEXT);
        _reopen(county.desk);
        assertEq(cases.caseOf(CASE).reopenings, 0, "none of them was the applicant's");
    }

    function test_theApplicantsSignatureReopensACaseWhoeverSendsIt() public {
        _openAt(COUNTY);
        _answer(county.desk);
        ICaseLog.SignedReopening[] memory signed = _signedReopening(giver, 1);
        vm.expectEmit(address(cases));
        emit ICaseLog.CaseReopened(CASE, COUNTY, giver.account, 1, NOT_CONTENT, TEXT);
        vm.prank(stranger);
        cases.reopenSigned(signed);
        assertEq(uint8(cases.caseOf(CASE).state), uint8(ICaseLog.CaseState.Opened));
        assertEq(cases.caseOf(CASE).reopenings, 1);
    }

    function test_theApplicantReopensACaseAlsoWhenItsDeskLostTheLicence() public {
        _openAt(COUNTY);
        _answer(county.desk);
        _revokeLicence(COUNTY);
        cases.reopenSigned(_signedReopening(giver, 1));
        _takeOver(province.desk, PROVINCE);
        _answer(province.desk);
    }

    function test_aSignatureReopensOnce() public {
        _openAt(COUNTY);
        _answer(county.desk);
        ICaseLog.SignedReopening[] memory signed = _signedReopening(giver, 1);
        cases.reopenSigned(signed);
        _answer(county.desk);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogNotNextReopening.selector, CASE, 1, 2));
        cases.reopenSigned(signed);
        cases.reopenSigned(_signedReopening(giver, 2));
    }

    function test_aDeskThatReopensACaseDoesNotSpoilTheApplicantsSignature() public {
        _openAt(COUNTY);
        _answer(county.desk);
        ICaseLog.SignedReopening[] memory signed = _signedReopening(giver, 1);
        _reopen(county.desk);
        _answer(county.desk);
        cases.reopenSigned(signed);
        assertEq(cases.caseOf(CASE).reopenings, 1);
    }

    function test_onlyTheApplicantsSignatureReopensInTimeAndForAReason() public {
        _openAt(COUNTY);
        ICaseLog.SignedReopening[] memory signed = _signedReopening(giver, 1);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogState.selector, CASE, ICaseLog.CaseState.Opened));
        cases.reopenSigned(signed);
        _answer(county.desk);
        ICaseLog.SignedReopening[] memory forged = _signedReopening(families[0], 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, CASE, families[0].signer, giver.account)
        );
        cases.reopenSigned(forged);
        signed[0].reason = DONE;
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        cases.reopenSigned(signed);
        signed = _signedReopening(giver, 1);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, CASE, DEADLINE));
        cases.reopenSigned(signed);
    }

    // --- Every act

    function test_thereIsNoActOnAnUnknownCase() public {
        bytes[7] memory acts = _acts();
        for (uint256 i = 0; i < acts.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogUnknownCase.selector, CASE));
            _sendTo(address(cases), county.desk, acts[i]);
        }
        ICaseLog.SignedReopening[] memory signed = _signedReopening(giver, 1);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogUnknownCase.selector, CASE));
        cases.reopenSigned(signed);
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogUnknownCase.selector, CASE));
        cases.reopeningDigest(CASE, 1, NOT_CONTENT, TEXT, DEADLINE);
    }

    /// @dev The first five acts are the responsible desk's; not even a body above or the regulator does them for it.
    function test_nobodyActsForAnotherDesk() public {
        _openAt(COUNTY);
        bytes[7] memory acts = _acts();
        address[4] memory others = [province.desk, county.administrator, firstRegulator, giver.account];
        for (uint256 i = 0; i < 5; ++i) {
            for (uint256 j = 0; j < others.length; ++j) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        ILicenceRegistry.LicenceRegistryNotInRole.selector, COUNTY, others[j], Roles.DESK
                    )
                );
                _sendTo(address(cases), others[j], acts[i]);
            }
        }
    }

    function test_aDeskWithoutALicenceActsNoMore() public {
        _openAt(COUNTY);
        _suspendLicence(COUNTY);
        bytes[7] memory acts = _acts();
        for (uint256 i = 0; i < 5; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, COUNTY, NOW));
            _sendTo(address(cases), county.desk, acts[i]);
        }
    }

    function test_onlyTheRegulatorActsAtItsOwnDesk() public {
        _openAt(NO_BODY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, agency.desk));
        _answer(agency.desk);
        _answer(firstRegulator);
        _reopen(secondRegulator);
    }

    // --- Gas

    /// @dev One hundred complaints in a batch; printed with -vv.
    function test_gasOfACaseInABatch() public {
        ICaseLog.CaseEntry[] memory entries = new ICaseLog.CaseEntry[](100);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = _entry(COUNTY, PROVINCE);
            entries[i].caseId = CaseId.wrap(keccak256(abi.encode("one of a hundred", i)));
        }
        vm.prank(charity.desk);
        uint256 before = gasleft();
        cases.openCases(CHARITY, entries);
        uint256 each = (before - gasleft()) / entries.length;
        emit log_named_uint("gas of one case in a batch of 100", each);
        assertLt(each, 90_000);
    }

    // --- Words

    function _entry(OrganisationId about, OrganisationId desk) private view returns (ICaseLog.CaseEntry memory) {
        return ICaseLog.CaseEntry(giver.account, CASE, COMPLAINT, about, desk, TEXT);
    }

    function _open(OrganisationId openedBy, address operator, ICaseLog.CaseEntry memory e) private {
        ICaseLog.CaseEntry[] memory entries = new ICaseLog.CaseEntry[](1);
        entries[0] = e;
        vm.prank(operator);
        cases.openCases(openedBy, entries);
    }

    /// @dev A case about no body, at this desk.
    function _openAt(OrganisationId desk) private {
        _open(CHARITY, charity.desk, _entry(NO_BODY, desk));
    }

    function _refer(address operator, OrganisationId toDesk) private {
        vm.prank(operator);
        cases.refer(CASE, toDesk, BEYOND_POWER, 0);
    }

    function _takeOver(address operator, OrganisationId ownDesk) private {
        vm.prank(operator);
        cases.takeOver(CASE, ownDesk);
    }

    function _registerAct(bytes32 record, Code kind, bytes32 commitment) private {
        vm.prank(county.desk);
        cases.registerAct(CASE, record, kind, commitment);
    }

    function _answer(address operator) private {
        vm.prank(operator);
        cases.answer(CASE, TEXT);
    }

    function _reopen(address operator) private {
        vm.prank(operator);
        cases.reopen(CASE, NOT_CONTENT, TEXT);
    }

    /// @dev Every act on a case that exists, but for signed ones; the last two are others' than the responsible desk's.
    function _acts() private view returns (bytes[7] memory) {
        return [
            abi.encodeCall(cases.refer, (CASE, PROVINCE, BEYOND_POWER, TEXT)),
            abi.encodeCall(cases.registerAct, (CASE, RECORD, ADVICE, TEXT)),
            abi.encodeCall(cases.answer, (CASE, TEXT)),
            abi.encodeCall(cases.close, (CASE, DONE)),
            abi.encodeCall(cases.reopen, (CASE, NOT_CONTENT, TEXT)),
            abi.encodeCall(cases.takeOver, (CASE, PROVINCE)),
            abi.encodeCall(cases.caseOf, (CASE))
        ];
    }

    function _narrow(OrganisationId organisation, address administrator, OrganisationId supervisor, uint16 roles)
        private
    {
        ILicenceRegistry.LicenceGrant memory grant = _fullGrant(organisation, administrator, NOW, LICENCE_END);
        (grant.supervisor, grant.roles) = (supervisor, roles);
        _grantLicence(grant);
    }

    function _body(uint256 number) private pure returns (OrganisationId) {
        return [NO_BODY, AGENCY, PROVINCE, COUNTY, CHARITY][number];
    }

    // --- Signatures

    function _domain() private view returns (TypedData.Domain memory) {
        return TypedData.Domain("Amanat CaseLog", block.chainid, address(cases));
    }

    function _signed(Person memory person, ICaseLog.CaseEntry memory e)
        private
        view
        returns (ICaseLog.SignedCaseEntry[] memory)
    {
        return _signed(person, e, DEADLINE);
    }

    function _signed(Person memory person, ICaseLog.CaseEntry memory e, uint64 deadline)
        private
        view
        returns (ICaseLog.SignedCaseEntry[] memory entries)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(person.key, TypedData.digest(_domain(), _openingHash(e, deadline)));
        entries = new ICaseLog.SignedCaseEntry[](1);
        entries[0] =
            ICaseLog.SignedCaseEntry(e.applicant, e.caseId, e.kind, e.about, e.desk, e.commitment, deadline, r, vs);
    }

    function _signedReopening(Person memory person, uint32 reopening)
        private
        view
        returns (ICaseLog.SignedReopening[] memory reopenings)
    {
        bytes32 structHash = _reopeningHash(giver.account, reopening, NOT_CONTENT, TEXT);
        (bytes32 r, bytes32 vs) = vm.signCompact(person.key, TypedData.digest(_domain(), structHash));
        reopenings = new ICaseLog.SignedReopening[](1);
        reopenings[0] = ICaseLog.SignedReopening(CASE, reopening, NOT_CONTENT, TEXT, DEADLINE, r, vs);
    }

    function _openingHash(ICaseLog.CaseEntry memory e, uint64 deadline) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "CaseOpening(address applicant,bytes32 caseId,bytes32 kind,bytes32 about,bytes32 desk,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                e.applicant,
                e.caseId,
                e.kind,
                e.about,
                e.desk,
                e.commitment,
                GENESIS,
                deadline
            )
        );
    }

    function _reopeningHash(address applicant, uint32 reopening, Code reason, bytes32 commitment)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(
                    "CaseReopening(address applicant,bytes32 caseId,uint32 reopening,bytes32 reason,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                applicant,
                CASE,
                reopening,
                reason,
                commitment,
                GENESIS,
                DEADLINE
            )
        );
    }

    // --- What must be refused

    function _assertMissing(ICaseLog.CaseEntry memory e, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogMissing.selector, e.caseId, field));
        _open(CHARITY, charity.desk, e);
    }

    function _assertConflict(OrganisationId openedBy, address operator, ICaseLog.CaseEntry memory e) private {
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogConflict.selector, CASE, CASE));
        _open(openedBy, operator, e);
    }

    function _assertNoDesk(OrganisationId desk) private {
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogNoDesk.selector, CASE, desk));
        _openAt(desk);
    }

    function _assertNotAbove(OrganisationId about, OrganisationId desk) private {
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogDeskNotAbove.selector, CASE, desk, about));
        _open(CHARITY, charity.desk, _entry(about, desk));
    }

    function _assertUnknown(CaseId id) private {
        vm.expectRevert(abi.encodeWithSelector(ICaseLog.CaseLogUnknownCase.selector, id));
        cases.caseOf(id);
    }

    function _assertWrongSigner(ICaseLog.SignedCaseEntry[] memory signed, address recovered, address expected) private {
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, signed[0].caseId, recovered, expected)
        );
        cases.openSigned(signed);
    }
}
