// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {EntitlementId, OrganisationId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Cards} from "./Cards.sol";
import {TypedData} from "./TypedData.sol";

/// @notice A family without key and card says yes before two witnesses of two bodies that neither pay nor hand over.
contract FieldAcceptanceWitnessesTest is Cards {
    bytes32 internal constant TYPE = keccak256(
        "Witnessing(address witness,bytes32 organisation,address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    Person internal first;
    Person internal second;

    function setUp() public override {
        super.setUp();
        first = _staff("other charity's witness");
        second = _staff("registrar's witness");
        _offerTwoItems();
        _handOver(LIST, FIRST);
    }

    // --- Yes

    function test_twoWitnessesConfirmADelivery() public {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        _expectWitnessed(OTHER_CHARITY, first, acceptances[0].first);
        _expectWitnessed(REGISTRAR_BODY, second, acceptances[0].second);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryConfirmed(
            FIRST, families[0].account, IDeliveryLedger.AcceptanceMethod.Witnesses, 0, 0, 0
        );
        vm.prank(stranger);
        field.acceptWitnessed(acceptances);

        IDeliveryLedger.Entitlement memory delivery = deliveries.entitlementOf(FIRST);
        assertTrue(delivery.state == IDeliveryLedger.EntitlementState.Confirmed);
        assertTrue(delivery.method == IDeliveryLedger.AcceptanceMethod.Witnesses);
    }

    function test_theDigestIsThatOfTheEip712Text() public view {
        bytes32 structHash = keccak256(
            abi.encode(
                TYPE, first.account, OTHER_CHARITY, families[0].account, FIRST, uint64(300), RIAL, GENESIS, DEADLINE
            )
        );
        TypedData.Domain memory domain = TypedData.Domain("Amanat FieldAcceptance", block.chainid, address(field));
        assertEq(
            field.witnessingDigest(first.account, OTHER_CHARITY, FIRST, DEADLINE), TypedData.digest(domain, structHash)
        );
        assertEq(field.genesisHash(), GENESIS);
    }

    // --- Two, of two bodies, outside

    function test_witnessesOfThePayerDoNotCount() public {
        Person memory own = _staff("charity's witness");
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        acceptances[0].first = _word(own, charity, FIRST);
        _assertNotIndependent(acceptances, own.account);
        acceptances = _witnessed(FIRST, 300);
        acceptances[0].second = _word(own, charity, FIRST);
        _assertNotIndependent(acceptances, own.account);
    }

    function test_witnessesOfTheProviderDoNotCount() public {
        EntitlementId third = EntitlementId.wrap("third entitlement");
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(third, families[0].account, 5);
        IDeliveryLedger.ListProposal memory proposal =
            _proposal(PaymentListId.wrap("through the other"), FOOD_FUND, FOOD, items);
        proposal.provider = OTHER_CHARITY;
        _propose(proposal, items);
        _approve(proposal.id);
        vm.prank(otherCharity.agent);
        deliveries.handOver(proposal.id, _only(third));

        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(third, 5);
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotIndependent.selector, third, first.account)
        );
    }

    function test_twoWitnessesOfOneBodyDoNotCount() public {
        Person memory colleague = _person("another witness", 0);
        _appoint(otherCharity, colleague.account, Roles.WITNESS);
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        acceptances[0].second = _word(colleague, otherCharity, FIRST);
        _assertNotIndependent(acceptances, colleague.account);
    }

    function test_oneWitnessOfTwoBodiesDoesNotCountTwice() public {
        _appoint(registrarBody, first.account, Roles.WITNESS);
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        acceptances[0].second = _word(first, registrarBody, FIRST);
        _assertNotIndependent(acceptances, first.account);
    }

    function test_onlyAWitnessOfALicensedBodyCounts() public {
        Person memory clearer = _staff("registrar's clearer");
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        acceptances[0].second = _word(clearer, registrarBody, FIRST);
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, REGISTRAR_BODY, clearer.account, Roles.WITNESS
            )
        );
        acceptances = _witnessed(FIRST, 300);
        _suspendLicence(OTHER_CHARITY);
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, OTHER_CHARITY, NOW)
        );
    }

    // --- Their signatures

    function test_onlyTheWitnessesOwnSignaturesCount() public {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        (acceptances[0].first.r, acceptances[0].first.vs) = (acceptances[0].second.r, acceptances[0].second.vs);
        _assertWrongSigner(acceptances);
        acceptances = _witnessed(FIRST, 300);
        (acceptances[0].second.r, acceptances[0].second.vs) = (0, 0);
        _assertWrongSigner(acceptances);
    }

    function test_aWordIsForItsOwnDeliveryBodyAndDeadline() public {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        acceptances[0].first = _word(first, otherCharity, SECOND);
        _assertWrongSigner(acceptances);
        acceptances = _witnessed(FIRST, 300);
        acceptances[0].first.deadlineUnixS += 1;
        _assertWrongSigner(acceptances);
        acceptances = _witnessed(FIRST, 300);
        _appoint(registrarBody, first.account, Roles.WITNESS);
        _appoint(otherCharity, second.account, Roles.WITNESS);
        (acceptances[0].first.organisation, acceptances[0].second.organisation) = (REGISTRAR_BODY, OTHER_CHARITY);
        _assertWrongSigner(acceptances);
    }

    function test_aWordEndsAfterItsDeadline() public {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = _witnessed(FIRST, 300);
        vm.warp(DEADLINE + 1);
        _assertRefused(acceptances, abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, FIRST, DEADLINE));
        vm.warp(DEADLINE);
        field.acceptWitnessed(acceptances);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
    }

    // --- The delivery

    function test_theAmountIsTheOneThatWasOffered() public {
        _assertRefused(
            _witnessed(FIRST, 299),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerAmountDiffers.selector, FIRST, 299, 300)
        );
    }

    function test_onlyWhatWasHandedOverIsConfirmedAndOnce() public {
        _assertRefused(_witnessed(SECOND, 200), _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        field.acceptWitnessed(_witnessed(FIRST, 300));
        _assertRefused(_witnessed(FIRST, 300), _wrongState(FIRST, IDeliveryLedger.EntitlementState.Confirmed));
    }

    function test_aBatchOfWitnessedDeliveriesIsAllOrNothing() public {
        IFieldAcceptance.WitnessedAcceptance[] memory acceptances = new IFieldAcceptance.WitnessedAcceptance[](2);
        acceptances[0] = _witnessed(FIRST, 300)[0];
        acceptances[1] = _witnessed(SECOND, 200)[0];
        _assertRefused(acceptances, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
    }

    function test_onlyFieldAcceptanceConfirmsInTheField() public {
        address[4] memory callers = [charity.agent, families[0].signer, firstRegulator, address(ledger)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerNotFieldAcceptance.selector, callers[i])
            );
            vm.prank(callers[i]);
            deliveries.confirmInField(FIRST, 300, IDeliveryLedger.AcceptanceMethod.Witnesses);
        }
    }

    // --- Words

    function _expectWitnessed(
        OrganisationId organisation,
        Person memory witness,
        IFieldAcceptance.WitnessSignature memory word
    ) private {
        vm.expectEmit(address(field));
        emit IFieldAcceptance.DeliveryWitnessed(FIRST, organisation, witness.account, DEADLINE, word.r, word.vs);
    }

    function _assertRefused(IFieldAcceptance.WitnessedAcceptance[] memory acceptances, bytes memory reason) private {
        vm.expectRevert(reason);
        field.acceptWitnessed(acceptances);
    }

    function _assertNotIndependent(IFieldAcceptance.WitnessedAcceptance[] memory acceptances, address witness) private {
        _assertRefused(
            acceptances, abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotIndependent.selector, FIRST, witness)
        );
    }

    function _assertWrongSigner(IFieldAcceptance.WitnessedAcceptance[] memory acceptances) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        field.acceptWitnessed(acceptances);
    }
}
