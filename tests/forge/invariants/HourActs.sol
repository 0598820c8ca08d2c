// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {Code, DonationId, OrganisationId, RedemptionId, ServiceId} from "contracts/src/types/Ids.sol";

import {DisputeActs} from "./DisputeActs.sol";

/// @notice Volunteers serve, choose, move, redeem and give minutes.
abstract contract HourActs is DisputeActs {
    struct Served {
        ServiceId id;
        uint256 volunteer;
        uint32 serviceMinutes;
        OrganisationId organisation;
        ITimeBank.Reserve reserve;
    }

    Served[] internal services;
    mapping(uint256 volunteer => uint256) internal minutesOf;
    mapping(uint256 volunteer => uint256) internal coinsOf;
    mapping(uint256 volunteer => bool) internal member;
    mapping(OrganisationId organisation => uint256) internal pledged;
    mapping(uint256 volunteer => uint256 indexPlusOne) internal heirs;
    mapping(uint256 volunteer => ITimeBank.Bequest) internal bequests;
    uint256 internal issued;

    /// @dev Under the charity's ceiling; the other charity has none.
    function serve(uint256 seed, uint256 minutesServed) external act {
        uint256 volunteer = seed % volunteers.length;
        Staff storage staff = (seed >> 16) % 3 == 0 ? otherCharity : charity;
        uint32 serviceMinutes = uint32(_between(minutesServed, 5, 60));
        ServiceId id = ServiceId.wrap(_newId());
        ITimeBank.ServiceEntry[] memory entries =
            _service(id, volunteers[volunteer], families[(seed >> 8) % families.length], serviceMinutes);
        bytes memory call = abi.encodeCall(timeBank.confirmServices, (staff.organisation, entries));
        bool below = staff.organisation == OTHER_CHARITY || pledged[CHARITY] + serviceMinutes <= CEILING;
        bool expected = _isLicensed(staff.organisation) && below;
        if (!_send(staff.organisation, staff.coordinator, address(timeBank), call, expected)) return;
        pledged[staff.organisation] += serviceMinutes;
        services.push(Served(id, volunteer, serviceMinutes, staff.organisation, ITimeBank.Reserve.None));
        member[volunteer] = true;
        _mayBeSentAgain(staff.organisation, staff.coordinator, address(timeBank), call);
    }

    /// @dev Mostly minutes; an act already credited is not credited again.
    function choose(uint256 seed, uint256 choice) external act {
        if (services.length == 0) return;
        Served storage service = services[_findUnchosen(seed)];
        ITimeBank.Reserve reserve = choice % 5 == 0 ? ITimeBank.Reserve.GoodCoin : ITimeBank.Reserve.Minutes;
        bytes memory call =
            abi.encodeCall(timeBank.choose, (_choice(service.id, volunteers[service.volunteer], reserve)));
        if (!_sendByAnyone(address(timeBank), call, service.reserve == ITimeBank.Reserve.None)) return;
        service.reserve = reserve;
        delete bequests[service.volunteer];
        if (reserve == ITimeBank.Reserve.GoodCoin) {
            coinsOf[service.volunteer] += 1;
            pledged[service.organisation] -= service.serviceMinutes;
        } else {
            minutesOf[service.volunteer] += service.serviceMinutes;
            issued += service.serviceMinutes;
        }
    }

    function move(uint256 seed, uint256 amount) external act {
        uint256 from = _volunteerWithMinutes(seed);
        _move(from, (seed >> 8) % volunteers.length, _between(amount, 0, minutesOf[from] + 1));
    }

    function redeem(uint256 seed, uint256 amount) external act {
        uint256 volunteer = _volunteerWithMinutes(seed);
        uint64 amountMinutes = uint64(_between(amount, 1, minutesOf[volunteer] + 1));
        ITimeBank.SignedRedemption[] memory redemptions =
            _redemption(RedemptionId.wrap(_newId()), volunteers[volunteer], amountMinutes);
        bool expected = _isLicensed(CHARITY) && amountMinutes <= minutesOf[volunteer];
        bytes memory call = abi.encodeCall(timeBank.redeem, (CHARITY, redemptions));
        if (!_send(CHARITY, charity.coordinator, address(timeBank), call, expected)) return;
        _bookMoved(volunteer, amountMinutes);
        redeemed += amountMinutes;
    }

    function give(uint256 seed, uint256 amount) external act {
        uint256 volunteer = _volunteerWithMinutes(seed);
        uint256 fund = [OF_MINUTES, OTHER_MINUTES, OF_MINUTES, FOOD_MINUTES][(seed >> 8) % 4];
        uint256 most = minutesOf[volunteer] < 20 ? minutesOf[volunteer] + 1 : 20;
        uint64 amountMinutes = uint64(_between(amount, 1, most));
        ITimeBank.SignedMinutesGift[] memory given =
            _minutesGift(DonationId.wrap(_newId()), funds[fund], volunteers[volunteer], amountMinutes);
        bool expected = _mayWrite(fund) && amountMinutes <= minutesOf[volunteer];
        if (!_sendByAnyone(address(timeBank), abi.encodeCall(timeBank.give, (given)), expected)) return;
        _bookMoved(volunteer, amountMinutes);
        IFundLedger.DonationEntry memory entry;
        (entry.id, entry.donor, entry.amountMinor) = (given[0].id, volunteers[volunteer].account, amountMinutes);
        entry.settledAtUnixS = uint64(block.timestamp);
        (entry.form, entry.channel) = (Code.wrap("service"), Code.wrap("time-bank"));
        entry.commitment = given[0].commitment;
        _bookGift(fund, entry, volunteers[volunteer]);
    }

    function _move(uint256 from, uint256 to, uint256 amount) internal {
        bytes memory call = abi.encodeCall(timeBank.transfer, (volunteers[to].account, amount));
        (bool ok,) = _sendLogged(volunteers[from].account, address(timeBank), call);
        if (!_noted(ok, member[to] && amount <= minutesOf[from])) return;
        _bookMoved(from, amount);
        minutesOf[to] += amount;
    }

    /// @dev Whoever moves minutes is alive.
    function _bookMoved(uint256 volunteer, uint256 amount) private {
        minutesOf[volunteer] -= amount;
        delete bequests[volunteer];
    }

    /// @dev Mostly an act that is not credited yet, if there is any.
    function _findUnchosen(uint256 seed) private view returns (uint256 index) {
        for (uint256 i = 0; i < services.length; ++i) {
            index = addmod(seed >> 8, i, services.length);
            if (services[index].reserve == ITimeBank.Reserve.None || seed % 4 == 0) return index;
        }
    }

    /// @dev Some volunteer who holds minutes if anyone does, searched from a random one on.
    function _volunteerWithMinutes(uint256 seed) internal view returns (uint256 volunteer) {
        for (uint256 i = 0; i < volunteers.length; ++i) {
            volunteer = addmod(seed, i, volunteers.length);
            if (minutesOf[volunteer] > 0) return volunteer;
        }
    }
}
