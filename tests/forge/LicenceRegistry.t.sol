// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {LicenceRegistry} from "contracts/src/LicenceRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Base} from "./Base.t.sol";

contract LicenceRegistryTest is Base {
    OrganisationId internal constant NEWCOMER = OrganisationId.wrap("newcomer");

    address internal boss = makeAddr("newcomer's administrator");

    // --- The regulator

    function test_theRegulatorIsAtLeastTwoDifferentKeysNoneOfThemZero() public {
        address[] memory keys = new address[](1);
        keys[0] = firstRegulator;
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, address(0)));
        new LicenceRegistry(keys);

        keys = new address[](2);
        (keys[0], keys[1]) = (firstRegulator, firstRegulator);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, firstRegulator));
        new LicenceRegistry(keys);

        keys[1] = address(0);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, address(0)));
        new LicenceRegistry(keys);
    }

    function test_everyoneSeesWhoTheRegulatorIs() public view {
        assertTrue(licences.isRegulator(firstRegulator));
        assertTrue(licences.isRegulator(secondRegulator));
        assertFalse(licences.isRegulator(stranger));
    }

    // --- Two keys

    function test_theFirstKeyOnlyProposes() public {
        bytes32 act = keccak256(_grant(NOW, LICENCE_END));
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.ActProposed(act, firstRegulator);
        _send(firstRegulator, _grant(NOW, LICENCE_END));

        assertEq(licences.proposerOf(act), firstRegulator);
        assertEq(licences.licenceOf(NEWCOMER).administrator, address(0), "nothing is granted yet");
    }

    function test_theSecondKeyCarriesTheActOut() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);

        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceGranted(NEWCOMER, boss, KIND, NOW, LICENCE_END);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.ActCarriedOut(keccak256(grant), firstRegulator, secondRegulator);
        _send(secondRegulator, grant);

        ILicenceRegistry.Licence memory licence = licences.licenceOf(NEWCOMER);
        assertEq(licence.administrator, boss);
        assertEq(licence.fromUnixS, NOW);
        assertEq(licence.untilUnixS, LICENCE_END);
        assertTrue(licence.kind == KIND);
        assertEq(licences.proposerOf(keccak256(grant)), address(0), "the act is done");
        licences.requireLicensed(NEWCOMER);
    }

    function test_oneKeyCannotDoBoth() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistrySecondKeyNeeded.selector, firstRegulator, keccak256(grant)
            )
        );
        _send(firstRegulator, grant);
    }

    function test_theSecondKeyMustRepeatTheActExactly() public {
        _send(firstRegulator, _grant(NOW, LICENCE_END));
        _send(secondRegulator, _grant(NOW, LICENCE_END + 1));
        assertEq(licences.licenceOf(NEWCOMER).administrator, address(0), "two proposals, no licence");
    }

    function test_nobodyElseMayGrantOrRevoke() public {
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, stranger));
        vm.prank(stranger);
        licences.grantLicence(NEWCOMER, boss, KIND, NOW, LICENCE_END);

        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, charity.administrator)
        );
        vm.prank(charity.administrator);
        licences.revokeLicence(OTHER_CHARITY, MISUSE);
    }

    function test_aGrantSentAgainCannotUndoALaterRevocationWithOneKey() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);
        _send(secondRegulator, grant);
        _send(secondRegulator, grant);
        assertEq(licences.proposerOf(keccak256(grant)), secondRegulator, "sent again, it is a new proposal");

        _revokeLicence(NEWCOMER);
        assertEq(licences.proposerOf(keccak256(grant)), address(0), "the revocation ended it");
        _send(firstRegulator, grant);
        _assertNotLicensed(NEWCOMER, NOW);
    }

    function test_anActOnOneBodyLeavesProposalsForOthersAlone() public {
        _send(firstRegulator, _grant(NOW, LICENCE_END));
        _revokeLicence(CHARITY);
        _send(secondRegulator, _grant(NOW, LICENCE_END));
        licences.requireLicensed(NEWCOMER);
    }

    // --- Licences

    function test_aLicenceNamesABodyAndAnAdministrator() public {
        _grantMustFail(
            OrganisationId.wrap(0),
            boss,
            NOW,
            LICENCE_END,
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryBadOrganisation.selector, OrganisationId.wrap(0), boss
            )
        );
        _grantMustFail(
            NEWCOMER,
            address(0),
            NOW,
            LICENCE_END,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadOrganisation.selector, NEWCOMER, address(0))
        );
    }

    function test_aLicenceEndsAfterItBeginsAndLaterThanNow() public {
        _grantMustFail(
            NEWCOMER,
            boss,
            NOW + 10,
            NOW + 10,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadPeriod.selector, NOW + 10, NOW + 10)
        );
        _grantMustFail(
            NEWCOMER,
            boss,
            NOW - 10,
            NOW,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadPeriod.selector, NOW - 10, NOW)
        );
    }

    function test_aLicenceIsValidFromItsFirstSecondAndNoLongerAtItsEnd() public {
        _grantLicence(NEWCOMER, boss, NOW + 10, NOW + 20);
        _assertNotLicensed(NEWCOMER, NOW + 9);
        vm.warp(NOW + 10);
        licences.requireLicensed(NEWCOMER);
        vm.warp(NOW + 19);
        licences.requireLicensed(NEWCOMER);
        _assertNotLicensed(NEWCOMER, NOW + 20);
    }

    function test_aBodyNeverLicensedMayNotAct() public {
        _assertNotLicensed(NEWCOMER, NOW);
    }

    function test_aRevokedLicenceEndsInTheSameSecond() public {
        licences.requireLicensed(CHARITY);
        vm.prank(firstRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        licences.requireLicensed(CHARITY);

        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceRevoked(CHARITY, MISUSE);
        vm.prank(secondRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        _assertNotLicensed(CHARITY, NOW);
    }

    function test_aLicenceThatHasNotBegunCanBeRevoked() public {
        _grantLicence(NEWCOMER, boss, NOW + 10, NOW + 20);
        _revokeLicence(NEWCOMER);
        _assertNotLicensed(NEWCOMER, NOW + 10);
    }

    function test_onlyALicenceThatHasNotEndedCanBeRevoked() public {
        vm.warp(LICENCE_END);
        vm.prank(firstRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        vm.prank(secondRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
    }

    function test_aRenewalReplacesTheLicence() public {
        vm.warp(LICENCE_END);
        _grantLicence(CHARITY, charity.administrator, LICENCE_END, LICENCE_END + 365 days);
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
    }

    // --- Operators

    function test_theAdministratorAppointsOperators() public {
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.OperatorAppointed(CHARITY, stranger, Roles.MAKER | Roles.AGENT, NOW + 1 days);
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER | Roles.AGENT, NOW + 1 days);

        ILicenceRegistry.Operator memory operator = licences.operatorOf(CHARITY, stranger);
        assertEq(operator.roles, Roles.MAKER | Roles.AGENT);
        assertEq(operator.untilUnixS, NOW + 1 days);
        licences.requireRole(CHARITY, stranger, Roles.MAKER);
        licences.requireRole(CHARITY, stranger, Roles.AGENT);
    }

    function test_onlyTheBodysOwnAdministratorAppoints() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotAdministrator.selector, CHARITY, otherCharity.administrator
            )
        );
        vm.prank(otherCharity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, LICENCE_END);
    }

    function test_anExpiredBodyAppointsNobody() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, LICENCE_END);
    }

    function test_onlyKnownRolesAreGiven() public {
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryUnknownRoles.selector, 64));
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.ALL + 1, LICENCE_END);
    }

    function test_anOperatorHasOnlyTheRolesGivenInThatBody() public {
        _assertNotInRole(charity.maker, Roles.CHECKER);
        _assertNotInRole(otherCharity.maker, Roles.MAKER);
        _assertNotInRole(charity.administrator, Roles.MAKER);
        _assertNotInRole(firstRegulator, Roles.MAKER);
    }

    function test_anAppointmentEndsByItself() public {
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, NOW + 10);
        vm.warp(NOW + 9);
        licences.requireRole(CHARITY, stranger, Roles.MAKER);
        vm.warp(NOW + 10);
        _assertNotInRole(stranger, Roles.MAKER);
    }

    function test_zeroRolesDismiss() public {
        _appoint(charity, charity.maker, 0);
        _assertNotInRole(charity.maker, Roles.MAKER);
    }

    function test_operatorsLoseTheirRolesWithTheLicenceAndExpiryNeedsNobody() public {
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
    }

    // --- Words

    function _grant(uint64 from, uint64 until) private view returns (bytes memory) {
        return abi.encodeCall(licences.grantLicence, (NEWCOMER, boss, KIND, from, until));
    }

    function _send(address sender, bytes memory call) private {
        vm.prank(sender);
        (bool ok, bytes memory reason) = address(licences).call(call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function _grantMustFail(
        OrganisationId organisation,
        address administrator,
        uint64 from,
        uint64 until,
        bytes memory reason
    ) private {
        vm.prank(firstRegulator);
        licences.grantLicence(organisation, administrator, KIND, from, until);
        vm.expectRevert(reason);
        vm.prank(secondRegulator);
        licences.grantLicence(organisation, administrator, KIND, from, until);
    }

    function _assertNotLicensed(OrganisationId organisation, uint64 at) private {
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, organisation, at));
        licences.requireLicensed(organisation);
    }

    function _assertNotInRole(address caller, uint16 role) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, role)
        );
        licences.requireRole(CHARITY, caller, role);
    }
}
