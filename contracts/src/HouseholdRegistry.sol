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
            _open(organisation, openings[i]);
        }
    }

    /// @inheritdoc IHouseholdRegistry
    function replaceKey(OrganisationId organisation, address account, address key) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        Household storage household = _own(organisation, account);
        if (household.key == key) return;
        household.key = key;
        emit HouseholdKeyReplaced(account, organisation, key);
    }

    /// @inheritdoc IHouseholdRegistry
    function replaceCard(OrganisationId organisation, address account, bytes32 cardRoot) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        Household storage household = _own(organisation, account);
        if (household.cardRoot == cardRoot) return;
        household.cardRoot = cardRoot;
        emit HouseholdCardReplaced(account, organisation, cardRoot);
    }

    /// @inheritdoc IHouseholdRegistry
    function close(OrganisationId organisation, address[] calldata accounts) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Household storage household = _own(organisation, accounts[i]);
            if (household.closed) continue;
            household.closed = true;
            emit HouseholdClosed(accounts[i], organisation);
        }
    }

    /// @inheritdoc IHouseholdRegistry
    function reopen(OrganisationId organisation, address[] calldata accounts) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.REGISTRAR);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Household storage household = _own(organisation, accounts[i]);
            if (!household.closed) continue;
            household.closed = false;
            emit HouseholdReopened(accounts[i], organisation);
        }
    }

    /// @inheritdoc IHouseholdRegistry
    function takeOver(OrganisationId successor, address[] calldata accounts) external {
        LICENCES.requireRole(successor, msg.sender, Roles.REGISTRAR);
        // What it promised before the account was its own is not checked again when the family accepts.
        require(
            LICENCES.scopeOf(successor) & (Roles.MAKER | Roles.AGENT) == 0, HouseholdRegistryPayingSuccessor(successor)
        );
        for (uint256 i = 0; i < accounts.length; ++i) {
            Household storage household = _known(accounts[i]);
            OrganisationId from = household.openedBy;
            if (from == successor) continue;
            require(LICENCES.successorOf(from) == successor, HouseholdRegistryNotOpenedBy(accounts[i], successor));
            household.openedBy = successor;
            emit HouseholdTakenOver(accounts[i], from, successor);
        }
    }

    /// @inheritdoc IHouseholdRegistry
    function householdOf(address account) external view returns (Household memory) {
        return _known(account);
    }

    /// @inheritdoc IHouseholdRegistry
    function isKnown(address account) public view returns (bool) {
        return OrganisationId.unwrap(_household[account].openedBy) != 0;
    }

    /// @inheritdoc IHouseholdRegistry
    function isOpen(address account) external view returns (bool) {
        return isKnown(account) && !_household[account].closed;
    }

    function _open(OrganisationId organisation, Opening calldata opening) private {
        address account = opening.account;
        require(account != address(0), HouseholdRegistryBadAccount(account));
        uint64 digest = uint64(bytes8(keccak256(abi.encode(organisation, opening))));
        if (isKnown(account)) {
            require(_household[account].digest == digest, HouseholdRegistryConflict(account));
            return;
        }
        _household[account] = Household(organisation, opening.key, false, digest, opening.cardRoot);
        emit HouseholdOpened(account, organisation, opening.key, opening.cardRoot);
    }

    function _known(address account) private view returns (Household storage) {
        require(isKnown(account), HouseholdRegistryUnknownHousehold(account));
        return _household[account];
    }

    function _own(OrganisationId organisation, address account) private view returns (Household storage household) {
        household = _known(account);
        require(household.openedBy == organisation, HouseholdRegistryNotOpenedBy(account, organisation));
    }
}
