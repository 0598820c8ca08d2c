// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {EntitlementId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Cards} from "./Cards.sol";
import {TypedData} from "./TypedData.sol";

/// @notice A household objects to a hand-over, or to a yes that somebody else may have given for it.
contract DeliveryLedgerDisputesTest is Cards {
    uint64 internal constant UNTIL = NOW + DISPUTE_WINDOW_S;

    function setUp() public override {
        super.setUp();
        _offerTwoItems();
        _handOver(LIST, FIRST);
    }

    // --- By the family's own signature

    function test_theFamilyObjectsToAHandOver() public {
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryDisputed(FIRST, stranger, NOTHING_CAME, DEADLINE, disputes[0].r, disputes[0].vs);
        vm.prank(stranger);
        deliveries.dispute(disputes);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1000, "objecting moves no units");
    }

    function test_theDigestIsThatOfTheEip712Text() public view {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Dispute(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                families[0].account,
                FIRST,
                NOTHING_CAME,
                GENESIS,
                DEADLINE
            )
        );
        TypedData.Domain memory domain = TypedData.Domain("Amanat DeliveryLedger", block.chainid, address(deliveries));
        assertEq(deliveries.disputeDigest(FIRST, NOTHING_CAME, DEADLINE), TypedData.digest(domain, structHash));
    }

    function test_onlyTheFamilysKeyObjects() public {
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[1], FIRST);
        _assertRefused(
            disputes,
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, FIRST, families[1].signer, families[0].signer
            )
        );
    }

    function test_anObjectionIsForItsOwnDeliveryReasonAndDeadline() public {
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        disputes[0].reason = MISUSE;
        _assertWrongSigner(disputes);
        disputes = _objection(families[0], FIRST);
        disputes[0].deadlineUnixS += 1;
        _assertWrongSigner(disputes);
        EntitlementId third = EntitlementId.wrap("third entitlement");
        _offer(PaymentListId.wrap("other list"), FOOD_FUND, FOOD, _oneItem(third, families[0].account, 300));
        disputes = _objection(families[0], FIRST);
        disputes[0].id = third;
        _assertWrongSigner(disputes);
    }

    function test_aRefusalIsNoObjection() public {
        (bytes32 r, bytes32 vs) =
            vm.signCompact(families[0].key, deliveries.refusalDigest(FIRST, NOTHING_CAME, DEADLINE));
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        (disputes[0].r, disputes[0].vs) = (r, vs);
        _assertWrongSigner(disputes);
    }

    function test_anObjectionEndsAfterItsDeadline() public {
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        vm.warp(DEADLINE + 1);
        _assertRefused(disputes, abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, FIRST, DEADLINE));
    }

    function test_anObjectionNeedsAReasonAKeyAndAKnownDelivery() public {
        bytes32 digest = deliveries.disputeDigest(FIRST, NO_CODE, DEADLINE);
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        disputes[0].reason = NO_CODE;
        (disputes[0].r, disputes[0].vs) = vm.signCompact(families[0].key, digest);
        bytes memory missing = abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("reason"));
        _assertRefused(disputes, missing);

        EntitlementId unknown = EntitlementId.wrap("unknown");
        disputes[0].id = unknown;
        bytes memory nothing =
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown);
        _assertRefused(disputes, nothing);
        vm.expectRevert(nothing);
        deliveries.disputeDigest(unknown, NOTHING_CAME, DEADLINE);

        disputes = _objection(families[0], FIRST);
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, families[0].account, address(0));
        _assertRefused(
            disputes, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerNoKey.selector, FIRST, families[0].account)
        );
    }

    function test_aBatchOfObjectionsIsAllOrNothing() public {
        IDeliveryLedger.SignedDispute[] memory disputes = new IDeliveryLedger.SignedDispute[](2);
        disputes[0] = _objection(families[0], FIRST)[0];
        disputes[1] = _objection(families[1], SECOND)[0];
        _assertRefused(disputes, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
    }

    // --- Through the body that opened the account

    function test_theBodyThatOpenedTheAccountObjectsForAFamilyThatCannotSign() public {
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryDisputed(FIRST, registrarBody.registrar, NOTHING_CAME, 0, 0, 0);
        _disputeFor(FIRST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
    }

    function test_noOtherBodyObjectsForAFamily() public {
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerNotOpenedBy.selector, FIRST, CHARITY));
        vm.prank(charity.registrar);
        deliveries.disputeFor(CHARITY, _entries(FIRST));
    }

    function test_onlyARegistrarObjectsForAFamily() public {
        address[4] memory callers =
            [registrarBody.administrator, registrarBody.witness, charity.registrar, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, REGISTRAR_BODY, callers[i], Roles.REGISTRAR
                )
            );
            vm.prank(callers[i]);
            deliveries.disputeFor(REGISTRAR_BODY, _entries(FIRST));
        }
    }

    function test_anObjectionForAFamilyNeedsAReasonAndAKnownDelivery() public {
        IDeliveryLedger.DisputeEntry[] memory entries = _entries(EntitlementId.wrap("unknown"));
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, entries[0].id)
        );
        vm.prank(registrarBody.registrar);
        deliveries.disputeFor(REGISTRAR_BODY, entries);

        entries = _entries(FIRST);
        entries[0].reason = NO_CODE;
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("reason")));
        vm.prank(registrarBody.registrar);
        deliveries.disputeFor(REGISTRAR_BODY, entries);
    }

    function test_aClosedHouseholdStillObjects() public {
        address[] memory accounts = new address[](1);
        accounts[0] = families[0].account;
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, accounts);
        deliveries.dispute(_objection(families[0], FIRST));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
    }

    // --- In time

    function test_aFamilyObjectsUntilTheProgrammesWindowEnds() public {
        vm.warp(UNTIL + 1);
        bytes memory late = abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerDisputeTooLate.selector, FIRST, UNTIL);
        _assertRefused(_objection(families[0], FIRST), late);
        vm.expectRevert(late);
        _disputeFor(FIRST);
        vm.warp(UNTIL);
        deliveries.dispute(_objection(families[0], FIRST));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
    }

    function test_theWindowRunsFromTheHandOverNotFromTheOffer() public {
        vm.warp(NOW + 5 days);
        _handOver(LIST, SECOND);
        vm.warp(UNTIL + 5 days);
        deliveries.dispute(_objection(families[1], SECOND));
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Disputed);
    }

    function test_anEndlessWindowNeverEnds() public {
        ProgrammeId endless = ProgrammeId.wrap("endless");
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, endless);
        opening.disputeWindowS = type(uint64).max;
        _openProgramme(charity, opening, SADAQAT);
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
        PaymentListId list = PaymentListId.wrap("endless list");
        EntitlementId third = EntitlementId.wrap("third entitlement");
        _offer(list, GENERAL_FUND, endless, _oneItem(third, families[0].account, 1));
        _handOver(list, third);
        vm.warp(DEADLINE);
        deliveries.dispute(_objection(families[0], third));
        _assertState(third, IDeliveryLedger.EntitlementState.Disputed);
    }

    // --- To what

    function test_whatIsOnlyOfferedOrEndedIsNotDisputed() public {
        _assertRefused(_objection(families[1], SECOND), _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        _cancel(LIST);
        _assertRefused(_objection(families[1], SECOND), _wrongState(SECOND, IDeliveryLedger.EntitlementState.Cancelled));
    }

    function test_whatTheFamilysOwnKeyConfirmedItDoesNotTakeBack() public {
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        bytes memory confirmed = _wrongState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
        _assertRefused(_objection(families[0], FIRST), confirmed);
        vm.expectRevert(confirmed);
        _disputeFor(FIRST);
    }

    function test_whatACardConfirmedTheFamilyMayDispute() public {
        Card memory card = _card(families[0].account, 0);
        _giveCard(families[0].account, card.root);
        field.acceptByCard(_scratched(card, 0, FIRST, 300));
        deliveries.dispute(_objection(families[0], FIRST));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
    }

    function test_whatWitnessesConfirmedTheFamilyMayDispute() public {
        field.acceptWitnessed(_witnessed(FIRST, 300));
        _disputeFor(FIRST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
    }

    function test_whatIsDisputedIsNeitherDisputedAgainNorAccepted() public {
        deliveries.dispute(_objection(families[0], FIRST));
        bytes memory disputed = _wrongState(FIRST, IDeliveryLedger.EntitlementState.Disputed);
        _assertRefused(_objection(families[0], FIRST), disputed);
        vm.expectRevert(disputed);
        _disputeFor(FIRST);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(disputed);
        deliveries.accept(acceptances);
    }

    // --- Words

    function _entries(EntitlementId id) private pure returns (IDeliveryLedger.DisputeEntry[] memory entries) {
        entries = new IDeliveryLedger.DisputeEntry[](1);
        entries[0] = IDeliveryLedger.DisputeEntry(id, NOTHING_CAME);
    }

    function _assertRefused(IDeliveryLedger.SignedDispute[] memory disputes, bytes memory reason) private {
        vm.expectRevert(reason);
        deliveries.dispute(disputes);
    }

    function _assertWrongSigner(IDeliveryLedger.SignedDispute[] memory disputes) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.dispute(disputes);
    }
}
