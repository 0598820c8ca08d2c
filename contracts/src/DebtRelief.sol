// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDebtRelief} from "./interfaces/IDebtRelief.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "./interfaces/IProgrammeRegistry.sol";
import {SignedActs} from "./SignedActs.sol";
import {Code, DebtId, OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract DebtRelief is IDebtRelief, SignedActs {
    uint64 private constant MAX_AMOUNT = 2 ** 63 - 1;

    bytes32 private constant FORGIVENESS = keccak256(
        "Forgiveness(address creditor,bytes32 debt,address household,bytes32 unit,uint64 debtMinor,uint64 paidMinor,uint64 forgivenMinor,bytes32 genesisHash,uint64 deadlineUnixS)"
    );

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;
    IProgrammeRegistry private immutable PROGRAMMES;

    mapping(DebtId id => Settlement) private _settlement;

    constructor(
        ILicenceRegistry licences,
        IHouseholdRegistry households,
        IProgrammeRegistry programmes,
        bytes32 genesis
    ) SignedActs("Amanat DebtRelief", genesis) {
        LICENCES = licences;
        HOUSEHOLDS = households;
        PROGRAMMES = programmes;
    }

    /// @inheritdoc IDebtRelief
    function recordForgiven(OrganisationId organisation, SignedForgiveness[] calldata settlements) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.AGENT);
        for (uint256 i = 0; i < settlements.length; ++i) {
            _record(organisation, settlements[i]);
        }
    }

    /// @inheritdoc IDebtRelief
    function settlementOf(DebtId debt) external view returns (Settlement memory) {
        return _settlement[debt];
    }

    function _record(OrganisationId organisation, SignedForgiveness calldata s) private {
        require(DebtId.unwrap(s.id) != 0, DebtReliefMissing("debt"));
        require(Code.unwrap(s.unit) != 0, DebtReliefMissing("unit"));
        require(s.forgivenMinor != 0, DebtReliefMissing("forgivenMinor"));
        bytes32 digest = keccak256(abi.encode(organisation, s));
        Settlement storage known = _settlement[s.id];
        if (known.digest != 0) {
            require(known.digest == digest, DebtReliefConflict(s.id));
            return;
        }
        require(
            s.debtMinor <= MAX_AMOUNT && uint256(s.paidMinor) + s.forgivenMinor == s.debtMinor,
            DebtReliefDoesNotAddUp(s.id, s.debtMinor, s.paidMinor, s.forgivenMinor)
        );
        PROGRAMMES.requireImplements(s.programme, organisation);
        IHouseholdRegistry.Household memory household = HOUSEHOLDS.householdOf(s.household);
        require(s.creditor != s.household && s.creditor != household.key, DebtReliefOwnCreditor(s.id, s.household));
        _requireSigned(DebtId.unwrap(s.id), s.creditor, _hash(s), s.deadlineUnixS, s.r, s.vs);
        _settlement[s.id] = Settlement(organisation, digest, s.forgivenMinor);
        _emitForgiven(organisation, s);
    }

    function _emitForgiven(OrganisationId organisation, SignedForgiveness calldata s) private {
        emit DebtForgiven(
            s.id,
            organisation,
            s.household,
            s.programme,
            s.creditor,
            s.unit,
            s.debtMinor,
            s.paidMinor,
            s.forgivenMinor,
            s.commitment
        );
    }

    function _hash(SignedForgiveness calldata s) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                FORGIVENESS,
                s.creditor,
                s.id,
                s.household,
                s.unit,
                s.debtMinor,
                s.paidMinor,
                s.forgivenMinor,
                genesisHash,
                s.deadlineUnixS
            )
        );
    }
}
