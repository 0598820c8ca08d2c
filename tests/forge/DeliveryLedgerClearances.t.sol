// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {Code, ProgrammeId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Cards} from "./Cards.sol";
import {TypedData} from "./TypedData.sol";

/// @notice Where the programme asks for it, each entitlement carries a clearer's word: not had elsewhere (T13).
contract DeliveryLedgerClearancesTest is Cards {
    ProgrammeId internal constant CLEARED = ProgrammeId.wrap("cleared programme");
    bytes32 internal constant TYPE = keccak256(
        "Clearance(address household,bytes32 programme,bytes32 season,bytes32 entitlement,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    Person internal clearer;

    function setUp() public override {
        super.setUp();
        clearer = _staff("registrar's clearer");
        _openCleared(CLEARED);
        _donate(GENERAL_FUND, GIFT, 1000);
    }

    function test_aClearedHouseholdIsListedWithTheProof() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _cleared(clearer);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.EntitlementCleared(
            FIRST, clearer.account, DEADLINE, items[0].clearanceR, items[0].clearanceVs
        );
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.EntitlementListed(LIST, FIRST, families[0].account, 300);
        _list(items);
        _approve(LIST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Offered);
    }

    function test_theDigestIsThatOfTheEip712Text() public view {
        Code season = Code.wrap("1405-winter");
        bytes32 structHash = keccak256(abi.encode(TYPE, families[0].account, CLEARED, season, FIRST, GENESIS, DEADLINE));
        TypedData.Domain memory domain = TypedData.Domain("Amanat DeliveryLedger", block.chainid, address(deliveries));
        assertEq(
            deliveries.clearanceDigest(families[0].account, CLEARED, season, FIRST, DEADLINE),
            TypedData.digest(domain, structHash)
        );
    }

    function test_withoutAClearanceNothingIsListed() public {
        _assertNotCleared(_oneItem(FIRST, families[0].account, 300));
    }

    function test_onlyAClearerOfTheNamedBodyClears() public {
        _assertNotCleared(_cleared(_staff("registrar's witness")));
        _assertNotCleared(_cleared(_staff("charity's clearer")));
        _assertNotCleared(_cleared(_person("anybody", 0)));
    }

    function test_aClearerWhoLostTheRoleOrWhoseBodyLostItsLicenceClearsNothing() public {
        uint256 snapshot = vm.snapshotState();
        _appoint(registrarBody, clearer.account, Roles.WITNESS);
        _assertNotCleared(_cleared(clearer));
        vm.revertToState(snapshot);
        _suspendLicence(REGISTRAR_BODY);
        _assertNotCleared(_cleared(clearer));
    }

    function test_onlyTheClearersOwnSignatureClears() public {
        Person memory impostor = _person("impostor", 0);
        IDeliveryLedger.EntitlementEntry[] memory items = _cleared(impostor);
        items[0].clearer = clearer.account;
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, FIRST, impostor.account, clearer.account)
        );
        _list(items);
    }

    function test_aClearanceIsForItsOwnHouseholdEntitlementAndProgramme() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _cleared(clearer);
        items[0].household = families[1].account;
        _assertWrongSigner(items);
        items = _cleared(clearer);
        items[0].id = SECOND;
        _assertWrongSigner(items);
        items = _cleared(clearer);
        items[0].clearanceDeadlineUnixS += 1;
        _assertWrongSigner(items);

        ProgrammeId other = ProgrammeId.wrap("another cleared programme");
        _openCleared(other);
        items = _cleared(clearer);
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, GENERAL_FUND, other, items);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _propose(list, items);
    }

    function test_aClearanceIsForItsOwnSeason() public {
        ProgrammeId winter = ProgrammeId.wrap("winter");
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, winter);
        (opening.clearer, opening.seasonal) = (REGISTRAR_BODY, true);
        _openProgramme(charity, opening, SADAQAT);
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(FIRST, families[0].account, 300);
        _clear(clearer, items[0], winter, Code.wrap("1405-winter"));
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, GENERAL_FUND, winter, items);

        list.season = Code.wrap("1406-winter");
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _propose(list, items);
        list.season = Code.wrap("1405-winter");
        _propose(list, items);
        assertEq(deliveries.entitlementOf(FIRST).amountMinor, 300);
    }

    function test_aClearanceEndsAfterItsDeadline() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _cleared(clearer);
        vm.warp(DEADLINE + 1);
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, GENERAL_FUND, CLEARED, items);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, FIRST, DEADLINE));
        _propose(list, items);
        vm.warp(DEADLINE);
        _propose(list, items);
        assertEq(deliveries.entitlementOf(FIRST).amountMinor, 300);
    }

    function test_theSameItemAgainIsANoOpAlsoWhenItsClearanceEnded() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _cleared(clearer);
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, GENERAL_FUND, CLEARED, items);
        _propose(list, items);
        vm.warp(DEADLINE + 1);
        vm.recordLogs();
        _propose(list, items);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aProgrammeWithoutAClearerAsksForNone() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(FIRST, families[0].account, 300);
        items[0].clearer = stranger;
        vm.recordLogs();
        _propose(_proposal(LIST, GENERAL_FUND, FOOD, items), items);
        assertEq(vm.getRecordedLogs().length, 2, "proposed and listed, not cleared");
    }

    // --- Words

    function _openCleared(ProgrammeId programme) private {
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, programme);
        opening.clearer = REGISTRAR_BODY;
        _openProgramme(charity, opening, SADAQAT);
    }

    /// @dev 300 for the first family, cleared by this key.
    function _cleared(Person memory by) private view returns (IDeliveryLedger.EntitlementEntry[] memory items) {
        items = _oneItem(FIRST, families[0].account, 300);
        _clear(by, items[0], CLEARED, NO_CODE);
    }

    function _clear(Person memory by, IDeliveryLedger.EntitlementEntry memory entry, ProgrammeId programme, Code season)
        private
        view
    {
        bytes32 digest = deliveries.clearanceDigest(entry.household, programme, season, entry.id, DEADLINE);
        (entry.clearer, entry.clearanceDeadlineUnixS) = (by.account, DEADLINE);
        (entry.clearanceR, entry.clearanceVs) = vm.signCompact(by.key, digest);
    }

    function _list(IDeliveryLedger.EntitlementEntry[] memory items) private {
        _propose(_proposal(LIST, GENERAL_FUND, CLEARED, items), items);
    }

    function _assertNotCleared(IDeliveryLedger.EntitlementEntry[] memory items) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerNotCleared.selector, FIRST, items[0].clearer)
        );
        _list(items);
    }

    function _assertWrongSigner(IDeliveryLedger.EntitlementEntry[] memory items) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _list(items);
    }
}
