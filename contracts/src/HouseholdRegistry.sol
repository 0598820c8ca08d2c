// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract HouseholdRegistry is IHouseholdRegistry {
    ILicenceRegistry private immutable LICENCES;

    mapping(address account => Household) private _household;

    constructor(ILicenceRegistry licences) {
        LICENCES = licences;
    }

    /// @inheritdoc IHouseholdRegistry
    function open(OrganisationId organisation, Opening[] calldata openings) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        for (uint256 i = 0; i < openings.length; ++i) {
            _open(organisation, openings[i].account, openings[i].key);
        }
    }

    /// @inheritdoc IHouseholdRegistry
    function replaceKey(OrganisationId organisation, address account, address key) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        Household storage household = _known(account);
        require(household.openedBy == organisation, HouseholdRegistryNotOpenedBy(account, organisation));
        if (household.key == key) return;
        household.key = key;
        emit HouseholdKeyReplaced(account, organisation, key);
    }

    /// @inheritdoc IHouseholdRegistry
    function householdOf(address account) external view returns (Household memory) {
        return _known(account);
    }

    /// @inheritdoc IHouseholdRegistry
    function isOpen(address account) public view returns (bool) {
        return OrganisationId.unwrap(_household[account].openedBy) != 0;
    }

    function _open(OrganisationId organisation, address account, address key) private {
        require(account != address(0), HouseholdRegistryBadAccount(account));
        uint64 digest = uint64(bytes8(keccak256(abi.encode(organisation, key))));
        if (isOpen(account)) {
            require(_household[account].digest == digest, HouseholdRegistryConflict(account));
            return;
        }
        _household[account] = Household(organisation, key, digest);
        emit HouseholdOpened(account, organisation, key);
    }

    function _known(address account) private view returns (Household storage) {
        require(isOpen(account), HouseholdRegistryUnknownHousehold(account));
        return _household[account];
    }
}
