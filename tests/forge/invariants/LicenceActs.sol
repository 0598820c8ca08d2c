// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {OrganisationId} from "contracts/src/types/Ids.sol";

import {HourActs} from "./HourActs.sol";

/// @notice Time passes; the regulator grants and revokes.
abstract contract LicenceActs is HourActs {
    function pass(uint256 time, uint256) external act {
        vm.warp(block.timestamp + _between(time, 1 hours, 5 days));
        ++done[msg.sig];
    }

    function renewLicences(uint256 time, uint256) external act {
        _renewLicences(uint64(block.timestamp + _between(time, 1 days, 20 days)));
        ++done[msg.sig];
    }

    function revokeLicence(uint256 which, uint256 whether) external act {
        OrganisationId organisation = which % 2 == 0 ? CHARITY : OTHER_CHARITY;
        if (whether % 3 != 0 || !_isLicensed(organisation)) return;
        _revokeLicence(organisation);
        licensed[organisation].untilUnixS = uint64(block.timestamp);
        ++done[msg.sig];
    }

    function _renewLicences(uint64 until) internal {
        _renew(CHARITY, charity.administrator, until);
        _renew(OTHER_CHARITY, otherCharity.administrator, until);
    }

    function _renew(OrganisationId organisation, address administrator, uint64 until) private {
        _grantLicence(organisation, administrator, uint64(block.timestamp), until);
        licensed[organisation] = Period(uint64(block.timestamp), until);
    }
}
