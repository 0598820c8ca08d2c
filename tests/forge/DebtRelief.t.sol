// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {DebtRelief} from "contracts/src/DebtRelief.sol";
import {IDebtRelief} from "contracts/src/interfaces/IDebtRelief.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {DebtId, OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Base} from "./Base.t.sol";
import {TypedData} from "./TypedData.sol";

/// @notice A forgiven debt is a result that the creditor acknowledges and that moves no money (A05).
contract DebtReliefTest is Base {
    DebtId internal constant DEBT = DebtId.wrap("debt");
    uint64 internal constant DEADLINE = NOW + 300 days;

    DebtRelief internal debts;
    Person internal creditor;

    function setUp() public override {
        super.setUp();
        debts = new DebtRelief(licences, households, programmes, GENESIS);
        creditor = _person("creditor", 0);
    }

    function test_aCreditorAcknowledgesWhatWasPaidAndForgiven() public {
        vm.expectEmit(address(debts));
        emit IDebtRelief.DebtForgiven(
            DEBT, CHARITY, families[0].account, FOOD, creditor.account, RIAL, 1000, 400, 600, "salted"
        );
        _record(_settlement());
        IDebtRelief.Settlement memory known = debts.settlementOf(DEBT);
        assertTrue(known.organisation == CHARITY);
        assertEq(known.forgivenMinor, 600);
        assertEq(debts.settlementOf(DebtId.wrap("unknown")).digest, 0);
    }

    function test_theSameSettlementAgainIsANoOpAndAnotherAConflict() public {
        _record(_settlement());
        vm.warp(DEADLINE + 1);
        vm.recordLogs();
        _record(_settlement());
        assertEq(vm.getRecordedLogs().length, 0);
        IDebtRelief.SignedForgiveness memory other = _settlement();
        (other.paidMinor, other.forgivenMinor) = (300, 700);
        _sign(creditor, other);
        vm.expectRevert(abi.encodeWithSelector(IDebtRelief.DebtReliefConflict.selector, DEBT));
        _record(other);
    }

    function test_paidAndForgivenAreTheWholeDebt() public {
        IDebtRelief.SignedForgiveness memory s = _settlement();
        s.paidMinor = 401;
        _assertDoesNotAddUp(s);
        s = _settlement();
        (s.debtMinor, s.paidMinor, s.forgivenMinor) = (2 ** 63, 2 ** 63 - 1, 1);
        _assertDoesNotAddUp(s);
        s = _settlement();
        (s.debtMinor, s.paidMinor, s.forgivenMinor) = (0, type(uint64).max, 1);
        _assertDoesNotAddUp(s);
    }

    function test_everyFieldIsGiven() public {
        IDebtRelief.SignedForgiveness memory s = _settlement();
        s.id = DebtId.wrap(0);
        _assertMissing(s, "debt");
        s = _settlement();
        s.unit = NO_CODE;
        _assertMissing(s, "unit");
        s = _settlement();
        (s.paidMinor, s.forgivenMinor) = (1000, 0);
        _assertMissing(s, "forgivenMinor");
    }

    function test_nobodyForgivesTheOwnDebt() public {
        IDebtRelief.SignedForgiveness memory s = _settlement();
        s.creditor = families[0].signer;
        _sign(families[0], s);
        _assertOwnCreditor(s);
        s.creditor = families[0].account;
        _assertOwnCreditor(s);
    }

    function test_onlyTheCreditorsSignatureInTimeCounts() public {
        IDebtRelief.SignedForgiveness memory s = _settlement();
        _sign(families[1], s);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISignedActs.SignedActsWrongSigner.selector, DEBT, families[1].signer, creditor.account
            )
        );
        _record(s);
        s = _settlement();
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, DEBT, DEADLINE));
        _record(s);
    }

    function test_onlyAnAgentOfABodyThatCarriesTheProgrammeOutRecords() public {
        IDebtRelief.SignedForgiveness[] memory settlements = _only(_settlement());
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.cashier, Roles.AGENT
            )
        );
        vm.prank(charity.cashier);
        debts.recordForgiven(CHARITY, settlements);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, FOOD, OTHER_CHARITY)
        );
        vm.prank(otherCharity.agent);
        debts.recordForgiven(OTHER_CHARITY, settlements);
        OrganisationId[] memory admitted = new OrganisationId[](1);
        admitted[0] = OTHER_CHARITY;
        vm.prank(charity.administrator);
        programmes.admitImplementers(FOOD, admitted);
        vm.prank(otherCharity.agent);
        debts.recordForgiven(OTHER_CHARITY, settlements);
    }

    // --- Words of this test

    /// @dev Of 1,000 owed, 400 was paid and 600 is forgiven.
    function _settlement() private view returns (IDebtRelief.SignedForgiveness memory s) {
        s = IDebtRelief.SignedForgiveness(
            DEBT, FOOD, families[0].account, creditor.account, RIAL, 1000, 400, 600, "salted", DEADLINE, 0, 0
        );
        _sign(creditor, s);
    }

    function _sign(Person memory signer, IDebtRelief.SignedForgiveness memory s) private view {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Forgiveness(address creditor,bytes32 debt,address household,bytes32 unit,uint64 debtMinor,uint64 paidMinor,uint64 forgivenMinor,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                s.creditor,
                s.id,
                s.household,
                s.unit,
                s.debtMinor,
                s.paidMinor,
                s.forgivenMinor,
                GENESIS,
                s.deadlineUnixS
            )
        );
        TypedData.Domain memory domain = TypedData.Domain("Amanat DebtRelief", block.chainid, address(debts));
        (s.r, s.vs) = vm.signCompact(signer.key, TypedData.digest(domain, structHash));
    }

    function _record(IDebtRelief.SignedForgiveness memory s) private {
        vm.prank(charity.agent);
        debts.recordForgiven(CHARITY, _only(s));
    }

    function _only(IDebtRelief.SignedForgiveness memory s)
        private
        pure
        returns (IDebtRelief.SignedForgiveness[] memory settlements)
    {
        settlements = new IDebtRelief.SignedForgiveness[](1);
        settlements[0] = s;
    }

    function _assertMissing(IDebtRelief.SignedForgiveness memory s, bytes32 what) private {
        vm.expectRevert(abi.encodeWithSelector(IDebtRelief.DebtReliefMissing.selector, what));
        _record(s);
    }

    function _assertOwnCreditor(IDebtRelief.SignedForgiveness memory s) private {
        vm.expectRevert(abi.encodeWithSelector(IDebtRelief.DebtReliefOwnCreditor.selector, DEBT, families[0].account));
        _record(s);
    }

    function _assertDoesNotAddUp(IDebtRelief.SignedForgiveness memory s) private {
        _sign(creditor, s);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDebtRelief.DebtReliefDoesNotAddUp.selector, DEBT, s.debtMinor, s.paidMinor, s.forgivenMinor
            )
        );
        _record(s);
    }
}
