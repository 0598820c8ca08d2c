// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {DeliveryLedger} from "contracts/src/DeliveryLedger.sol";
import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {Code, EntitlementId, PaymentListId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";
import {TypedData} from "./TypedData.sol";

/// @notice Only the family's own signature, on exactly this record, chain and contract, is its yes or no (I6).
contract DeliveryLedgerAcceptancesTest is Lists {
    PaymentListId internal constant OTHER_LIST = PaymentListId.wrap("other list");
    EntitlementId internal constant THIRD = EntitlementId.wrap("third entitlement");
    /// @dev The order of secp256k1.
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public override {
        super.setUp();
        _offerTwoItems();
        _handOver(LIST, FIRST);
        _handOver(LIST, SECOND);
    }

    // --- What is signed

    function test_theDigestsAreThoseOfTheEip712Texts() public view {
        assertEq(deliveries.genesisHash(), GENESIS);
        assertEq(deliveries.acceptanceDigest(FIRST, 300, DEADLINE), _digest(_domain(), RIAL, GENESIS));

        Code reason = Code.wrap("no need");
        bytes32 refusal = TypedData.refusal(families[0].account, FIRST, reason, GENESIS, DEADLINE);
        assertEq(deliveries.refusalDigest(FIRST, reason, DEADLINE), TypedData.digest(_domain(), refusal));
    }

    function test_anUnknownEntitlementHasNothingToSign() public {
        EntitlementId unknown = EntitlementId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown));
        deliveries.acceptanceDigest(unknown, 300, DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown));
        deliveries.refusalDigest(unknown, Code.wrap("no need"), DEADLINE);
    }

    function test_aSignatureHashedFromTheTextsIsAccepted() public {
        deliveries.accept(_signedAcceptance(families[0], FIRST, 300, _digest(_domain(), RIAL, GENESIS)));
        assertTrue(deliveries.entitlementOf(FIRST).state == IDeliveryLedger.EntitlementState.Confirmed);
    }

    // --- What is refused

    function test_anotherFamilysSignatureIsRefused() public {
        bytes32 digest = deliveries.acceptanceDigest(FIRST, 300, DEADLINE);
        _assertWrongSigner(_signedAcceptance(families[1], FIRST, 300, digest), families[1].signer);
    }

    function test_theAgentsSignatureIsRefused() public {
        Person memory agent = _person("an agent with a key", 0);
        bytes32 digest = deliveries.acceptanceDigest(FIRST, 300, DEADLINE);
        _assertWrongSigner(_signedAcceptance(agent, FIRST, 300, digest), agent.signer);
    }

    function test_anAcceptanceOfAnotherAmountIsRefused() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 299);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerAmountDiffers.selector, FIRST, 299, 300));
        deliveries.accept(acceptances);

        acceptances[0].amountMinor = 300;
        _assertNotTheFamilys(acceptances);
    }

    function test_anAcceptanceIsNotAcceptedTwice() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        deliveries.accept(acceptances);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDeliveryLedger.DeliveryLedgerEntitlementState.selector,
                FIRST,
                IDeliveryLedger.EntitlementState.Confirmed
            )
        );
        deliveries.accept(acceptances);
    }

    function test_anAcceptanceIsForItsOwnEntitlementOnly() public {
        _offer(OTHER_LIST, FOOD_FUND, FOOD, _oneItem(THIRD, families[0].account, 300));
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], THIRD, 300);
        acceptances[0].id = FIRST;
        _assertNotTheFamilys(acceptances);
    }

    function test_anAcceptanceOfAnotherUnitIsRefused() public {
        _assertNotTheFamilys(_signed(_digest(_domain(), Code.wrap("USD"), GENESIS)));
    }

    function test_anAcceptanceForAnotherChainIsRefused() public {
        TypedData.Domain memory other = _domain();
        other.chainId += 1;
        _assertNotTheFamilys(_signed(_digest(other, RIAL, GENESIS)));
    }

    function test_anAcceptanceForThisChainIsRefusedOnAnother() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.chainId(block.chainid + 1);
        _assertNotTheFamilys(acceptances);
    }

    function test_anAcceptanceForAnotherContractIsRefused() public {
        DeliveryLedger twin =
            new DeliveryLedger(licences, households, programmes, rulebook, ledger, address(field), GENESIS);
        TypedData.Domain memory other = _domain();
        other.verifyingContract = address(twin);
        _assertNotTheFamilys(_signed(_digest(other, RIAL, GENESIS)));
        other = _domain();
        other.name = "Amanat FundLedger";
        _assertNotTheFamilys(_signed(_digest(other, RIAL, GENESIS)));
    }

    function test_anAcceptanceForALedgerOfAnotherGenesisIsRefused() public {
        _assertNotTheFamilys(_signed(_digest(_domain(), RIAL, keccak256("another chain's block 0"))));
    }

    function test_aRefusalIsNoAcceptance() public {
        _assertNotTheFamilys(_signed(deliveries.refusalDigest(FIRST, Code.wrap("no need"), DEADLINE)));
    }

    function test_anAcceptanceEndsAfterItsDeadline() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, FIRST, DEADLINE));
        deliveries.accept(acceptances);
        vm.warp(DEADLINE);
        deliveries.accept(acceptances);
    }

    function test_theDeadlineItselfIsSigned() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        acceptances[0].deadlineUnixS = DEADLINE + 1;
        _assertNotTheFamilys(acceptances);
    }

    // --- Malformed signatures

    function test_theMirroredSignatureIsRefused() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        uint256 s = uint256(acceptances[0].vs) & type(uint256).max >> 1;
        acceptances[0].vs = bytes32((ORDER - s) | (~uint256(acceptances[0].vs) & 1 << 255));
        _assertNotTheFamilys(acceptances);
    }

    function test_aHighSBelowTheParityBitIsRefused() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        acceptances[0].vs = bytes32(ORDER / 2 + 1);
        _assertWrongSigner(acceptances, address(0));
    }

    function test_theOtherParityIsRefused() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        acceptances[0].vs ^= bytes32(uint256(1) << 255);
        _assertNotTheFamilys(acceptances);
    }

    function test_anEmptySignatureIsRefused() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        (acceptances[0].r, acceptances[0].vs) = (0, 0);
        _assertWrongSigner(acceptances, address(0));
    }

    // --- Keys

    function test_aFamilyWithoutAKeyCannotSignYet() public {
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        _replaceKey(families[0].account, address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerNoKey.selector, FIRST, families[0].account)
        );
        deliveries.accept(acceptances);
    }

    function test_onlyTheKeyThatIsInForceSigns() public {
        Person memory next = _person("the family's next key", 0);
        IDeliveryLedger.SignedAcceptance[] memory former = _acceptance(families[0], FIRST, 300);
        _replaceKey(families[0].account, next.signer);
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, FIRST, families[0].signer, next.signer)
        );
        deliveries.accept(former);
        deliveries.accept(_acceptance(next, FIRST, 300));
    }

    // --- The same holds for the other acts

    function test_aRefusalSignedByAnotherIsRefused() public {
        _offer(OTHER_LIST, FOOD_FUND, FOOD, _oneItem(THIRD, families[0].account, 300));
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[1], THIRD, Code.wrap("no need"));
        vm.expectRevert(
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, THIRD, families[1].signer, families[0].signer
            )
        );
        deliveries.refuse(refusals);

        refusals = _refusal(families[0], THIRD, Code.wrap("no need"));
        refusals[0].reason = Code.wrap("moved");
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.refuse(refusals);
    }

    function test_aBatchOfHandOversFailsWithItsOneWrongSignature() public {
        _offer(OTHER_LIST, FOOD_FUND, FOOD, _oneItem(THIRD, families[0].account, 300));
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[1], THIRD, 300);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        vm.prank(charity.agent);
        deliveries.handOverAccepted(OTHER_LIST, acceptances);
        assertTrue(deliveries.entitlementOf(THIRD).state == IDeliveryLedger.EntitlementState.Offered);
    }

    // --- Words

    function _domain() private view returns (TypedData.Domain memory) {
        return TypedData.Domain("Amanat DeliveryLedger", block.chainid, address(deliveries));
    }

    function _digest(TypedData.Domain memory domain, Code unit, bytes32 genesis) private view returns (bytes32) {
        return TypedData.digest(domain, TypedData.acceptance(families[0].account, FIRST, 300, unit, genesis, DEADLINE));
    }

    /// @dev The first family's signature on a digest, sent as its acceptance of the first entitlement.
    function _signed(bytes32 digest) private view returns (IDeliveryLedger.SignedAcceptance[] memory) {
        return _signedAcceptance(families[0], FIRST, 300, digest);
    }

    function _replaceKey(address account, address key) private {
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, account, key);
    }

    function _assertWrongSigner(IDeliveryLedger.SignedAcceptance[] memory acceptances, address recovered) private {
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, FIRST, recovered, families[0].signer)
        );
        deliveries.accept(acceptances);
    }

    /// @dev Whoever it recovers to, it is not the family.
    function _assertNotTheFamilys(IDeliveryLedger.SignedAcceptance[] memory acceptances) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        deliveries.accept(acceptances);
    }
}
