// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Test} from "forge-std/Test.sol";

import {FundLedger} from "contracts/src/FundLedger.sol";
import {HouseholdRegistry} from "contracts/src/HouseholdRegistry.sol";
import {LicenceRegistry} from "contracts/src/LicenceRegistry.sol";
import {TimeBank} from "contracts/src/TimeBank.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {Code, FundId, MINUTES, OrganisationId, ProgrammeId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

/// @notice The world that every test begins in: a regulator, two charities, an independent registrar body, families,
/// volunteers, programmes and funds.
abstract contract Base is Test {
    /// @notice A body and the keys that act for it, one per role.
    struct Staff {
        OrganisationId organisation;
        address administrator;
        address maker;
        address checker;
        address cashier;
        address agent;
        address registrar;
        address coordinator;
    }

    /// @notice A family's or volunteer's account and the key that signs for it.
    struct Person {
        address account;
        address signer;
        uint256 key;
    }

    uint64 internal constant NOW = 1_800_000_000;
    uint64 internal constant LICENCE_END = NOW + 365 days;
    uint64 internal constant MAX_AMOUNT = 2 ** 63 - 1;
    uint16 internal constant FEE_CAP_BPS = 1000;
    bytes32 internal constant GENESIS = keccak256("block 0 of this ledger's chain");

    OrganisationId internal constant CHARITY = OrganisationId.wrap("charity");
    OrganisationId internal constant OTHER_CHARITY = OrganisationId.wrap("other charity");
    OrganisationId internal constant REGISTRAR_BODY = OrganisationId.wrap("registrar body");

    ProgrammeId internal constant FOOD = ProgrammeId.wrap("food");
    ProgrammeId internal constant ZAKAT_AID = ProgrammeId.wrap("zakat aid");
    ProgrammeId internal constant OTHER_FOOD = ProgrammeId.wrap("food of the other charity");
    ProgrammeId internal constant NO_PROGRAMME = ProgrammeId.wrap(0);

    FundId internal constant GENERAL_FUND = FundId.wrap("general fund");
    FundId internal constant FOOD_FUND = FundId.wrap("food fund");
    FundId internal constant ZAKAT_FUND = FundId.wrap("zakat fund");
    FundId internal constant MINUTES_FUND = FundId.wrap("minutes fund");
    FundId internal constant OTHER_FUND = FundId.wrap("fund of the other charity");

    Code internal constant KIND = Code.wrap("charity");
    Code internal constant MISUSE = Code.wrap("misuse");
    Code internal constant SADAQAT = Code.wrap("sadaqat");
    Code internal constant ZAKAT = Code.wrap("zakat");
    Code internal constant RIAL = Code.wrap("IRR");
    Code internal constant BANK = Code.wrap("bank");

    LicenceRegistry internal licences;
    HouseholdRegistry internal households;
    FundLedger internal ledger;
    TimeBank internal timeBank;

    address internal firstRegulator = makeAddr("first regulator key");
    address internal secondRegulator = makeAddr("second regulator key");
    address internal stranger = makeAddr("stranger");
    address internal donor = makeAddr("donor");

    Staff internal charity;
    Staff internal otherCharity;
    Staff internal registrarBody;
    Person[] internal families;
    Person[] internal volunteers;

    function setUp() public virtual {
        vm.warp(NOW);
        _deploy();
        charity = _establish(CHARITY, "charity");
        otherCharity = _establish(OTHER_CHARITY, "other charity");
        registrarBody = _establish(REGISTRAR_BODY, "registrar");
        _openFamilies(4);
        _meetVolunteers(3);
        _openProgrammesAndFunds();
    }

    // --- Deploying and licensing

    /// @dev The fund ledger and the time bank need each other's address, so the second one is foretold.
    function _deploy() private {
        address[] memory regulators = new address[](2);
        (regulators[0], regulators[1]) = (firstRegulator, secondRegulator);
        licences = new LicenceRegistry(regulators);
        households = new HouseholdRegistry(licences);
        TimeBank foretold = TimeBank(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1));
        ledger = new FundLedger(licences, households, foretold, GENESIS);
        timeBank = new TimeBank(licences, households, ledger, GENESIS);
        assertEq(address(timeBank), address(foretold), "the time bank is where the fund ledger expects it");
    }

    function _grantLicence(OrganisationId organisation, address administrator, uint64 from, uint64 until) internal {
        vm.prank(firstRegulator);
        licences.grantLicence(organisation, administrator, KIND, from, until);
        vm.prank(secondRegulator);
        licences.grantLicence(organisation, administrator, KIND, from, until);
    }

    function _revokeLicence(OrganisationId organisation) internal {
        vm.prank(firstRegulator);
        licences.revokeLicence(organisation, MISUSE);
        vm.prank(secondRegulator);
        licences.revokeLicence(organisation, MISUSE);
    }

    function _appoint(Staff memory staff, address operator, uint16 roles) internal {
        vm.prank(staff.administrator);
        licences.appointOperator(staff.organisation, operator, roles, LICENCE_END + 365 days);
    }

    function _establish(OrganisationId organisation, string memory name) private returns (Staff memory staff) {
        staff.organisation = organisation;
        staff.administrator = _address(name, "administrator");
        _grantLicence(organisation, staff.administrator, NOW - 1 days, LICENCE_END);
        staff.maker = _employ(staff, name, "maker", Roles.MAKER);
        staff.checker = _employ(staff, name, "checker", Roles.CHECKER);
        staff.cashier = _employ(staff, name, "cashier", Roles.CASHIER);
        staff.agent = _employ(staff, name, "agent", Roles.AGENT);
        staff.registrar = _employ(staff, name, "registrar", Roles.REGISTRAR);
        staff.coordinator = _employ(staff, name, "coordinator", Roles.COORDINATOR);
    }

    function _employ(Staff memory staff, string memory name, string memory role, uint16 roles)
        private
        returns (address operator)
    {
        operator = _address(name, role);
        _appoint(staff, operator, roles);
    }

    function _address(string memory name, string memory role) private returns (address) {
        return makeAddr(string.concat(name, "'s ", role));
    }

    // --- People

    function _openFamilies(uint256 count) private {
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](count);
        for (uint256 i = 0; i < count; ++i) {
            families.push(_person("family", i));
            families[i].account = address(bytes20(keccak256(abi.encode("household", i))));
            openings[i] = IHouseholdRegistry.Opening(families[i].account, families[i].signer);
        }
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
    }

    function _meetVolunteers(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            volunteers.push(_person("volunteer", i));
        }
    }

    function _person(string memory kind, uint256 number) internal returns (Person memory person) {
        (person.signer, person.key) = makeAddrAndKey(string.concat(kind, " ", vm.toString(number)));
        person.account = person.signer;
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
        Code[] memory heads = new Code[](1);
        heads[0] = head;
        vm.prank(staff.administrator);
        ledger.openProgramme(programme, staff.organisation, heads);
    }

    function _openFund(Staff memory staff, FundId id, Code unit, Code head, ProgrammeId programme) internal {
        vm.prank(staff.administrator);
        ledger.openFund(IFundLedger.FundOpening(id, staff.organisation, unit, head, programme, FEE_CAP_BPS));
    }
}
