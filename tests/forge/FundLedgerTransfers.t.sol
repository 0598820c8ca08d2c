// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {DonationId, FundId, TransferId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Transfers} from "./Transfers.sol";

/// @notice Units leave one fund under two pairs of eyes, and either arrive in the other or come back.
contract FundLedgerTransfersTest is Transfers {
    IFundLedger.TransferProposal internal proposal = _transferOf(TRANSFER, GENERAL_FUND, OTHER_FUND, 300);

    function setUp() public override {
        super.setUp();
        _donate(GENERAL_FUND, GIFT, 1000);
        _donate(OTHER_FUND, OTHER_GIFT, 70);
    }

    // --- Proposing

    function test_aMakerProposesAndNothingLeavesYet() public {
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferProposed(TRANSFER, GENERAL_FUND, OTHER_FUND, charity.maker, 300, proposal.commitment);
        _proposeTransfer(charity.maker, proposal);

        IFundLedger.Transfer memory transfer = ledger.transferOf(TRANSFER);
        assertEq(transfer.maker, charity.maker);
        assertEq(transfer.amountMinor, 300);
        assertEq(transfer.fromNumber, ledger.donationOf(GIFT).fundNumber);
        assertEq(transfer.toNumber, ledger.donationOf(OTHER_GIFT).fundNumber);
        _assertTransferState(IFundLedger.TransferState.Proposed);
        assertEq(ledger.outflowEndOf(GENERAL_FUND), 0);
    }

    function test_theSameProposalAgainIsANoOpAndAnotherOneAConflict() public {
        _proposeTransfer(charity.maker, proposal);
        vm.recordLogs();
        _proposeTransfer(charity.maker, proposal);
        assertEq(vm.getRecordedLogs().length, 0);

        IFundLedger.TransferProposal memory changed = proposal;
        changed.amountMinor += 1;
        _assertConflict(charity.maker, changed);
        changed = proposal;
        changed.to = FOOD_FUND;
        _assertConflict(charity.maker, changed);
        changed = proposal;
        changed.from = FOOD_FUND;
        _assertConflict(charity.maker, changed);
        changed = proposal;
        changed.commitment = keccak256("another agreement");
        _assertConflict(charity.maker, changed);
        _appoint(charity, stranger, Roles.MAKER);
        _assertConflict(stranger, proposal);
    }

    function test_aProposalNeedsAnIdAnAmountAndTwoKnownFunds() public {
        IFundLedger.TransferProposal memory bad = proposal;
        bad.id = TransferId.wrap(0);
        _assertNotProposed(bad, abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("transfer")));
        bad = proposal;
        bad.amountMinor = 0;
        _assertNotProposed(bad, abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, TRANSFER, 0));
        bad.amountMinor = MAX_AMOUNT + 1;
        _assertNotProposed(
            bad, abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, TRANSFER, MAX_AMOUNT + 1)
        );
        FundId nowhere = FundId.wrap("nowhere");
        bad = proposal;
        bad.to = nowhere;
        _assertNotProposed(bad, abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere));
        bad = proposal;
        bad.from = nowhere;
        _assertNotProposed(bad, abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere));
    }

    function test_aBatchOfProposalsIsAllOrNothing() public {
        IFundLedger.TransferProposal[] memory proposals = new IFundLedger.TransferProposal[](2);
        proposals[0] = proposal;
        proposals[1] = _transferOf(TransferId.wrap("of nothing"), GENERAL_FUND, OTHER_FUND, 0);
        vm.expectPartialRevert(IFundLedger.FundLedgerBadAmount.selector);
        vm.prank(charity.maker);
        ledger.proposeTransfers(proposals);
        _assertUnknown();
    }

    // --- Approving

    function test_anotherCheckerApprovesAndTheNextUnitsLeave() public {
        _takeFee(GENERAL_FUND, FEE, 40);
        _proposeTransfer(charity.maker, proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferSent(GENERAL_FUND, TRANSFER, OTHER_FUND, charity.checker, 40, 300);
        _approveTransfer(charity.checker, proposal);

        IFundLedger.Transfer memory transfer = ledger.transferOf(TRANSFER);
        assertEq(transfer.checker, charity.checker);
        assertEq(transfer.start, 40);
        _assertTransferState(IFundLedger.TransferState.Sent);
        assertEq(ledger.outflowEndOf(GENERAL_FUND), 340);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, 70, "nothing has arrived yet");
    }

    function test_theMakerIsNotTheChecker() public {
        _proposeTransfer(charity.maker, proposal);
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _assertNotApproved(charity.maker, proposal, _makerIsChecker(charity.maker));
    }

    function test_aCheckerApprovesExactlyWhatWasProposed() public {
        _proposeTransfer(charity.maker, proposal);
        IFundLedger.TransferProposal memory changed = proposal;
        changed.amountMinor = 299;
        bytes memory conflict = abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, TRANSFER);
        _assertNotApproved(charity.checker, changed, conflict);
        changed = proposal;
        changed.to = FOOD_FUND;
        _assertNotApproved(charity.checker, changed, conflict);
        changed = proposal;
        changed.commitment = 0;
        _assertNotApproved(charity.checker, changed, conflict);
        changed = proposal;
        changed.from = OTHER_FUND;
        _assertNotApproved(otherCharity.checker, changed, conflict);
    }

    function test_aTransferAboveTheFreeUnitsIsNotApproved() public {
        _donate(FOOD_FUND, DonationId.wrap("food gift"), 600);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        proposal = _transferOf(TRANSFER, FOOD_FUND, _foodSuccessor(), 101);
        _proposeTransfer(charity.maker, proposal);
        _assertNotApproved(
            charity.checker,
            proposal,
            abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 100, 101)
        );
    }

    function test_anUnknownTransferIsNotApproved() public {
        _assertNotApproved(charity.checker, proposal, _unknown());
    }

    function test_aTransferIsSentOnce() public {
        _send(proposal);
        vm.recordLogs();
        _approveTransfer(charity.checker, proposal);
        assertEq(vm.getRecordedLogs().length, 0, "the same approval again");
        _appoint(charity, stranger, Roles.CHECKER);
        _assertNotApproved(stranger, proposal, _wrongState(IFundLedger.TransferState.Sent));
        assertEq(ledger.outflowEndOf(GENERAL_FUND), 300);
    }

    // --- A second checker

    function test_aboveTheThresholdASecondCheckerIsNeeded() public {
        _setThreshold(299);
        _proposeTransfer(charity.maker, proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferChecked(TRANSFER, charity.checker);
        _approveTransfer(charity.checker, proposal);
        _assertTransferState(IFundLedger.TransferState.Checked);
        assertEq(ledger.outflowEndOf(GENERAL_FUND), 0, "nothing left after the first check");

        vm.recordLogs();
        _approveTransfer(charity.checker, proposal);
        assertEq(vm.getRecordedLogs().length, 0, "the first check again is not the second");
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _assertNotApproved(charity.maker, proposal, _makerIsChecker(charity.maker));

        _appoint(charity, stranger, Roles.CHECKER);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferSent(GENERAL_FUND, TRANSFER, OTHER_FUND, stranger, 0, 300);
        _approveTransfer(stranger, proposal);
        _assertTransferState(IFundLedger.TransferState.Sent);
        assertEq(ledger.transferOf(TRANSFER).secondChecker, stranger);
        vm.recordLogs();
        _approveTransfer(stranger, proposal);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_atTheThresholdOneCheckerIsEnough() public {
        _setThreshold(300);
        _send(proposal);
        _assertTransferState(IFundLedger.TransferState.Sent);
    }

    // --- Receiving

    function test_theUnitsArriveAtTheEndOfTheOtherFund() public {
        _send(proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferReceived(OTHER_FUND, TRANSFER, 70, 300);
        _receive(otherCharity.cashier, TRANSFER);

        _assertTransferState(IFundLedger.TransferState.Received);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, 370);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1000);
    }

    function test_withinABodyTheSameRulesHold() public {
        FundId successor = _foodSuccessor();
        _donate(FOOD_FUND, DonationId.wrap("food gift"), 500);
        _send(_transferOf(TRANSFER, FOOD_FUND, successor, 200));
        _receive(charity.cashier, TRANSFER);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 200);
        assertEq(ledger.fundOf(successor).inflowEnd, 200);
    }

    function test_receivingAgainIsANoOpWithoutAnEvent() public {
        _send(proposal);
        _receive(otherCharity.cashier, TRANSFER);
        vm.recordLogs();
        _receive(otherCharity.cashier, TRANSFER);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, 370);
    }

    function test_onlyWhatWasSentIsReceived() public {
        _assertNotReceived(_unknown());
        _proposeTransfer(charity.maker, proposal);
        _assertNotReceived(_wrongState(IFundLedger.TransferState.Proposed));
        _setThreshold(299);
        _approveTransfer(charity.checker, proposal);
        _assertNotReceived(_wrongState(IFundLedger.TransferState.Checked));
        _withdrawTransfer(charity.maker, TRANSFER);
        _assertNotReceived(_wrongState(IFundLedger.TransferState.Withdrawn));
    }

    function test_aFullFundReceivesNothing() public {
        _donate(OTHER_FUND, DonationId.wrap("huge gift"), MAX_AMOUNT - 70 - 299);
        _send(proposal);
        _assertNotReceived(
            abi.encodeWithSelector(IFundLedger.FundLedgerFundFull.selector, OTHER_FUND, MAX_AMOUNT - 299, 300)
        );
    }

    function test_aBodyThatLostItsLicenceReceivesNothingAndTheSenderBringsItBack() public {
        _send(proposal);
        _revokeLicence(OTHER_CHARITY);
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, OTHER_CHARITY, NOW);
        _assertNotReceived(reason);
        vm.expectRevert(reason);
        _bringBack(otherCharity, TRANSFER);
        _bringBack(charity, TRANSFER);
        _assertTransferState(IFundLedger.TransferState.CameBack);
    }

    // --- Coming back

    function test_theSenderBringsBackWhatWasNotReceived() public {
        _send(proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferCameBack(GENERAL_FUND, TRANSFER, 1000, 300);
        _bringBack(charity, TRANSFER);
        _assertTransferState(IFundLedger.TransferState.CameBack);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1300);
        assertEq(ledger.outflowEndOf(GENERAL_FUND), 300);
    }

    function test_theReceiverSendsBackWhatItDoesNotTake() public {
        _send(proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferCameBack(GENERAL_FUND, TRANSFER, 1000, 300);
        _bringBack(otherCharity, TRANSFER);
        assertEq(ledger.fundOf(OTHER_FUND).inflowEnd, 70);
    }

    function test_bringingBackAgainIsANoOpWithoutAnEvent() public {
        _send(proposal);
        _bringBack(charity, TRANSFER);
        vm.recordLogs();
        _bringBack(otherCharity, TRANSFER);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 1300);
    }

    function test_aTransferEitherArrivesOrComesBack() public {
        _send(proposal);
        _receive(otherCharity.cashier, TRANSFER);
        vm.expectRevert(_wrongState(IFundLedger.TransferState.Received));
        _bringBack(charity, TRANSFER);

        TransferId other = TransferId.wrap("other transfer");
        _send(_transferOf(other, GENERAL_FUND, OTHER_FUND, 1));
        _bringBack(charity, other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFundLedger.FundLedgerTransferState.selector, other, IFundLedger.TransferState.CameBack
            )
        );
        _receive(otherCharity.cashier, other);
    }

    function test_onlyWhatWasSentComesBack() public {
        vm.expectRevert(_unknown());
        _bringBack(charity, TRANSFER);
        _proposeTransfer(charity.maker, proposal);
        vm.expectRevert(_wrongState(IFundLedger.TransferState.Proposed));
        _bringBack(charity, TRANSFER);
    }

    function test_aThirdBodyBringsNothingBack() public {
        _send(proposal);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerOtherFund.selector, TRANSFER, GENERAL_FUND));
        _bringBack(registrarBody, TRANSFER);
    }

    // --- Withdrawing

    function test_aMakerGivesAProposalUp() public {
        _proposeTransfer(charity.maker, proposal);
        vm.expectEmit(address(ledger));
        emit IFundLedger.TransferWithdrawn(TRANSFER);
        _withdrawTransfer(charity.maker, TRANSFER);
        _assertTransferState(IFundLedger.TransferState.Withdrawn);
        _assertNotApproved(charity.checker, proposal, _wrongState(IFundLedger.TransferState.Withdrawn));

        vm.recordLogs();
        _withdrawTransfer(charity.maker, TRANSFER);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aCheckedProposalIsGivenUpToo() public {
        _setThreshold(299);
        _send(proposal);
        _withdrawTransfer(charity.maker, TRANSFER);
        _assertTransferState(IFundLedger.TransferState.Withdrawn);
    }

    function test_whatWasSentIsNotWithdrawn() public {
        vm.expectRevert(_unknown());
        _withdrawTransfer(charity.maker, TRANSFER);
        _send(proposal);
        vm.expectRevert(_wrongState(IFundLedger.TransferState.Sent));
        _withdrawTransfer(charity.maker, TRANSFER);
        _receive(otherCharity.cashier, TRANSFER);
        vm.expectRevert(_wrongState(IFundLedger.TransferState.Received));
        _withdrawTransfer(charity.maker, TRANSFER);
    }

    // --- Who

    function test_onlyAMakerOfTheSenderProposesAndWithdraws() public {
        address[4] memory callers = [charity.checker, charity.administrator, otherCharity.maker, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(_notInRole(charity, callers[i], Roles.MAKER));
            _proposeTransfer(callers[i], proposal);
        }
        _proposeTransfer(charity.maker, proposal);
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(_notInRole(charity, callers[i], Roles.MAKER));
            _withdrawTransfer(callers[i], TRANSFER);
        }
    }

    function test_onlyACheckerOfTheSenderApproves() public {
        _proposeTransfer(charity.maker, proposal);
        address[4] memory callers = [charity.maker, charity.administrator, otherCharity.checker, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            _assertNotApproved(callers[i], proposal, _notInRole(charity, callers[i], Roles.CHECKER));
        }
    }

    function test_onlyACashierOfTheReceiverReceives() public {
        _send(proposal);
        address[3] memory callers = [otherCharity.maker, charity.cashier, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(_notInRole(otherCharity, callers[i], Roles.CASHIER));
            _receive(callers[i], TRANSFER);
        }
    }

    function test_onlyACashierOfTheNamedBodyBringsBack() public {
        _send(proposal);
        Staff memory impostor = charity;
        impostor.cashier = charity.maker;
        vm.expectRevert(_notInRole(charity, charity.maker, Roles.CASHIER));
        _bringBack(impostor, TRANSFER);
        impostor.cashier = otherCharity.cashier;
        vm.expectRevert(_notInRole(charity, otherCharity.cashier, Roles.CASHIER));
        _bringBack(impostor, TRANSFER);
    }

    function test_aBodyThatLostItsLicenceSendsNothing() public {
        _proposeTransfer(charity.maker, proposal);
        _revokeLicence(CHARITY);
        bytes memory reason = abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW);
        _assertNotApproved(charity.checker, proposal, reason);
        vm.expectRevert(reason);
        _proposeTransfer(charity.maker, proposal);
    }

    // --- Words

    function _foodSuccessor() private returns (FundId successor) {
        successor = FundId.wrap("food fund's successor");
        _openFund(charity, successor, RIAL, SADAQAT, FOOD);
    }

    function _setThreshold(uint64 thresholdMinor) private {
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, thresholdMinor)));
    }

    function _wrongState(IFundLedger.TransferState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerTransferState.selector, TRANSFER, state);
    }

    function _makerIsChecker(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerMakerIsChecker.selector, TRANSFER, caller);
    }

    function _unknown() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundLedger.FundLedgerUnknownTransfer.selector, TRANSFER);
    }

    function _notInRole(Staff memory staff, address caller, uint16 role) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, staff.organisation, caller, role);
    }

    function _assertTransferState(IFundLedger.TransferState state) private view {
        assertEq(uint8(ledger.transferOf(TRANSFER).state), uint8(state), "the transfer's state");
    }

    function _assertUnknown() private {
        vm.expectRevert(_unknown());
        ledger.transferOf(TRANSFER);
    }

    function _assertConflict(address maker, IFundLedger.TransferProposal memory changed) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, TRANSFER));
        _proposeTransfer(maker, changed);
    }

    function _assertNotProposed(IFundLedger.TransferProposal memory bad, bytes memory reason) private {
        vm.expectRevert(reason);
        _proposeTransfer(charity.maker, bad);
    }

    function _assertNotApproved(address checker, IFundLedger.TransferProposal memory bad, bytes memory reason) private {
        vm.expectRevert(reason);
        _approveTransfer(checker, bad);
    }

    function _assertNotReceived(bytes memory reason) private {
        vm.expectRevert(reason);
        _receive(otherCharity.cashier, TRANSFER);
    }
}
