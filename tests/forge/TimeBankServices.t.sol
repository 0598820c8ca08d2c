// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {Code, ServiceId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Hours} from "./Hours.sol";
import {TypedData} from "./TypedData.sol";

/// @notice An act is confirmed by receiver and coordinator, and credited once, as its volunteer chooses (I10).
contract TimeBankServicesTest is Hours {
    // --- Confirming

    function test_receiverAndCoordinatorConfirmAnAct() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.ServiceConfirmed(
            SERVICE,
            CHARITY,
            volunteers[0].account,
            families[0].account,
            charity.coordinator,
            GENERAL,
            90,
            NOW - 1 hours
        );
        _confirm(entries);

        ITimeBank.Service memory service = timeBank.serviceOf(SERVICE);
        assertEq(service.volunteer, volunteers[0].account);
        assertEq(service.serviceMinutes, 90);
        assertTrue(service.reserve == ITimeBank.Reserve.None);
        assertTrue(timeBank.isMember(volunteers[0].account));
        assertFalse(timeBank.isMember(families[0].account));
        assertEq(timeBank.issuedMinutes(), 0, "nothing is credited before the volunteer chooses");
    }

    function test_theSameActAgainIsANoOpWithoutAnEventAlsoAfterItsDeadline() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        _confirm(entries);
        vm.warp(DEADLINE + 1);
        vm.recordLogs();
        _confirm(entries);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_anyOtherActUnderTheIdIsAConflict() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        _assertConflict(_service(SERVICE, volunteers[0], families[0], 91));
        _assertConflict(_service(SERVICE, volunteers[1], families[0], 90));
        _assertConflict(_service(SERVICE, volunteers[0], families[1], 90));
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].servedAtUnixS += 1;
        _assertConflict(entries);
        entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].kind = Code.wrap("medical");
        _assertConflict(entries);
    }

    function test_theSameActOfAnotherBodyIsAConflict() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        _confirm(entries);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankConflict.selector, SERVICE));
        vm.prank(otherCharity.coordinator);
        timeBank.confirmServices(OTHER_CHARITY, entries);
    }

    function test_anActNeedsAnIdAVolunteerAndAKind() public {
        ITimeBank.ServiceEntry[] memory entries = _service(ServiceId.wrap(0), volunteers[0], families[0], 90);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankMissing.selector, bytes32("service")));
        _confirm(entries);
        entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].volunteer = address(0);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankMissing.selector, bytes32("volunteer")));
        _confirm(entries);
        entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].kind = NO_CODE;
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankMissing.selector, bytes32("kind")));
        _confirm(entries);
    }

    function test_anActLastsFromAMinuteToADay() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 0);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankBadMinutes.selector, SERVICE, 0));
        _confirm(entries);
        entries = _service(SERVICE, volunteers[0], families[0], 1441);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankBadMinutes.selector, SERVICE, 1441));
        _confirm(entries);
        _confirm(_service(SERVICE, volunteers[0], families[0], 1440));
    }

    function test_anActIsConfirmedAfterItWasDone() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].servedAtUnixS = NOW + 1;
        _signService(families[0], entries[0]);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNotYetServed.selector, SERVICE, NOW + 1));
        _confirm(entries);
        vm.warp(NOW + 1);
        _confirm(entries);
    }

    function test_nobodyServesThemselves() public {
        Person memory asKey = families[0];
        asKey.account = families[0].signer;
        _assertOwnService(_service(SERVICE, asKey, families[0], 90), families[0].signer);
        _assertOwnService(_service(SERVICE, families[0], families[0], 90), families[0].account);
    }

    function test_theFundLedgerIsNoVolunteer() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].volunteer = address(ledger);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankBadVolunteer.selector, SERVICE, address(ledger)));
        _confirm(entries);
    }

    function test_theReceiverIsAKnownHousehold() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], volunteers[1], 90);
        vm.expectRevert(
            abi.encodeWithSelector(IHouseholdRegistry.HouseholdRegistryUnknownHousehold.selector, volunteers[1].account)
        );
        _confirm(entries);
    }

    function test_theReceiverSignsItself() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        _signService(volunteers[0], entries[0]);
        _assertWrongSigner(entries, volunteers[0].signer);
        _signService(families[1], entries[0]);
        _assertWrongSigner(entries, families[1].signer);
    }

    function test_theReceiverSignsThisVeryAct() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        entries[0].serviceMinutes = 91;
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _confirm(entries);
    }

    function test_theReceiverSignsForThisChainContractAndGenesis() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _confirm(entries);
        vm.chainId(block.chainid - 1);

        bytes32 structHash = _receivedHash(entries[0], GENESIS);
        TypedData.Domain memory other = TypedData.Domain("Amanat TimeBank", block.chainid, address(ledger));
        (entries[0].r, entries[0].vs) = vm.signCompact(families[0].key, TypedData.digest(other, structHash));
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _confirm(entries);

        structHash = _receivedHash(entries[0], keccak256("another chain's block 0"));
        (entries[0].r, entries[0].vs) = _sign(families[0], structHash);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        _confirm(entries);
    }

    function test_theReceiversSignatureEndsAfterItsDeadline() public {
        ITimeBank.ServiceEntry[] memory entries = _service(SERVICE, volunteers[0], families[0], 90);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ISignedActs.SignedActsExpired.selector, SERVICE, DEADLINE));
        _confirm(entries);
    }

    function test_onlyACoordinatorOfTheBodyConfirms() public {
        _assertMayNotCoordinate(charity.administrator);
        _assertMayNotCoordinate(charity.registrar);
        _assertMayNotCoordinate(otherCharity.coordinator);
        _assertMayNotCoordinate(firstRegulator);
    }

    function test_anExpiredBodyConfirmsNothing() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        _confirm(new ITimeBank.ServiceEntry[](0));
    }

    function test_aBatchOfActsIsAllOrNothing() public {
        ITimeBank.ServiceEntry[] memory entries = new ITimeBank.ServiceEntry[](2);
        entries[0] = _service(SERVICE, volunteers[0], families[0], 90)[0];
        entries[1] = _service(ServiceId.wrap("longer than a day"), volunteers[0], families[0], 1441)[0];
        vm.expectPartialRevert(ITimeBank.TimeBankBadMinutes.selector);
        _confirm(entries);
        assertEq(timeBank.serviceOf(SERVICE).volunteer, address(0));
    }

    // --- Choosing

    function test_aVolunteerKeepsMinutes() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.Minutes);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.ReserveChosen(SERVICE, volunteers[0].account, ITimeBank.Reserve.Minutes, 90);
        vm.prank(stranger);
        timeBank.choose(choices);

        assertTrue(timeBank.serviceOf(SERVICE).reserve == ITimeBank.Reserve.Minutes);
        assertEq(timeBank.balanceOf(volunteers[0].account), 90);
        assertEq(timeBank.issuedMinutes(), 90);
        assertEq(timeBank.totalSupply(), 90);
        assertEq(timeBank.goodCoinsOf(volunteers[0].account), 0);
    }

    function test_aVolunteerKeepsAGoodCoinInstead() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.GoodCoin);
        vm.expectEmit(address(timeBank));
        emit ITimeBank.ReserveChosen(SERVICE, volunteers[0].account, ITimeBank.Reserve.GoodCoin, 1);
        timeBank.choose(choices);

        assertEq(timeBank.goodCoinsOf(volunteers[0].account), 1);
        assertEq(timeBank.balanceOf(volunteers[0].account), 0);
        assertEq(timeBank.totalSupply(), 0);
    }

    function test_anActIsCreditedOnce() public {
        _earn(SERVICE, volunteers[0], 90);
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.GoodCoin);
        vm.expectRevert(
            abi.encodeWithSelector(ITimeBank.TimeBankAlreadyChosen.selector, SERVICE, ITimeBank.Reserve.Minutes)
        );
        timeBank.choose(choices);
    }

    function test_onlyAConfirmedActIsCredited() public {
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.Minutes);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankUnknownService.selector, SERVICE));
        timeBank.choose(choices);
    }

    function test_choosingNothingIsNoChoice() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.None);
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankNoReserve.selector, SERVICE));
        timeBank.choose(choices);
    }

    function test_onlyTheVolunteerChooses() public {
        _confirm(_service(SERVICE, volunteers[0], families[0], 90));
        ITimeBank.SignedChoice[] memory choices = _choice(SERVICE, volunteers[1], ITimeBank.Reserve.Minutes);
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        timeBank.choose(choices);

        choices = _choice(SERVICE, volunteers[0], ITimeBank.Reserve.GoodCoin);
        choices[0].reserve = ITimeBank.Reserve.Minutes;
        vm.expectPartialRevert(ISignedActs.SignedActsWrongSigner.selector);
        timeBank.choose(choices);
    }

    // --- Words

    function _receivedHash(ITimeBank.ServiceEntry memory e, bytes32 genesis) private pure returns (bytes32) {
        return TypedData.serviceReceived(
            e.receiver, e.id, e.volunteer, e.kind, e.serviceMinutes, e.servedAtUnixS, genesis, e.deadlineUnixS
        );
    }

    function _assertConflict(ITimeBank.ServiceEntry[] memory entries) private {
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankConflict.selector, SERVICE));
        _confirm(entries);
    }

    function _assertOwnService(ITimeBank.ServiceEntry[] memory entries, address account) private {
        vm.expectRevert(abi.encodeWithSelector(ITimeBank.TimeBankOwnService.selector, SERVICE, account));
        _confirm(entries);
    }

    function _assertWrongSigner(ITimeBank.ServiceEntry[] memory entries, address recovered) private {
        vm.expectRevert(
            abi.encodeWithSelector(ISignedActs.SignedActsWrongSigner.selector, SERVICE, recovered, families[0].signer)
        );
        _confirm(entries);
    }

    function _assertMayNotCoordinate(address caller) private {
        bytes memory reason = abi.encodeWithSelector(
            ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.COORDINATOR
        );
        vm.expectRevert(reason);
        vm.prank(caller);
        timeBank.confirmServices(CHARITY, new ITimeBank.ServiceEntry[](0));
        vm.expectRevert(reason);
        vm.prank(caller);
        timeBank.redeem(CHARITY, new ITimeBank.SignedRedemption[](0));
    }
}
