// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {OrganisationId, RuleId} from "../types/Ids.sol";

/// @title Rules with a number, sequential versions and a date of effect (system T17).
/// @notice The text lies outside; its hash is here. A version is in force from its date until the next version's. What
/// was published never changes and is never withdrawn: a body that loses its licence publishes no more, its rules stay.
interface IRulebook {
    /// @notice One version of a rule to publish.
    struct RulePublication {
        RuleId rule;
        /// @dev The body that the rule belongs to: whoever published version 1.
        OrganisationId organisation;
        /// @dev From 1, without gaps.
        uint32 version;
        bytes32 documentHash;
        /// @dev Not in the past, and later than the previous version's.
        uint64 inForceFromUnixS;
    }

    /// @notice A published version.
    struct RuleVersion {
        OrganisationId organisation;
        bytes32 documentHash;
        uint64 inForceFromUnixS;
    }

    event RulePublished(
        RuleId indexed rule,
        OrganisationId indexed organisation,
        uint32 version,
        bytes32 documentHash,
        uint64 inForceFromUnixS
    );

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error RulebookMissing(RuleId rule, bytes32 field);
    /// @notice This version of the rule was published already with another document, date or body.
    /// @custom:field version
    /// @custom:remedy publish the changed rule as its next version
    /// @custom:retry no
    error RulebookConflict(RuleId rule, uint32 version);
    /// @notice The rule belongs to another organisation.
    /// @custom:field organisation
    /// @custom:remedy have the body that published version 1 publish it, or make a new rule id
    /// @custom:retry no
    error RulebookNotOwner(RuleId rule, OrganisationId organisation);
    /// @notice Versions are numbered 1, 2, 3 and so on without gaps.
    /// @custom:field version
    /// @custom:remedy publish the expected version
    /// @custom:retry no
    error RulebookNotNextVersion(RuleId rule, uint32 version, uint32 expected);
    /// @notice A version may not be in force earlier than now, nor before or together with the previous one.
    /// @custom:field inForceFromUnixS
    /// @custom:remedy give a date later than the one named here
    /// @custom:retry no
    error RulebookBadStart(RuleId rule, uint64 inForceFromUnixS, uint64 laterThanUnixS);
    /// @notice There is no such version of the rule.
    /// @custom:field version
    /// @custom:remedy publish the version first, or correct rule and version
    /// @custom:retry yes
    error RulebookUnknownVersion(RuleId rule, uint32 version);
    /// @notice This version of the rule is not in force now: not published, not yet begun, or followed by another one.
    /// @custom:field version
    /// @custom:remedy cite the version that is in force
    /// @custom:retry yes
    error RulebookNotInForce(RuleId rule, uint32 version, uint64 nowUnixS);

    /// @notice Publishes the next version of a rule; the same publication again is a no-op. Caller: administrator of
    /// the organisation.
    function publish(RulePublication calldata publication) external;

    /// @notice Reverts unless this version of the rule is in force now.
    function requireInForce(RuleId rule, uint32 version) external view;

    /// @notice A version's record; reverts when unknown.
    function ruleOf(RuleId rule, uint32 version) external view returns (RuleVersion memory);
    /// @notice The last published version, also when not yet in force; zero for an unknown rule.
    function latestVersion(RuleId rule) external view returns (uint32);
}
