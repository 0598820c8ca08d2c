// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {Code, DonationId, FundId, ReassignmentId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Transfers} from "./Transfers.sol";
import {TypedData} from "./TypedData.sol";

/// @notice What has not left of a gift goes under another restriction when its donor signs for it, and only then.
contract FundLedgerReassignmentsTest is Transfers {
    ReassignmentId internal constant OTHER_REASSIGNMENT = ReassignmentId.wrap("other reassignment");
    bytes32 internal constant TYPE = keccak256(
        "Reassignment(address donor,bytes32 reassignment,bytes32 donation,bytes32 to,uint64 amountMinor,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    Person internal giver;

    /// @dev In the food fund lie 1,000 of somebody else, then 500 of the giver; in the general fund 70.
    function setUp() public override {
        super.setUp();
        giver = _person("donor", 0);
        _donate(FOOD_FUND, OTHER_GIFT, 1000);
        _donate(FOOD_FUND, _giftOf(giver, GIFT, 500));
        _donate(GENERAL_FUND, DonationId.wrap("a gift for anything"), 70);
    }

    // --- What happens

    function test_theNextUnitsLeaveAndTheGiftsLastOnesArriveElsewhere() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationReassigned(FOOD_FUND, REASSIGNMENT, GIFT, GENERAL_FUND, 0, 200, 1300, 70);
        _reassign(FOOD_FUND, consents);

        assertEq(ledger.donationOf(GIFT).reassignedMinor, 200);
        assertEq(ledger.donationOf(GIFT).refundedMinor, 0);
        assertEq(ledger.donationOf(OTHER_GIFT).reassignedMinor, 0);
        assertEq(ledger.undelivered(GIFT), 300);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 200);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 270);
    }

    function test_furtherWithdrawalsContinueBelowTheFormerOnes() public {
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200));
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRefunded(FOOD_FUND, REFUND, GIFT, 200, 100, 1200);
        _refund(FOOD_FUND, REFUND, GIFT, 100);

        IFundLedger.SignedReassignment[] memory consents = _consent(giver, OTHER_REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationReassigned(FOOD_FUND, OTHER_REASSIGNMENT, GIFT, GENERAL_FUND, 300, 200, 1000, 270);
        _reassign(FOOD_FUND, consents);
        assertEq(ledger.undelivered(GIFT), 0);
    }

    function test_aGiftReassignedIsNotRefundedToo() public {
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 500));
        vm.expectRevert(_above(1, 0));
        _refund(FOOD_FUND, REFUND, GIFT, 1);
    }

    function test_aGiftRefundedIsNotReassignedToo() public {
        _refund(FOOD_FUND, REFUND, GIFT, 400);
        _assertRefused(_consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 101), _above(101, 100));
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 100));
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 170);
    }

    function test_aBatchIsAllOrNothing() public {
        IFundLedger.SignedReassignment[] memory consents = new IFundLedger.SignedReassignment[](2);
        consents[0] = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 300)[0];
        consents[1] = _consent(giver, OTHER_REASSIGNMENT, GIFT, GENERAL_FUND, 201)[0];
        _assertRefused(consents, _above(201, 200));
        assertEq(ledger.donationOf(GIFT).reassignedMinor, 0);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 0);
    }

    // --- What is refused

    function test_moreThanTheUndeliveredPartIsRefused() public {
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(FIRST, families[0].account, 1200));
        _handOver(LIST, FIRST);
        _assertRefused(_consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 301), _above(301, 300));
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 300));
        assertEq(ledger.undelivered(GIFT), 0);
    }

    function test_nothingThatIsReservedForFamiliesIsReassigned() public {
        _offer(LIST, FOOD_FUND, FOOD, _oneItem(FIRST, families[0].account, 1490));
        _assertRefused(
            _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 11),
            abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 10, 11)
        );
    }

    function test_aReassignmentNeedsAnIdAnAmountAGiftAndAFund() public {
        _assertRefused(
            _consent(giver, ReassignmentId.wrap(0), GIFT, GENERAL_FUND, 1),
            abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("reassignment"))
        );
        _assertRefused(
            _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 0),
            abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, REASSIGNMENT, 0)
        );
        FundId nowhere = FundId.wrap("nowhere");
        _assertRefused(
            _consent(giver, REASSIGNMENT, GIFT, nowhere, 1),
            abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere)
        );
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 1);
        consents[0].donation = DonationId.wrap("unknown");
        bytes memory unknown =
            abi.encodeWithSelector(IFundLedger.FundLedgerUnknownDonation.selector, consents[0].donation);
        _assertRefused(consents, unknown);
        vm.expectRevert(unknown);
        ledger.reassignmentDigest(REASSIGNMENT, consents[0].donation, GENERAL_FUND, 1, DEADLINE);
    }

    function test_aGiftOfAnotherFundIsRefused() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, FOOD_FUND, 1);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerOtherFund.selector, GIFT, GENERAL_FUND));
        _reassign(GENERAL_FUND, consents);
    }

    function test_onlyAnotherFundOfTheSameBodyAndUnitIsATarget() public {
        FundId dollars = FundId.wrap("dollars");
        _openFund(charity, dollars, Code.wrap("USD"), SADAQAT, NO_PROGRAMME);
        FundId[3] memory bad = [FOOD_FUND, OTHER_FUND, dollars];
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertRefused(
                _consent(giver, REASSIGNMENT, GIFT, bad[i], 1),
                abi.encodeWithSelector(IFundLedger.FundLedgerBadReassignment.selector, GIFT, bad[i])
            );
        }
    }

    function test_anotherHeadIsForTheDonorToChoose() public {
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, GIFT, ZAKAT_FUND, 500));
        assertEq(ledger.fundOf(ZAKAT_FUND).inflowEnd, 500);
    }

    function test_aFullFundTakesNoReassignedUnits() public {
        _donate(GENERAL_FUND, DonationId.wrap("huge gift"), MAX_AMOUNT - 70 - 9);
        _assertRefused(
            _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 10),
            abi.encodeWithSelector(IFundLedger.FundLedgerFundFull.selector, GENERAL_FUND, MAX_AMOUNT - 9, 10)
        );
    }

    // --- The donor's signature

    function test_theDigestIsThatOfTheEip712Text() public view {
        bytes32 structHash = keccak256(
            abi.encode(TYPE, giver.account, REASSIGNMENT, GIFT, GENERAL_FUND, uint64(200), GENESIS, DEADLINE)
        );
        TypedData.Domain memory domain = TypedData.Domain("Amanat FundLedger", block.chainid, address(ledger));
        assertEq(
            ledger.reassignmentDigest(REASSIGNMENT, GIFT, GENERAL_FUND, 200, DEADLINE),
            TypedData.digest(domain, structHash)
        );
        assertEq(ledger.genesisHash(), GENESIS);
    }

    function test_onlyTheDonorConsents() public {
        Person memory impostor = _person("impostor", 0);
        _assertRefused(
            _consent(impostor, REASSIGNMENT, GIFT, GENERAL_FUND, 200),
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, REASSIGNMENT, impostor.account, giver.account
            )
        );
    }

    function test_theDonorConsentsToExactlyThis() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        consents[0].amountMinor = 199;
        _assertWrongSigner(consents);
        consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        consents[0].to = ZAKAT_FUND;
        _assertWrongSigner(consents);
        consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        consents[0].id = OTHER_REASSIGNMENT;
        _assertWrongSigner(consents);
        consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        consents[0].deadlineUnixS += 1;
        _assertWrongSigner(consents);
        DonationId second = DonationId.wrap("second gift of the giver");
        _donate(FOOD_FUND, _giftOf(giver, second, 500));
        consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        consents[0].donation = second;
        _assertWrongSigner(consents);
    }

    function test_aConsentEndsAfterItsDeadline() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        vm.warp(DEADLINE + 1);
        _assertRefused(consents, abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, REASSIGNMENT, DEADLINE));
        vm.warp(DEADLINE);
        _reassign(FOOD_FUND, consents);
        assertEq(ledger.donationOf(GIFT).reassignedMinor, 200);
    }

    function test_aConsentIsCarriedOutOnce() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        _reassign(FOOD_FUND, consents);
        _assertRefused(consents, abi.encodeWithSelector(IFundLedger.FundLedgerAlreadyDone.selector, REASSIGNMENT));
    }

    // --- Who

    function test_onlyACashierOfTheFundsOwnBodyReassigns() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        address[4] memory callers = [charity.administrator, charity.maker, otherCharity.cashier, giver.account];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, callers[i], Roles.CASHIER
                )
            );
            vm.prank(callers[i]);
            ledger.reassign(FOOD_FUND, consents);
        }
    }

    function test_aRevokedBodyReassignsNothing() public {
        IFundLedger.SignedReassignment[] memory consents = _consent(giver, REASSIGNMENT, GIFT, GENERAL_FUND, 200);
        _revokeLicence(CHARITY);
        _assertRefused(
            consents, abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW)
        );
    }

    // --- Words

    function _above(uint64 asked, uint64 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerRefundAboveUndelivered.selector, GIFT, asked, most);
    }

    function _assertRefused(IFundLedger.SignedReassignment[] memory consents, bytes memory reason) private {
        vm.expectRevert(reason);
        _reassign(FOOD_FUND, consents);
    }

    function _assertWrongSigner(IFundLedger.SignedReassignment[] memory consents) private {
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _reassign(FOOD_FUND, consents);
    }
}
