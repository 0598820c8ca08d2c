// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "./interfaces/IProgrammeRegistry.sol";
import {Code, OrganisationId, ProgrammeId} from "./types/Ids.sol";

contract ProgrammeRegistry is IProgrammeRegistry {
    ILicenceRegistry private immutable LICENCES;
    address private immutable DELIVERY_LEDGER;

    mapping(ProgrammeId programme => Programme) private _programme;
    mapping(ProgrammeId programme => mapping(Code head => bool)) private _takesHead;
    mapping(ProgrammeId programme => mapping(OrganisationId organisation => bool)) private _implementer;
    mapping(ProgrammeId programme => mapping(Code month => uint64)) private _planned;
    mapping(ProgrammeId programme => mapping(Code season => mapping(Code place => PlaceQuota))) private _quota;

    constructor(ILicenceRegistry licences, address deliveryLedger) {
        LICENCES = licences;
        DELIVERY_LEDGER = deliveryLedger;
    }

    modifier onlyDeliveryLedger() {
        require(msg.sender == DELIVERY_LEDGER, ProgrammeRegistryNotDeliveryLedger(msg.sender));
        _;
    }

    // --- The owner

    /// @inheritdoc IProgrammeRegistry
    function openProgramme(ProgrammeOpening calldata o, Code[] calldata heads) external {
        LICENCES.requireAdministrator(o.organisation, msg.sender);
        require(ProgrammeId.unwrap(o.id) != 0, ProgrammeRegistryMissing("programme"));
        require(Code.unwrap(o.service) != 0, ProgrammeRegistryMissing("service"));
        require(Code.unwrap(o.countedIn) != 0, ProgrammeRegistryMissing("countedIn"));
        if (OrganisationId.unwrap(_programme[o.id].organisation) == 0) {
            _open(o);
        } else {
            require(_same(_programme[o.id], o), ProgrammeRegistryConflict(o.id));
        }
        for (uint256 i = 0; i < heads.length; ++i) {
            require(Code.unwrap(heads[i]) != 0, ProgrammeRegistryMissing("head"));
            if (_takesHead[o.id][heads[i]]) continue;
            _takesHead[o.id][heads[i]] = true;
            emit ProgrammeHeadAllowed(o.id, heads[i]);
        }
    }

    /// @inheritdoc IProgrammeRegistry
    function admitImplementers(ProgrammeId programme, OrganisationId[] calldata organisations) external {
        LICENCES.requireAdministrator(_known(programme).organisation, msg.sender);
        for (uint256 i = 0; i < organisations.length; ++i) {
            if (_implementer[programme][organisations[i]]) continue;
            _implementer[programme][organisations[i]] = true;
            emit ImplementerAdmitted(programme, organisations[i]);
        }
    }

    /// @inheritdoc IProgrammeRegistry
    function dismissImplementers(ProgrammeId programme, OrganisationId[] calldata organisations) external {
        LICENCES.requireAdministrator(_known(programme).organisation, msg.sender);
        for (uint256 i = 0; i < organisations.length; ++i) {
            if (!_implementer[programme][organisations[i]]) continue;
            _implementer[programme][organisations[i]] = false;
            emit ImplementerDismissed(programme, organisations[i]);
        }
    }

    /// @inheritdoc IProgrammeRegistry
    function plan(ProgrammeId programme, Code month, uint64 units) external {
        LICENCES.requireAdministrator(_known(programme).organisation, msg.sender);
        require(Code.unwrap(month) != 0, ProgrammeRegistryMissing("month"));
        if (_planned[programme][month] == units) return;
        _planned[programme][month] = units;
        emit ProgrammePlanned(programme, month, units);
    }

    /// @inheritdoc IProgrammeRegistry
    function setQuota(ProgrammeId programme, Code season, Code place, uint64 quota) external {
        LICENCES.requireAdministrator(_known(programme).organisation, msg.sender);
        require(Code.unwrap(place) != 0, ProgrammeRegistryMissing("place"));
        PlaceQuota storage known = _quota[programme][season][place];
        require(quota >= known.taken, ProgrammeRegistryQuotaBelowTaken(programme, quota, known.taken));
        if (known.most == quota) return;
        known.most = quota;
        emit PlaceQuotaSet(programme, season, place, quota);
    }

    // --- The delivery ledger

    /// @inheritdoc IProgrammeRegistry
    function takePlaces(ProgrammeId programme, Code season, Code place, uint64 count) external onlyDeliveryLedger {
        PlaceQuota storage quota = _quota[programme][season][place];
        uint64 left = quota.most - quota.taken;
        require(count <= left, ProgrammeRegistryQuotaExceeded(programme, season, place, left));
        quota.taken += count;
    }

    /// @inheritdoc IProgrammeRegistry
    function freePlaces(ProgrammeId programme, Code season, Code place, uint64 count) external onlyDeliveryLedger {
        _quota[programme][season][place].taken -= count;
    }

    // --- Views

    /// @inheritdoc IProgrammeRegistry
    function requireServes(ProgrammeId programme, OrganisationId organisation, Code head) external view {
        requireImplements(programme, organisation);
        require(_takesHead[programme][head], ProgrammeRegistryHeadNotAllowed(programme, head));
    }

    /// @inheritdoc IProgrammeRegistry
    function requireImplements(ProgrammeId programme, OrganisationId organisation) public view {
        require(
            _known(programme).organisation == organisation || _implementer[programme][organisation],
            ProgrammeRegistryOfOther(programme, organisation)
        );
    }

    /// @inheritdoc IProgrammeRegistry
    function programmeOf(ProgrammeId programme) external view returns (Programme memory) {
        return _known(programme);
    }

    /// @inheritdoc IProgrammeRegistry
    function takesHead(ProgrammeId programme, Code head) external view returns (bool) {
        return _takesHead[programme][head];
    }

    /// @inheritdoc IProgrammeRegistry
    function isImplementer(ProgrammeId programme, OrganisationId organisation) external view returns (bool) {
        return _implementer[programme][organisation];
    }

    /// @inheritdoc IProgrammeRegistry
    function plannedUnits(ProgrammeId programme, Code month) external view returns (uint64) {
        return _planned[programme][month];
    }

    /// @inheritdoc IProgrammeRegistry
    function quotaOf(ProgrammeId programme, Code season, Code place) external view returns (PlaceQuota memory) {
        return _quota[programme][season][place];
    }

    function _open(ProgrammeOpening calldata o) private {
        Programme storage programme = _programme[o.id];
        programme.organisation = o.organisation;
        programme.campaign = o.campaign;
        programme.rule = o.rule;
        programme.clearer = o.clearer;
        programme.seasonal = o.seasonal;
        programme.quotas = o.quotas;
        programme.disputeWindowS = o.disputeWindowS;
        programme.service = o.service;
        programme.countedIn = o.countedIn;
        emit ProgrammeOpened(
            o.id,
            o.organisation,
            o.campaign,
            o.rule,
            o.clearer,
            o.seasonal,
            o.quotas,
            o.disputeWindowS,
            o.service,
            o.countedIn
        );
    }

    function _known(ProgrammeId programme) private view returns (Programme storage known) {
        known = _programme[programme];
        require(OrganisationId.unwrap(known.organisation) != 0, ProgrammeRegistryUnknownProgramme(programme));
    }

    function _same(Programme storage known, ProgrammeOpening calldata o) private view returns (bool) {
        return known.organisation == o.organisation && known.campaign == o.campaign && known.rule == o.rule
            && known.clearer == o.clearer && known.seasonal == o.seasonal && known.quotas == o.quotas
            && known.disputeWindowS == o.disputeWindowS && known.service == o.service && known.countedIn == o.countedIn;
    }
}
