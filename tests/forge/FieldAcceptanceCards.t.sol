// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {EntitlementId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Cards} from "./Cards.sol";

/// @notice A family without a key says yes with a secret of its scratch card, before a second person.
contract FieldAcceptanceCardsTest is Cards {
    Card internal card;
    Person internal cosigner;

    function setUp() public override {
        super.setUp();
        card = _card(families[0].account, 0);
        _giveCard(families[0].account, card.root);
        cosigner = _staff("registrar's witness");
        _offerTwoItems();
        _handOver(LIST, FIRST);
    }

    // --- Yes

    function test_aScratchedFieldConfirmsADelivery() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        vm.expectEmit(address(field));
        emit IFieldAcceptance.CardFieldRevealed(FIRST, card.root, 3, card.secrets[3]);
        vm.expectEmit(address(field));
        emit IFieldAcceptance.DeliveryWitnessed(
            FIRST, REGISTRAR_BODY, cosigner.account, DEADLINE, acceptances[0].cosigner.r, acceptances[0].cosigner.vs
        );
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryConfirmed(
            FIRST, families[0].account, IDeliveryLedger.AcceptanceMethod.Card, 0, 0, 0
        );
        vm.prank(stranger);
        field.acceptByCard(acceptances);

        IDeliveryLedger.Entitlement memory delivery = deliveries.entitlementOf(FIRST);
        assertTrue(delivery.state == IDeliveryLedger.EntitlementState.Confirmed);
        assertTrue(delivery.method == IDeliveryLedger.AcceptanceMethod.Card);
        assertEq(field.usedCardFields(card.root), 1 << 3);
    }

    function test_everyFieldOfACardConfirmsOneDelivery() public {
        IDeliveryLedger.EntitlementEntry[] memory items = new IDeliveryLedger.EntitlementEntry[](16);
        for (uint256 i = 0; i < 16; ++i) {
            items[i] = _entry(EntitlementId.wrap(bytes32(i + 1)), families[0].account, 1);
        }
        _offer("sixteen", items);
        for (uint8 i = 0; i < 16; ++i) {
            _handOver("sixteen", items[i].id);
            field.acceptByCard(_scratched(card, i, items[i].id, 1));
            _assertState(items[i].id, IDeliveryLedger.EntitlementState.Confirmed);
        }
        assertEq(field.usedCardFields(card.root), type(uint16).max);
    }

    // --- The card

    function test_aSecretIsGoodForItsOwnFieldOnly() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].field = 4;
        _assertNotOnCard(acceptances);
        acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].secret ^= bytes32(uint256(1));
        _assertNotOnCard(acceptances);
        acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].proof = card.proofs[4];
        _assertNotOnCard(acceptances);
        acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].field = 16;
        _assertNotOnCard(acceptances);
        acceptances[0].field = 255;
        _assertNotOnCard(acceptances);
    }

    /// @dev Its bit would be nobody's, so it could be used for ever.
    function test_aFieldAboveFifteenIsNoneEvenIfACardHasIt() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].field = 16;
        bytes32 root =
            keccak256(bytes.concat(keccak256(abi.encode(families[0].account, uint8(16), acceptances[0].secret))));
        for (uint256 i = 0; i < 4; ++i) {
            root = Hashes.commutativeKeccak256(root, acceptances[0].proof[i]);
        }
        _giveCard(families[0].account, root);
        _assertNotOnCard(acceptances);
    }

    function test_anotherFamilysCardConfirmsNothing() public {
        Card memory other = _card(families[1].account, 0);
        _giveCard(families[1].account, other.root);
        _assertNotOnCard(_scratched(other, 3, FIRST, 300));
    }

    function test_aCardCopiedUnderAnotherFamilyConfirmsNothing() public {
        _giveCard(families[1].account, card.root);
        _handOver(LIST, SECOND);
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, SECOND, 200);
        vm.expectRevert(abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotOnCard.selector, SECOND, 3));
        field.acceptByCard(acceptances);
    }

    function test_aFamilyWithoutACardUsesNone() public {
        _giveCard(families[0].account, 0);
        _assertNotOnCard(_scratched(card, 3, FIRST, 300));
    }

    function test_aReplacedCardIsVoidAndTheNewOneIsGood() public {
        Card memory next = _card(families[0].account, 1);
        _giveCard(families[0].account, next.root);
        _assertNotOnCard(_scratched(card, 3, FIRST, 300));
        field.acceptByCard(_scratched(next, 3, FIRST, 300));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_aFieldIsUsedOnceAlsoWhenTheCardComesBack() public {
        field.acceptByCard(_scratched(card, 3, FIRST, 300));
        EntitlementId third = EntitlementId.wrap("third entitlement");
        _offer("other list", _oneItem(third, families[0].account, 5));
        _handOver("other list", third);
        _assertFieldUsed(_scratched(card, 3, third, 5));

        _giveCard(families[0].account, _card(families[0].account, 1).root);
        _giveCard(families[0].account, card.root);
        _assertFieldUsed(_scratched(card, 3, third, 5));
        field.acceptByCard(_scratched(card, 4, third, 5));
        assertEq(field.usedCardFields(card.root), 1 << 3 | 1 << 4);
    }

    function test_aFieldOfAFailedAcceptanceIsNotUsedUp() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 299);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerAmountDiffers.selector, FIRST, 299, 300));
        field.acceptByCard(acceptances);
        assertEq(field.usedCardFields(card.root), 0);
        field.acceptByCard(_scratched(card, 3, FIRST, 300));
        assertEq(field.usedCardFields(card.root), 1 << 3);
    }

    // --- The second person

    function test_theProvidersAgentDoesNotCosign() public {
        Person memory agent = _staff("charity's agent");
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].cosigner = _word(agent, charity, FIRST);
        bytes memory reason =
            abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotIndependent.selector, FIRST, agent.account);
        _assertRefused(acceptances, reason);

        _appoint(registrarBody, agent.account, Roles.WITNESS);
        acceptances[0].cosigner = _word(agent, registrarBody, FIRST);
        _assertRefused(acceptances, reason);
    }

    function test_whoeverWasTheProvidersAgentDoesNotCosignAfterLosingTheRole() public {
        Person memory agent = _staff("charity's agent");
        _appoint(charity, agent.account, Roles.WITNESS);
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].cosigner = _word(agent, charity, FIRST);
        bytes memory reason =
            abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotIndependent.selector, FIRST, agent.account);
        _assertRefused(acceptances, reason);
        _appoint(registrarBody, agent.account, Roles.WITNESS);
        acceptances[0].cosigner = _word(agent, registrarBody, FIRST);
        _revokeLicence(CHARITY);
        _assertRefused(acceptances, reason);
    }

    function test_anAgentOfAnotherBodyWhoIsAWitnessCosigns() public {
        Person memory agent = _staff("other charity's agent");
        _appoint(otherCharity, agent.account, Roles.AGENT | Roles.WITNESS);
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].cosigner = _word(agent, otherCharity, FIRST);
        field.acceptByCard(acceptances);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_onlyAWitnessCosigns() public {
        Person[2] memory others = [_staff("registrar's clearer"), _person("anybody", 0)];
        for (uint256 i = 0; i < others.length; ++i) {
            IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
            acceptances[0].cosigner = _word(others[i], registrarBody, FIRST);
            _assertRefused(
                acceptances,
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, REGISTRAR_BODY, others[i].account, Roles.WITNESS
                )
            );
        }
    }

    function test_aWitnessOfABodyWithoutALicenceDoesNotCosign() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        _suspendLicence(REGISTRAR_BODY);
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, REGISTRAR_BODY, NOW)
        );
    }

    function test_onlyTheCosignersOwnSignatureInTimeCounts() public {
        Person memory impostor = _person("impostor", 0);
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        bytes32 digest = field.witnessingDigest(cosigner.account, REGISTRAR_BODY, FIRST, DEADLINE);
        (acceptances[0].cosigner.r, acceptances[0].cosigner.vs) = vm.signCompact(impostor.key, digest);
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, FIRST, impostor.account, cosigner.account
            )
        );
        acceptances = _scratched(card, 3, FIRST, 300);
        vm.warp(DEADLINE + 1);
        _assertRefused(acceptances, abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, FIRST, DEADLINE));
    }

    // --- The delivery

    function test_onlyWhatWasHandedOverIsConfirmedAndOnce() public {
        Card memory other = _card(families[1].account, 0);
        _giveCard(families[1].account, other.root);
        _assertRefused(_scratched(other, 3, SECOND, 200), _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        field.acceptByCard(_scratched(card, 3, FIRST, 300));
        _assertRefused(_scratched(card, 4, FIRST, 300), _wrongState(FIRST, IDeliveryLedger.EntitlementState.Confirmed));
    }

    function test_anUnknownEntitlementIsNotConfirmed() public {
        EntitlementId unknown = EntitlementId.wrap("unknown");
        IFieldAcceptance.CardAcceptance[] memory acceptances = _scratched(card, 3, FIRST, 300);
        acceptances[0].id = unknown;
        _assertRefused(
            acceptances, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown)
        );
    }

    function test_aBatchOfCardsIsAllOrNothing() public {
        IFieldAcceptance.CardAcceptance[] memory acceptances = new IFieldAcceptance.CardAcceptance[](2);
        acceptances[0] = _scratched(card, 3, FIRST, 300)[0];
        acceptances[1] = _scratched(card, 4, FIRST, 300)[0];
        _assertRefused(acceptances, _wrongState(FIRST, IDeliveryLedger.EntitlementState.Confirmed));
        assertEq(field.usedCardFields(card.root), 0);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
    }

    // --- Words

    function _offer(bytes32 list, IDeliveryLedger.EntitlementEntry[] memory items) private {
        _offer(PaymentListId.wrap(list), FOOD_FUND, FOOD, items);
    }

    function _handOver(bytes32 list, EntitlementId id) private {
        _handOver(PaymentListId.wrap(list), id);
    }

    function _assertRefused(IFieldAcceptance.CardAcceptance[] memory acceptances, bytes memory reason) private {
        vm.expectRevert(reason);
        field.acceptByCard(acceptances);
    }

    function _assertNotOnCard(IFieldAcceptance.CardAcceptance[] memory acceptances) private {
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(IFieldAcceptance.FieldAcceptanceNotOnCard.selector, FIRST, acceptances[0].field)
        );
    }

    function _assertFieldUsed(IFieldAcceptance.CardAcceptance[] memory acceptances) private {
        _assertRefused(
            acceptances,
            abi.encodeWithSelector(
                IFieldAcceptance.FieldAcceptanceCardFieldUsed.selector, acceptances[0].id, acceptances[0].field
            )
        );
    }
}
