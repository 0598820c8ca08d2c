// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {DeliveryLedger} from "contracts/src/DeliveryLedger.sol";
import {FieldAcceptance} from "contracts/src/FieldAcceptance.sol";
import {FundLedger} from "contracts/src/FundLedger.sol";
import {ProgrammeRegistry} from "contracts/src/ProgrammeRegistry.sol";
import {Rulebook} from "contracts/src/Rulebook.sol";
import {TimeBank} from "contracts/src/TimeBank.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, FundId, MINUTES, OrganisationId, ProgrammeId, RuleId} from "contracts/src/types/Ids.sol";

import {Licensed} from "./Licensed.sol";

/// @notice The world that every test of money and hours begins in: `Licensed`, and volunteers, programmes and funds.
abstract contract Base is Licensed {
    uint64 internal constant MAX_AMOUNT = 2 ** 63 - 1;
    uint16 internal constant FEE_CAP_BPS = 1000;

    ProgrammeId internal constant FOOD = ProgrammeId.wrap("food");
    ProgrammeId internal constant ZAKAT_AID = ProgrammeId.wrap("zakat aid");
    ProgrammeId internal constant OTHER_FOOD = ProgrammeId.wrap("food of the other charity");
    ProgrammeId internal constant NO_PROGRAMME = ProgrammeId.wrap(0);

    FundId internal constant GENERAL_FUND = FundId.wrap("general fund");
    FundId internal constant FOOD_FUND = FundId.wrap("food fund");
    FundId internal constant ZAKAT_FUND = FundId.wrap("zakat fund");
    FundId internal constant MINUTES_FUND = FundId.wrap("minutes fund");
    FundId internal constant OTHER_FUND = FundId.wrap("fund of the other charity");

    Code internal constant SADAQAT = Code.wrap("sadaqat");
    Code internal constant ZAKAT = Code.wrap("zakat");
    Code internal constant RIAL = Code.wrap("IRR");
    Code internal constant BANK = Code.wrap("bank");
    Code internal constant CASH = Code.wrap("cash");
    Code internal constant PACKAGE = Code.wrap("food-package");
    Code internal constant HOUSEHOLD = Code.wrap("household");
    Code internal constant GENERAL = Code.wrap("general");
    Code internal constant NO_CODE = Code.wrap(0);
    uint64 internal constant DISPUTE_WINDOW_S = 14 days;

    Rulebook internal rulebook;
    ProgrammeRegistry internal programmes;
    FundLedger internal ledger;
    DeliveryLedger internal deliveries;
    FieldAcceptance internal field;
    TimeBank internal timeBank;

    Person[] internal volunteers;

    function setUp() public virtual override {
        super.setUp();
        _deployLedgers();
        _meetVolunteers(3);
        _openProgrammesAndFunds();
    }

    /// @dev The ledgers need each other's addresses, so those that come later are foretold.
    function _deployLedgers() private {
        rulebook = new Rulebook(licences);
        uint64 nonce = vm.getNonce(address(this));
        address foretoldDeliveries = vm.computeCreateAddress(address(this), nonce + 2);
        address foretoldField = vm.computeCreateAddress(address(this), nonce + 3);
        TimeBank foretoldBank = TimeBank(vm.computeCreateAddress(address(this), nonce + 4));
        programmes = new ProgrammeRegistry(licences, foretoldDeliveries);
        ledger = new FundLedger(licences, programmes, foretoldBank, foretoldDeliveries, GENESIS);
        deliveries = new DeliveryLedger(licences, households, programmes, rulebook, ledger, foretoldField, GENESIS);
        field = new FieldAcceptance(licences, households, deliveries, GENESIS);
        timeBank = new TimeBank(licences, households, ledger, GENESIS);
        assertEq(address(deliveries), foretoldDeliveries, "the delivery ledger is where the others expect it");
        assertEq(address(field), foretoldField, "field acceptance is where the delivery ledger expects it");
        assertEq(address(timeBank), address(foretoldBank), "the time bank is where the fund ledger expects it");
    }

    function _meetVolunteers(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            volunteers.push(_person("volunteer", i));
        }
    }

    // --- Programmes and funds

    function _openProgrammesAndFunds() private {
        _openProgramme(charity, FOOD, SADAQAT);
        _openProgramme(charity, ZAKAT_AID, ZAKAT);
        _openProgramme(otherCharity, OTHER_FOOD, SADAQAT);
        _openFund(charity, GENERAL_FUND, RIAL, SADAQAT, NO_PROGRAMME);
        _openFund(charity, FOOD_FUND, RIAL, SADAQAT, FOOD);
        _openFund(charity, ZAKAT_FUND, RIAL, ZAKAT, NO_PROGRAMME);
        _openFund(charity, MINUTES_FUND, MINUTES, SADAQAT, NO_PROGRAMME);
        _openFund(otherCharity, OTHER_FUND, RIAL, SADAQAT, NO_PROGRAMME);
    }

    function _openProgramme(Staff memory staff, ProgrammeId programme, Code head) internal {
        _openProgramme(staff, _plainProgramme(staff, programme), head);
    }

    function _openProgramme(Staff memory staff, IProgrammeRegistry.ProgrammeOpening memory opening, Code head)
        internal
    {
        Code[] memory heads = new Code[](1);
        heads[0] = head;
        vm.prank(staff.administrator);
        programmes.openProgramme(opening, heads);
    }

    /// @dev A programme without rule, clearance, seasons or quotas.
    function _plainProgramme(Staff memory staff, ProgrammeId programme)
        internal
        pure
        returns (IProgrammeRegistry.ProgrammeOpening memory)
    {
        return IProgrammeRegistry.ProgrammeOpening(
            programme,
            staff.organisation,
            NO_CODE,
            RuleId.wrap(0),
            OrganisationId.wrap(0),
            false,
            false,
            DISPUTE_WINDOW_S,
            PACKAGE,
            HOUSEHOLD
        );
    }

    function _openFund(Staff memory staff, FundId id, Code unit, Code head, ProgrammeId programme) internal {
        _openFund(staff, _plainFund(staff, id, unit, head, programme));
    }

    function _openFund(Staff memory staff, IFundLedger.FundOpening memory opening) internal {
        vm.prank(staff.administrator);
        ledger.openFund(opening);
    }

    /// @dev A fund that takes gifts of any time and is released.
    function _plainFund(Staff memory staff, FundId id, Code unit, Code head, ProgrammeId programme)
        internal
        pure
        returns (IFundLedger.FundOpening memory opening)
    {
        opening.id = id;
        opening.organisation = staff.organisation;
        opening.unit = unit;
        opening.head = head;
        opening.programme = programme;
        opening.feeCapBps = FEE_CAP_BPS;
    }
}
