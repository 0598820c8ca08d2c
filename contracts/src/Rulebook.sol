// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {OrganisationId, RuleId} from "./types/Ids.sol";

contract Rulebook is IRulebook {
    /// @dev What all versions of a rule share.
    struct Rule {
        OrganisationId organisation;
        uint32 latest;
    }

    /// @dev What one version says. A published version's date is never zero.
    struct Version {
        bytes32 documentHash;
        uint64 inForceFromUnixS;
    }

    ILicenceRegistry private immutable LICENCES;

    mapping(RuleId rule => Rule) private _rule;
    mapping(RuleId rule => mapping(uint32 version => Version)) private _version;

    constructor(ILicenceRegistry licences) {
        LICENCES = licences;
    }

    /// @inheritdoc IRulebook
    function publish(RulePublication calldata p) external {
        LICENCES.requireAdministrator(p.organisation, msg.sender);
        require(RuleId.unwrap(p.rule) != 0, RulebookMissing(p.rule, "rule"));
        require(p.documentHash != 0, RulebookMissing(p.rule, "documentHash"));
        Rule storage rule = _rule[p.rule];
        if (_isPublished(p.rule, p.version)) {
            Version storage known = _version[p.rule][p.version];
            require(
                rule.organisation == p.organisation && known.documentHash == p.documentHash
                    && known.inForceFromUnixS == p.inForceFromUnixS,
                RulebookConflict(p.rule, p.version)
            );
            return;
        }
        uint32 expected = rule.latest + 1;
        require(expected == 1 || rule.organisation == p.organisation, RulebookNotOwner(p.rule, p.organisation));
        require(p.version == expected, RulebookNotNextVersion(p.rule, p.version, expected));
        uint64 before = _lastBefore(p.rule, rule.latest);
        require(p.inForceFromUnixS > before, RulebookBadStart(p.rule, p.inForceFromUnixS, before));
        if (expected == 1) rule.organisation = p.organisation;
        rule.latest = expected;
        _version[p.rule][expected] = Version(p.documentHash, p.inForceFromUnixS);
        emit RulePublished(p.rule, p.organisation, expected, p.documentHash, p.inForceFromUnixS);
    }

    /// @inheritdoc IRulebook
    function requireInForce(RuleId rule, uint32 version) external view {
        require(
            _hasBegun(rule, version) && !_hasBegun(rule, version + 1),
            RulebookNotInForce(rule, version, uint64(block.timestamp))
        );
    }

    /// @inheritdoc IRulebook
    function ruleOf(RuleId rule, uint32 version) external view returns (RuleVersion memory) {
        require(_isPublished(rule, version), RulebookUnknownVersion(rule, version));
        Version storage known = _version[rule][version];
        return RuleVersion(_rule[rule].organisation, known.documentHash, known.inForceFromUnixS);
    }

    /// @inheritdoc IRulebook
    function latestVersion(RuleId rule) external view returns (uint32) {
        return _rule[rule].latest;
    }

    /// @dev The last second at which the version after `latest` may not yet be in force.
    function _lastBefore(RuleId rule, uint32 latest) private view returns (uint64) {
        uint64 past = uint64(block.timestamp - 1);
        uint64 previous = _version[rule][latest].inForceFromUnixS;
        return previous > past ? previous : past;
    }

    function _hasBegun(RuleId rule, uint32 version) private view returns (bool) {
        return _isPublished(rule, version) && _version[rule][version].inForceFromUnixS <= block.timestamp;
    }

    function _isPublished(RuleId rule, uint32 version) private view returns (bool) {
        return _version[rule][version].inForceFromUnixS != 0;
    }
}
