// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, FundId, OrganisationId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {Transfers} from "./Transfers.sol";

/// @notice Units keep every restriction that they were given under, and nobody may charge more for them (I9).
contract FundLedgerTransferRestrictionsTest is Transfers {
    FundId internal constant NARROW = FundId.wrap("narrow fund");
    FundId internal constant TARGET = FundId.wrap("target fund");
    ProgrammeId internal constant BLANKET_AID = ProgrammeId.wrap("blanket aid");
    uint64 internal constant RELEASE = NOW + 40 days;

    function setUp() public override {
        super.setUp();
        OrganisationId[] memory bodies = new OrganisationId[](1);
        bodies[0] = OTHER_CHARITY;
        _openBlanketAid(BLANKET_AID, SADAQAT);
        vm.prank(charity.administrator);
        programmes.admitImplementers(BLANKET_AID, bodies);
        _openFund(charity, _narrow(NARROW));
    }

    // --- Allowed

    function test_aFundAsRestrictedTakesTheUnits() public {
        _assertTakes(_narrow(TARGET));
    }

    function test_aFundOfAnotherBodyAsRestrictedTakesTheUnits() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.organisation = OTHER_CHARITY;
        _openFund(otherCharity, target);
        _proposeTransfer(charity.maker, _transferOf(TRANSFER, NARROW, TARGET, 1));
        assertEq(ledger.transferOf(TRANSFER).amountMinor, 1);
    }

    function test_aMoreRestrictedFundTakesTheUnits() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.place = Code.wrap("IR-23-01");
        target.releaseAtUnixS = RELEASE + 1;
        target.feeCapBps = 499;
        _assertTakes(target);
    }

    function test_whatAFundDoesNotRestrictAnotherMay() public {
        _openFund(charity, _narrow(TARGET));
        _proposeTransfer(charity.maker, _transferOf(TRANSFER, GENERAL_FUND, TARGET, 1));
        assertEq(ledger.transferOf(TRANSFER).amountMinor, 1);
    }

    // --- Refused

    function test_aFundTakesNothingFromItself() public {
        _assertRefused(NARROW);
    }

    function test_anotherUnitIsRefused() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.unit = Code.wrap("USD");
        _assertRefused(target);
    }

    function test_anotherHeadIsRefused() public {
        _openBlanketAid(BLANKET_AID, ZAKAT);
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.head = ZAKAT;
        _assertRefused(target);
    }

    function test_anotherProgrammeOrNoneIsRefused() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.programme = NO_PROGRAMME;
        _assertRefused(target);
        target = _narrow(FundId.wrap("other programme's fund"));
        target.programme = ProgrammeId.wrap("other programme");
        _openBlanketAid(target.programme, SADAQAT);
        _assertRefused(target);
    }

    function test_anotherCampaignOrNoneIsRefused() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.campaign = NO_CODE;
        _assertRefused(target);
    }

    function test_withoutAProgrammeAnotherCampaignIsRefusedToo() public {
        FundId ofCampaign = FundId.wrap("fund of the campaign");
        IFundLedger.FundOpening memory opening = _narrow(ofCampaign);
        opening.programme = NO_PROGRAMME;
        _openFund(charity, opening);
        (opening.id, opening.campaign) = (TARGET, Code.wrap("ramadan"));
        _openFund(charity, opening);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerLessRestricted.selector, ofCampaign, TARGET));
        _proposeTransfer(charity.maker, _transferOf(TRANSFER, ofCampaign, TARGET, 1));
    }

    function test_aPlaceOutsideIsRefused() public {
        Code[4] memory outside = [NO_CODE, Code.wrap("IR"), Code.wrap("IR-24"), Code.wrap("IR-231")];
        for (uint256 i = 0; i < outside.length; ++i) {
            IFundLedger.FundOpening memory target = _narrow(FundId.wrap(bytes32(i + 1)));
            target.place = outside[i];
            _assertRefused(target);
        }
    }

    function test_anEarlierReleaseIsRefused() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.releaseAtUnixS = RELEASE - 1;
        _assertRefused(target);
    }

    function test_aHigherFeeCapIsRefused() public {
        IFundLedger.FundOpening memory target = _narrow(TARGET);
        target.feeCapBps = 501;
        _assertRefused(target);
    }

    // --- Words

    /// @dev A programme of the campaign; opened again it takes another head too.
    function _openBlanketAid(ProgrammeId programme, Code head) private {
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, programme);
        opening.campaign = Code.wrap("blankets");
        _openProgramme(charity, opening, head);
    }

    function _narrow(FundId id) private pure returns (IFundLedger.FundOpening memory) {
        return IFundLedger.FundOpening(
            id, CHARITY, RIAL, SADAQAT, BLANKET_AID, Code.wrap("blankets"), Code.wrap("IR-23"), RELEASE, 0, 0, 500
        );
    }

    function _assertTakes(IFundLedger.FundOpening memory target) private {
        _openFund(charity, target);
        _donate(NARROW, GIFT, 100);
        _send(_transferOf(TRANSFER, NARROW, target.id, 100));
        _receive(charity.cashier, TRANSFER);
        assertEq(ledger.fundOf(target.id).inflowEnd, 100);
    }

    function _assertRefused(IFundLedger.FundOpening memory target) private {
        _openFund(charity, target);
        _assertRefused(target.id);
    }

    function _assertRefused(FundId target) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerLessRestricted.selector, NARROW, target));
        _proposeTransfer(charity.maker, _transferOf(TRANSFER, NARROW, target, 1));
    }
}
