// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Licensed} from "./Licensed.sol";

contract HouseholdRegistryTest is Licensed {
    bytes32 internal constant CARD = keccak256("the secrets on the family's card");
    bytes32 internal constant NEW_CARD = keccak256("the secrets on its next card");

    address internal account = makeAddr("a new household");
    address internal key = makeAddr("its key");
    address internal newKey = makeAddr("its next key");

    function test_aRegistrarOpensAnAccount() public {
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdOpened(account, REGISTRAR_BODY, key, CARD);
        _open(account, key);

        IHouseholdRegistry.Household memory household = households.householdOf(account);
        assertTrue(household.openedBy == REGISTRAR_BODY);
        assertEq(household.key, key);
        assertEq(household.cardRoot, CARD);
        assertFalse(household.closed);
        assertTrue(households.isOpen(account));
        assertTrue(households.isKnown(account));
    }

    function test_aFamilyMayHaveNeitherKeyNorCardYet() public {
        _open(account, address(0), bytes32(0));
        assertTrue(households.isOpen(account));
        assertEq(households.householdOf(account).key, address(0));
        assertEq(households.householdOf(account).cardRoot, 0);
    }

    function test_onlyARegistrarOpensAccounts() public {
        IHouseholdRegistry.Opening[] memory openings = _opening(account, key, CARD);
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

    function test_theSameOpeningAgainKeepsACardThatWasReplacedAndDoesNotReopen() public {
        _open(account, key);
        _replaceCard(account, NEW_CARD);
        _close(account);
        _open(account, key);
        assertEq(households.householdOf(account).cardRoot, NEW_CARD);
        assertFalse(households.isOpen(account));
    }

    function test_anotherKeyCardOrBodyUnderTheAccountIsAConflict() public {
        _open(account, key);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, account));
        _open(account, key, NEW_CARD);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, account));
        _open(account, newKey);

        IHouseholdRegistry.Opening[] memory openings = _opening(account, key, CARD);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryConflict.selector, account));
        vm.prank(charity.registrar);
        households.open(CHARITY, openings);
    }

    function test_aBatchOfOpeningsIsAllOrNothing() public {
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](2);
        openings[0] = IHouseholdRegistry.Opening(account, key, CARD);
        openings[1] = IHouseholdRegistry.Opening(families[0].account, key, CARD);
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

    // --- Cards

    function test_aRegistrarReplacesACard() public {
        _open(account, key);
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdCardReplaced(account, REGISTRAR_BODY, NEW_CARD);
        _replaceCard(account, NEW_CARD);
        assertEq(households.householdOf(account).cardRoot, NEW_CARD);
        assertEq(households.householdOf(account).key, key, "the key stays");
    }

    function test_theSameCardAgainIsANoOpWithoutAnEvent() public {
        _open(account, key);
        vm.recordLogs();
        _replaceCard(account, CARD);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aLostCardIsVoidedByNone() public {
        _open(account, key);
        _replaceCard(account, 0);
        assertEq(households.householdOf(account).cardRoot, 0);
    }

    // --- Closing and reopening

    function test_aRegistrarClosesAnAccountWhoseHistoryStays() public {
        _open(account, key);
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdClosed(account, REGISTRAR_BODY);
        _close(account);
        assertFalse(households.isOpen(account));
        assertTrue(households.isKnown(account));
        assertTrue(households.householdOf(account).closed);
        assertEq(households.householdOf(account).key, key);
        assertEq(households.householdOf(account).cardRoot, CARD);
    }

    function test_aRegistrarReopensAnAccount() public {
        _open(account, key);
        _close(account);
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdReopened(account, REGISTRAR_BODY);
        _reopen(account);
        assertTrue(households.isOpen(account));
        assertEq(households.householdOf(account).key, key);
    }

    function test_closingAClosedAndReopeningAnOpenAccountAreNoOpsWithoutAnEvent() public {
        _open(account, key);
        vm.recordLogs();
        _reopen(account);
        assertEq(vm.getRecordedLogs().length, 0);
        _close(account);
        vm.recordLogs();
        _close(account);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aBatchOfClosingsIsAllOrNothing() public {
        _open(account, key);
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (account, donor);
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, donor));
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, accounts);
        assertTrue(households.isOpen(account));
    }

    // --- Who may change an account

    function test_onlyTheBodyThatOpenedTheAccountChangesIt() public {
        _open(account, key);
        bytes[4] memory changes = _changes(OTHER_CHARITY);
        for (uint256 i = 0; i < changes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryNotOpenedBy.selector, account, OTHER_CHARITY)
            );
            _sendTo(address(households), otherCharity.registrar, changes[i]);
        }
    }

    function test_onlyARegistrarChangesAnAccount() public {
        _open(account, key);
        bytes[4] memory changes = _changes(REGISTRAR_BODY);
        for (uint256 i = 0; i < changes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector,
                    REGISTRAR_BODY,
                    registrarBody.administrator,
                    Roles.REGISTRAR
                )
            );
            _sendTo(address(households), registrarBody.administrator, changes[i]);
        }
    }

    function test_anUnknownAccountIsNotChanged() public {
        bytes[4] memory changes = _changes(REGISTRAR_BODY);
        for (uint256 i = 0; i < changes.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, account)
            );
            _sendTo(address(households), registrarBody.registrar, changes[i]);
        }
    }

    function test_anUnknownAccountHasNoRecord() public {
        assertFalse(households.isOpen(account));
        assertFalse(households.isKnown(account));
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, account));
        households.householdOf(account);
    }

    // --- Successors

    function test_aRegistrarBodyThatEndsLeavesNoFamilyBehind() public {
        _revokeLicence(REGISTRAR_BODY);
        _byTwoKeys(abi.encodeCall(licences.nameSuccessor, (REGISTRAR_BODY, CHARITY)));
        _narrow(charity, Roles.REGISTRAR);
        vm.startPrank(charity.registrar);
        vm.expectEmit(address(households));
        emit IHouseholdRegistry.HouseholdTakenOver(families[0].account, REGISTRAR_BODY, CHARITY);
        households.takeOver(CHARITY, _only(families[0].account));
        households.replaceKey(CHARITY, families[0].account, newKey);
        assertTrue(households.householdOf(families[0].account).openedBy == CHARITY);
        assertEq(households.householdOf(families[0].account).key, newKey);

        vm.recordLogs();
        households.takeOver(CHARITY, _only(families[0].account));
        vm.stopPrank();
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_whoPaysOrHandsOverTakesNoAccountOver() public {
        _byTwoKeys(abi.encodeCall(licences.nameSuccessor, (REGISTRAR_BODY, CHARITY)));
        _assertPaying();
        _narrow(charity, Roles.REGISTRAR | Roles.MAKER);
        _assertPaying();
        _narrow(charity, Roles.REGISTRAR | Roles.AGENT);
        _assertPaying();
    }

    function _assertPaying() private {
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryPayingSuccessor.selector, CHARITY));
        vm.prank(charity.registrar);
        households.takeOver(CHARITY, _only(families[0].account));
    }

    /// @dev The regulator leaves the body these roles.
    function _narrow(Staff memory staff, uint16 roles) private {
        ILicenceRegistry.LicenceGrant memory grant =
            _fullGrant(staff.organisation, staff.administrator, NOW - 1 days, LICENCE_END);
        grant.roles = roles;
        _grantLicence(grant);
    }

    function test_onlyTheNamedSuccessorsRegistrarTakesOver() public {
        _byTwoKeys(abi.encodeCall(licences.nameSuccessor, (REGISTRAR_BODY, CHARITY)));
        _narrow(charity, Roles.REGISTRAR);
        _narrow(otherCharity, Roles.REGISTRAR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHouseholdRegistry.HouseholdRegistryNotOpenedBy.selector, families[0].account, OTHER_CHARITY
            )
        );
        vm.prank(otherCharity.registrar);
        households.takeOver(OTHER_CHARITY, _only(families[0].account));
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.maker, Roles.REGISTRAR
            )
        );
        vm.prank(charity.maker);
        households.takeOver(CHARITY, _only(families[0].account));
        vm.expectRevert(abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, stranger));
        vm.prank(charity.registrar);
        households.takeOver(CHARITY, _only(stranger));
    }

    function test_anExpiredBodyOpensNothing() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, REGISTRAR_BODY, LICENCE_END)
        );
        _open(account, key);
    }

    // --- Words

    function _opening(address newAccount, address itsKey, bytes32 itsCard)
        private
        pure
        returns (IHouseholdRegistry.Opening[] memory openings)
    {
        openings = new IHouseholdRegistry.Opening[](1);
        openings[0] = IHouseholdRegistry.Opening(newAccount, itsKey, itsCard);
    }

    function _open(address newAccount, address itsKey) private {
        _open(newAccount, itsKey, CARD);
    }

    function _open(address newAccount, address itsKey, bytes32 itsCard) private {
        vm.prank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, _opening(newAccount, itsKey, itsCard));
    }

    function _replaceKey(address known, address itsKey) private {
        vm.prank(registrarBody.registrar);
        households.replaceKey(REGISTRAR_BODY, known, itsKey);
    }

    function _replaceCard(address known, bytes32 itsCard) private {
        vm.prank(registrarBody.registrar);
        households.replaceCard(REGISTRAR_BODY, known, itsCard);
    }

    function _close(address known) private {
        vm.prank(registrarBody.registrar);
        households.close(REGISTRAR_BODY, _only(known));
    }

    function _reopen(address known) private {
        vm.prank(registrarBody.registrar);
        households.reopen(REGISTRAR_BODY, _only(known));
    }

    function _only(address known) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = known;
    }

    /// @dev Every act on an account that exists.
    function _changes(OrganisationId organisation) private view returns (bytes[4] memory) {
        return [
            abi.encodeCall(households.replaceKey, (organisation, account, newKey)),
            abi.encodeCall(households.replaceCard, (organisation, account, NEW_CARD)),
            abi.encodeCall(households.close, (organisation, _only(account))),
            abi.encodeCall(households.reopen, (organisation, _only(account)))
        ];
    }
}
