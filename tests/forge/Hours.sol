// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {DonationId, FundId, HeirNamingId, RedemptionId, ServiceId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";
import {TypedData} from "./TypedData.sol";

/// @notice Volunteers' hours, signed by those who give and receive them, in the words of the tests.
abstract contract Hours is Lists {
    ServiceId internal constant SERVICE = ServiceId.wrap("service");
    RedemptionId internal constant REDEMPTION = RedemptionId.wrap("redemption");
    DonationId internal constant MINUTES_GIFT = DonationId.wrap("gift of minutes");

    function _timeBankDomain() internal view returns (TypedData.Domain memory) {
        return TypedData.Domain("Amanat TimeBank", block.chainid, address(timeBank));
    }

    function _sign(Person memory person, bytes32 structHash) internal view returns (bytes32 r, bytes32 vs) {
        return vm.signCompact(person.key, TypedData.digest(_timeBankDomain(), structHash));
    }

    /// @dev The family says that the volunteer served it an hour ago.
    function _service(ServiceId id, Person memory volunteer, Person memory family, uint32 serviceMinutes)
        internal
        view
        returns (ITimeBank.ServiceEntry[] memory entries)
    {
        entries = new ITimeBank.ServiceEntry[](1);
        entries[0] = ITimeBank.ServiceEntry(
            id, volunteer.account, family.account, GENERAL, serviceMinutes, NOW - 1 hours, DEADLINE, 0, 0
        );
        _signService(family, entries[0]);
    }

    function _signService(Person memory family, ITimeBank.ServiceEntry memory e) internal view {
        bytes32 structHash = TypedData.serviceReceived(
            e.receiver, e.id, e.volunteer, e.kind, e.serviceMinutes, e.servedAtUnixS, GENESIS, e.deadlineUnixS
        );
        (e.r, e.vs) = _sign(family, structHash);
    }

    function _choice(ServiceId id, Person memory volunteer, ITimeBank.Reserve reserve)
        internal
        view
        returns (ITimeBank.SignedChoice[] memory choices)
    {
        bytes32 structHash = TypedData.reserveChoice(volunteer.account, id, uint8(reserve), GENESIS, DEADLINE);
        (bytes32 r, bytes32 vs) = _sign(volunteer, structHash);
        choices = new ITimeBank.SignedChoice[](1);
        choices[0] = ITimeBank.SignedChoice(id, reserve, DEADLINE, r, vs);
    }

    function _redemption(RedemptionId id, Person memory volunteer, uint64 amountMinutes)
        internal
        view
        returns (ITimeBank.SignedRedemption[] memory redemptions)
    {
        bytes32 structHash = TypedData.redemption(volunteer.account, id, CHARITY, amountMinutes, GENESIS, DEADLINE);
        (bytes32 r, bytes32 vs) = _sign(volunteer, structHash);
        redemptions = new ITimeBank.SignedRedemption[](1);
        redemptions[0] = ITimeBank.SignedRedemption(id, volunteer.account, amountMinutes, DEADLINE, r, vs);
    }

    function _minutesGift(DonationId id, FundId fund, Person memory volunteer, uint64 amountMinutes)
        internal
        view
        returns (ITimeBank.SignedMinutesGift[] memory gifts)
    {
        bytes32 commitment = keccak256(abi.encode(id));
        bytes32 structHash =
            TypedData.minutesGift(volunteer.account, id, fund, amountMinutes, commitment, GENESIS, DEADLINE);
        (bytes32 r, bytes32 vs) = _sign(volunteer, structHash);
        gifts = new ITimeBank.SignedMinutesGift[](1);
        gifts[0] = ITimeBank.SignedMinutesGift(id, fund, volunteer.account, amountMinutes, DEADLINE, commitment, r, vs);
    }

    function _confirm(ITimeBank.ServiceEntry[] memory entries) internal {
        vm.prank(charity.coordinator);
        timeBank.confirmServices(CHARITY, entries);
    }

    /// @dev The volunteer earns this many minutes from the first family.
    function _earn(ServiceId id, Person memory volunteer, uint32 serviceMinutes) internal {
        _confirm(_service(id, volunteer, families[0], serviceMinutes));
        timeBank.choose(_choice(id, volunteer, ITimeBank.Reserve.Minutes));
    }

    // --- Heirs

    /// @dev The volunteer names who inherits its minutes; nobody by the zero account.
    function _naming(HeirNamingId id, Person memory volunteer, address heir)
        internal
        view
        returns (ITimeBank.SignedHeirNaming[] memory namings)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "HeirNaming(address volunteer,bytes32 naming,address heir,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                volunteer.account,
                id,
                heir,
                GENESIS,
                DEADLINE
            )
        );
        (bytes32 r, bytes32 vs) = _sign(volunteer, structHash);
        namings = new ITimeBank.SignedHeirNaming[](1);
        namings[0] = ITimeBank.SignedHeirNaming(id, volunteer.account, heir, DEADLINE, r, vs);
    }
}
