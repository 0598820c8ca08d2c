// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Base} from "./Base.t.sol";

contract HouseholdRegistryTest is Base {
    address internal account = makeAddr("a new household");
    address internal key = makeAddr("its key");
    address internal newKey = makeAddr("its next key");

    function test_aRegistrarOpensAnAccount() public {
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdOpened(account, REGISTRAR_BODY, key);
        _open(account, key);

        IHouseholdRegistry.Household memory household = households.householdOf(account);
        assertTrue(household.openedBy == REGISTRAR_BODY);
        assertEq(household.key, key);
        assertTrue(households.isOpen(account));
    }

    function test_aFamilyMayHaveNoKeyYet() public {
        _open(account, address(0));
        assertTrue(households.isOpen(account));
        assertEq(households.householdOf(account).key, address(0));
    }

    function test_onlyARegistrarOpensAccounts() public {
        IHouseholdRegistry.Opening[] memory openings = _opening(account, key);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.maker, Roles.REGISTRAR
            )
        );
        vm.prank(charity.maker);
        households.open(CHARITY, openings);
    }

    function test_theZeroAccountIsNobodys() public {
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryBadAccount.selector, address(0)));
        _open(address(0), key);
    }

    function test_theSameOpeningAgainIsANoOpWithoutAnEvent() public {
        _open(account, key);
        vm.recordLogs();
        _open(account, key);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_theSameOpeningAgainKeepsAKeyThatWasReplacedSince() public {
        _open(account, key);
        _replaceKey(account, newKey);
        _open(account, key);
        assertEq(households.householdOf(account).key, newKey);
    }

    function test_anotherKeyOrAnotherBodyUnderTheAccountIsAConflict() public {
        _open(account, key);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, account));
        _open(account, newKey);

        IHouseholdRegistry.Opening[] memory openings = _opening(account, key);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, account));
        vm.prank(charity.registrar);
        households.open(CHARITY, openings);
    }

    function test_aBatchOfOpeningsIsAllOrNothing() public {
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](2);
        openings[0] = IHouseholdRegistry.Opening(account, key);
        openings[1] = IHouseholdRegistry.Opening(families[0].account, key);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, families[0].account)
        );
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
        assertFalse(households.isOpen(account));
    }

    function test_aRegistrarReplacesAKey() public {
        _open(account, key);
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdKeyReplaced(account, REGISTRAR_BODY, newKey);
        _replaceKey(account, newKey);
        assertEq(households.householdOf(account).key, newKey);
        assertTrue(households.householdOf(account).openedBy == REGISTRAR_BODY);
    }

    function test_theSameKeyAgainIsANoOpWithoutAnEvent() public {
        _open(account, key);
        vm.recordLogs();
        _replaceKey(account, key);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_onlyTheBodyThatOpenedTheAccountReplacesItsKey() public {
        _open(account, key);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryNotOpenedBy.selector, account, OTHER_CHARITY)
        );
        vm.prank(otherCharity.registrar);
        households.replaceKey(OTHER_CHARITY, account, newKey);
    }

    function test_onlyARegistrarReplacesAKey() public {
        _open(account, key);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector,
                REGISTRAR_BODY,
                registrarBody.administrator,
                Roles.REGISTRAR
            )
        );
        vm.prank(registrarBody.administrator);
        households.replaceKey(REGISTRAR_BODY, account, newKey);
    }

    function test_anUnknownAccountHasNoRecord() public {
        assertFalse(households.isOpen(account));
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, account));
        households.householdOf(account);

        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, account));
        _replaceKey(account, newKey);
    }

    function test_anExpiredBodyOpensNothing() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, REGISTRAR_BODY, LICENCE_END)
        );
        _open(account, key);
    }

    function _opening(address newAccount, address itsKey)
        private
        pure
        returns (IHouseholdRegistry.Opening[] memory openings)
    {
        openings = new IHouseholdRegistry.Opening[](1);
        openings[0] = IHouseholdRegistry.Opening(newAccount, itsKey);
    }

    function _open(address newAccount, address itsKey) private {
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, _opening(newAccount, itsKey));
    }

    function _replaceKey(address known, address itsKey) private {
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, known, itsKey);
    }
}
