// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Test} from "forge-std/Test.sol";

import {HouseholdRegistry} from "contracts/src/HouseholdRegistry.sol";
import {LicenceRegistry} from "contracts/src/LicenceRegistry.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

/// @notice The world without money: a regulator, two charities, an independent registrar body, and families.
abstract contract Licensed is Test {
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
        address witness;
        address desk;
        address clearer;
        address orderer;
    }

    /// @notice A family's or volunteer's account and the key that signs for it.
    struct Person {
        address account;
        address signer;
        uint256 key;
    }

    uint64 internal constant NOW = 1_800_000_000;
    uint64 internal constant LICENCE_END = NOW + 365 days;
    bytes32 internal constant GENESIS = keccak256("block 0 of this ledger's chain");

    OrganisationId internal constant CHARITY = OrganisationId.wrap("charity");
    OrganisationId internal constant OTHER_CHARITY = OrganisationId.wrap("other charity");
    OrganisationId internal constant REGISTRAR_BODY = OrganisationId.wrap("registrar body");
    /// @dev As a desk or a supervisor: the regulator itself.
    OrganisationId internal constant NO_BODY = OrganisationId.wrap(0);

    Code internal constant KIND = Code.wrap("charity");
    Code internal constant MISUSE = Code.wrap("misuse");
    Code internal constant EVERYWHERE = Code.wrap(0);

    LicenceRegistry internal licences;
    HouseholdRegistry internal households;

    address internal firstRegulator = makeAddr("first regulator key");
    address internal secondRegulator = makeAddr("second regulator key");
    address internal stranger = makeAddr("stranger");
    address internal donor = makeAddr("donor");

    Staff internal charity;
    Staff internal otherCharity;
    Staff internal registrarBody;
    Person[] internal families;

    function setUp() public virtual {
        vm.warp(NOW);
        _deployRegistries();
        charity = _establish(CHARITY, "charity");
        otherCharity = _establish(OTHER_CHARITY, "other charity");
        registrarBody = _establish(REGISTRAR_BODY, "registrar");
        _openFamilies(4);
    }

    // --- Deploying and licensing

    function _deployRegistries() private {
        address[] memory regulators = new address[](2);
        (regulators[0], regulators[1]) = (firstRegulator, secondRegulator);
        licences = new LicenceRegistry(regulators);
        households = new HouseholdRegistry(licences);
    }

    /// @dev Both keys of the regulator send the same call.
    function _byTwoKeys(bytes memory act) internal {
        _sendTo(address(licences), firstRegulator, act);
        _sendTo(address(licences), secondRegulator, act);
    }

    function _sendTo(address target, address sender, bytes memory call) internal {
        vm.prank(sender);
        (bool ok, bytes memory reason) = target.call(call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    /// @dev A licence with every role, valid everywhere, with nobody but the regulator above.
    function _fullGrant(OrganisationId organisation, address administrator, uint64 from, uint64 until)
        internal
        pure
        returns (ILicenceRegistry.LicenceGrant memory)
    {
        return ILicenceRegistry.LicenceGrant(
            organisation, administrator, KIND, EVERYWHERE, NO_BODY, Roles.ALL, from, until
        );
    }

    function _grantLicence(OrganisationId organisation, address administrator, uint64 from, uint64 until) internal {
        _grantLicence(_fullGrant(organisation, administrator, from, until));
    }

    function _grantLicence(ILicenceRegistry.LicenceGrant memory grant) internal {
        _byTwoKeys(abi.encodeCall(licences.grantLicence, (grant)));
    }

    function _revokeLicence(OrganisationId organisation) internal {
        _byTwoKeys(abi.encodeCall(licences.revokeLicence, (organisation, MISUSE)));
    }

    function _suspendLicence(OrganisationId organisation) internal {
        _byTwoKeys(abi.encodeCall(licences.suspendLicence, (organisation, MISUSE)));
    }

    function _appoint(Staff memory staff, address operator, uint16 roles) internal {
        vm.prank(staff.administrator);
        licences.appointOperator(staff.organisation, operator, roles, LICENCE_END + 365 days);
    }

    function _establish(OrganisationId organisation, string memory name) internal returns (Staff memory) {
        return _establishBelow(organisation, name, NO_BODY);
    }

    function _establishBelow(OrganisationId organisation, string memory name, OrganisationId supervisor)
        internal
        returns (Staff memory staff)
    {
        staff.organisation = organisation;
        staff.administrator = _address(name, "administrator");
        ILicenceRegistry.LicenceGrant memory grant =
            _fullGrant(organisation, staff.administrator, NOW - 1 days, LICENCE_END);
        grant.supervisor = supervisor;
        _grantLicence(grant);
        staff.maker = _employ(staff, name, "maker", Roles.MAKER);
        staff.checker = _employ(staff, name, "checker", Roles.CHECKER);
        staff.cashier = _employ(staff, name, "cashier", Roles.CASHIER);
        staff.agent = _employ(staff, name, "agent", Roles.AGENT);
        staff.registrar = _employ(staff, name, "registrar", Roles.REGISTRAR);
        staff.coordinator = _employ(staff, name, "coordinator", Roles.COORDINATOR);
        staff.witness = _employ(staff, name, "witness", Roles.WITNESS);
        staff.desk = _employ(staff, name, "desk", Roles.DESK);
        staff.clearer = _employ(staff, name, "clearer", Roles.CLEARER);
        staff.orderer = _employ(staff, name, "orderer", Roles.ORDERER);
    }

    function _employ(Staff memory staff, string memory name, string memory role, uint16 roles)
        internal
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
            openings[i] = IHouseholdRegistry.Opening(families[i].account, families[i].signer, bytes32(0));
        }
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
    }

    function _person(string memory kind, uint256 number) internal returns (Person memory person) {
        (person.signer, person.key) = makeAddrAndKey(string.concat(kind, " ", vm.toString(number)));
        person.account = person.signer;
    }
}
