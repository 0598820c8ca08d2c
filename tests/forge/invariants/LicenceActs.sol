// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {OrganisationId} from "contracts/src/types/Ids.sol";

import {HeirActs} from "./HeirActs.sol";

/// @notice Time passes; the regulator grants, suspends, resumes and revokes.
abstract contract LicenceActs is HeirActs {
    function pass(uint256 time, uint256) external act {
        vm.warp(block.timestamp + _between(time, 1 hours, time % 4 == 0 ? 5 days : 1 days));
        ++done[msg.sig];
    }

    function renewLicences(uint256 time, uint256) external act {
        _renewLicences(uint64(block.timestamp + _between(time, 5 days, 40 days)));
        ++done[msg.sig];
    }

    function revokeLicence(uint256 which, uint256 whether) external act {
        OrganisationId organisation = which % 2 == 0 ? CHARITY : OTHER_CHARITY;
        if (whether % 3 != 0 || licensed[organisation].untilUnixS <= block.timestamp) return;
        _revokeLicence(organisation);
        licensed[organisation].untilUnixS = uint64(block.timestamp);
        ++done[msg.sig];
    }

    function suspendLicence(uint256 which, uint256 whether) external act {
        OrganisationId organisation = which % 2 == 0 ? CHARITY : OTHER_CHARITY;
        Period storage period = licensed[organisation];
        if (whether % 3 != 0 || period.suspended || period.untilUnixS <= block.timestamp) return;
        _suspendLicence(organisation);
        period.suspended = true;
        ++done[msg.sig];
    }

    function resumeLicence(uint256 which, uint256) external act {
        OrganisationId organisation = which % 2 == 0 ? CHARITY : OTHER_CHARITY;
        if (!licensed[organisation].suspended) return;
        _resume(organisation);
        ++done[msg.sig];
    }

    function _renewLicences(uint64 until) internal override {
        _license(CHARITY, uint64(block.timestamp), until);
        _license(OTHER_CHARITY, uint64(block.timestamp), until);
        if (licensed[CHARITY].suspended) _resume(CHARITY);
        if (licensed[OTHER_CHARITY].suspended) _resume(OTHER_CHARITY);
    }

    function _resume(OrganisationId organisation) private {
        _byTwoKeys(abi.encodeCall(licences.resumeLicence, (organisation)));
        licensed[organisation].suspended = false;
    }
}
