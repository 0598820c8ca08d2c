// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, DebtId, OrganisationId, ProgrammeId} from "../types/Ids.sol";

/// @title Forgiven debts: results that a creditor acknowledges and that move no money (system A05).
/// @notice A settlement says how much was owed, how much of it was paid, and how much the creditor forgave. It is signed
/// by the creditor, and recorded once. Amounts are minor units of `unit`.
interface IDebtRelief {
    /// @notice The creditor's signed acknowledgement: EIP-712 `Forgiveness`, compact by EIP-2098.
    struct SignedForgiveness {
        DebtId id;
        ProgrammeId programme;
        /// @dev The debtor's household account.
        address household;
        /// @dev The creditor's account, which signs; who it is stands in the office.
        address creditor;
        Code unit;
        uint64 debtMinor;
        uint64 paidMinor;
        uint64 forgivenMinor;
        /// @dev Salted hash of the office's record of the debt.
        bytes32 commitment;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A settled debt.
    struct Settlement {
        OrganisationId organisation;
        bytes32 digest;
        uint64 forgivenMinor;
    }

    event DebtForgiven(
        DebtId indexed debt,
        OrganisationId indexed organisation,
        address indexed household,
        ProgrammeId programme,
        address creditor,
        Code unit,
        uint64 debtMinor,
        uint64 paidMinor,
        uint64 forgivenMinor,
        bytes32 commitment
    );

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error DebtReliefMissing(bytes32 field);
    /// @notice The id is taken by a different debt.
    /// @custom:field id
    /// @custom:remedy make a new id for a new debt; send the same one again only unchanged
    /// @custom:retry no
    error DebtReliefConflict(DebtId debt);
    /// @notice What was paid and what was forgiven must be the whole debt.
    /// @custom:field forgivenMinor
    /// @custom:remedy give amounts that add up to the debt, each at most 2^63-1
    /// @custom:retry no
    error DebtReliefDoesNotAddUp(DebtId debt, uint64 debtMinor, uint64 paidMinor, uint64 forgivenMinor);
    /// @notice The household cannot be its own creditor.
    /// @custom:field creditor
    /// @custom:remedy name the creditor's account
    /// @custom:retry no
    error DebtReliefOwnCreditor(DebtId debt, address household);

    /// @notice Records debts that their creditors settled and forgave. Caller: AGENT of `organisation`, whose programme it
    /// is or which carries it out.
    function recordForgiven(OrganisationId organisation, SignedForgiveness[] calldata settlements) external;

    /// @notice The settlement recorded under the id; zeros when unknown.
    function settlementOf(DebtId debt) external view returns (Settlement memory);
}
