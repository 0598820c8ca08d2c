// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {Code, DonationId, RedemptionId, ServiceId} from "contracts/src/types/Ids.sol";

import {DeliveryActs} from "./DeliveryActs.sol";

/// @notice Volunteers serve, choose, move, redeem and give minutes.
abstract contract HourActs is DeliveryActs {
    ServiceId[] internal services;
    mapping(uint256 service => uint256 volunteer) internal servedBy;
    mapping(uint256 service => ITimeBank.Reserve) internal chosen;
    mapping(uint256 volunteer => uint256) internal minutesOf;
    mapping(uint256 volunteer => uint256) internal coinsOf;
    mapping(uint256 volunteer => bool) internal member;
    uint256 internal issued;
    uint256 internal redeemed;

    function serve(uint256 seed, uint256 minutesServed) external act {
        uint256 volunteer = seed % volunteers.length;
        ServiceId id = ServiceId.wrap(_newId());
        ITimeBank.ServiceEntry[] memory entries = _service(
            id, volunteers[volunteer], families[(seed >> 8) % families.length], uint32(_between(minutesServed, 1, 30))
        );
        bytes memory call = abi.encodeCall(timeBank.confirmServices, (CHARITY, entries));
        if (!_send(CHARITY, charity.coordinator, address(timeBank), call, _isLicensed(CHARITY))) return;
        servedBy[services.length] = volunteer;
        services.push(id);
        member[volunteer] = true;
    }

    /// @dev Mostly minutes; an act already credited is not credited again.
    function choose(uint256 seed, uint256 choice) external act {
        if (services.length == 0) return;
        uint256 index = seed % services.length;
        ITimeBank.Reserve reserve = choice % 4 == 0 ? ITimeBank.Reserve.GoodCoin : ITimeBank.Reserve.Minutes;
        uint256 volunteer = servedBy[index];
        bytes memory call = abi.encodeCall(timeBank.choose, (_choice(services[index], volunteers[volunteer], reserve)));
        if (!_sendByAnyone(address(timeBank), call, chosen[index] == ITimeBank.Reserve.None)) return;
        chosen[index] = reserve;
        if (reserve == ITimeBank.Reserve.GoodCoin) {
            coinsOf[volunteer] += 1;
        } else {
            uint256 credited = timeBank.serviceOf(services[index]).serviceMinutes;
            minutesOf[volunteer] += credited;
            issued += credited;
        }
    }

    function move(uint256 seed, uint256 amount) external act {
        uint256 from = _volunteerWithMinutes(seed);
        uint256 to = (seed >> 8) % volunteers.length;
        amount = _between(amount, 0, minutesOf[from] + 1);
        vm.prank(volunteers[from].account);
        (bool ok,) = address(timeBank).call(abi.encodeCall(timeBank.transfer, (volunteers[to].account, amount)));
        if (!_noted(ok, member[to] && amount <= minutesOf[from])) return;
        minutesOf[from] -= amount;
        minutesOf[to] += amount;
    }

    function redeem(uint256 seed, uint256 amount) external act {
        uint256 volunteer = _volunteerWithMinutes(seed);
        uint64 amountMinutes = uint64(_between(amount, 1, minutesOf[volunteer] + 1));
        ITimeBank.SignedRedemption[] memory redemptions =
            _redemption(RedemptionId.wrap(_newId()), volunteers[volunteer], amountMinutes);
        bool expected = _isLicensed(CHARITY) && amountMinutes <= minutesOf[volunteer];
        bytes memory call = abi.encodeCall(timeBank.redeem, (CHARITY, redemptions));
        if (!_send(CHARITY, charity.coordinator, address(timeBank), call, expected)) return;
        minutesOf[volunteer] -= amountMinutes;
        redeemed += amountMinutes;
    }

    function give(uint256 seed, uint256 amount) external act {
        uint256 volunteer = _volunteerWithMinutes(seed);
        uint256 most = minutesOf[volunteer] < 12 ? minutesOf[volunteer] + 1 : 12;
        uint64 amountMinutes = uint64(_between(amount, 1, most));
        ITimeBank.SignedMinutesGift[] memory given =
            _minutesGift(DonationId.wrap(_newId()), MINUTES_FUND, volunteers[volunteer], amountMinutes);
        bool expected = _isLicensed(CHARITY) && amountMinutes <= minutesOf[volunteer];
        if (!_sendByAnyone(address(timeBank), abi.encodeCall(timeBank.give, (given)), expected)) return;
        minutesOf[volunteer] -= amountMinutes;
        _bookGift(
            OF_MINUTES,
            IFundLedger.DonationEntry(
                given[0].id,
                volunteers[volunteer].account,
                amountMinutes,
                uint64(block.timestamp),
                Code.wrap("time-bank"),
                given[0].commitment
            )
        );
    }

    function _afterDelivery(uint256 fund, uint64 amountMinor) internal override {
        if (fund == OF_MINUTES) redeemed += amountMinor;
    }

    /// @dev Some volunteer who holds minutes if anyone does, searched from a random one on.
    function _volunteerWithMinutes(uint256 seed) private view returns (uint256 volunteer) {
        for (uint256 i = 0; i < volunteers.length; ++i) {
            volunteer = addmod(seed, i, volunteers.length);
            if (minutesOf[volunteer] > 0) return volunteer;
        }
    }
}
