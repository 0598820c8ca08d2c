// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Vm} from "forge-std/Vm.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFieldAcceptance} from "contracts/src/interfaces/IFieldAcceptance.sol";
import {Code, EntitlementId, OrganisationId} from "contracts/src/types/Ids.sol";

import {TypedData} from "../TypedData.sol";
import {CardTree} from "./CardTree.sol";
import {World} from "./World.sol";

/// @notice What the events say about households' yes (I6), and whether it is one: verified from the events alone, with
/// hashing of our own.
abstract contract Evidence is World {
    struct Signature {
        OrganisationId organisation;
        address signer;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @dev `family` holds the key that the household had at that time.
    struct Confirmation {
        EntitlementId id;
        address household;
        IDeliveryLedger.AcceptanceMethod method;
        Signature family;
        Signature[] witnessings;
        bytes32 cardRoot;
        bytes32 secret;
        uint8 field;
    }

    /// @dev What an acceptance speaks of, in the campaign's own books.
    struct Terms {
        address household;
        uint64 amountMinor;
        Code unit;
        OrganisationId payer;
        OrganisationId provider;
    }

    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    Confirmation[] internal confirmations;
    mapping(EntitlementId id => uint256) internal timesConfirmed;
    mapping(bytes32 cardRoot => mapping(uint8 field => uint256)) internal timesScratched;
    /// @dev Read since the last confirmation.
    Confirmation private _next;

    function _readField(Vm.Log memory log) internal {
        if (log.topics[0] == IFieldAcceptance.CardFieldRevealed.selector) {
            (_next.field, _next.secret) = abi.decode(log.data, (uint8, bytes32));
            _next.cardRoot = log.topics[2];
            ++timesScratched[_next.cardRoot][_next.field];
        } else {
            Signature memory s;
            (s.organisation, s.signer) = (OrganisationId.wrap(log.topics[2]), address(uint160(uint256(log.topics[3]))));
            (s.deadlineUnixS, s.r, s.vs) = abi.decode(log.data, (uint64, bytes32, bytes32));
            _next.witnessings.push(s);
        }
        _next.id = EntitlementId.wrap(log.topics[1]);
    }

    function _readConfirmation(Vm.Log memory log) internal {
        EntitlementId id = EntitlementId.wrap(log.topics[1]);
        Signature memory s;
        _next.household = address(uint160(uint256(log.topics[2])));
        (_next.method, s.deadlineUnixS, s.r, s.vs) =
            abi.decode(log.data, (IDeliveryLedger.AcceptanceMethod, uint64, bytes32, bytes32));
        s.signer = households.householdOf(_next.household).key;
        _next.family = s;
        require(EntitlementId.unwrap(_next.id) == 0 || _next.id == id, "evidence of one delivery confirmed another");
        _next.id = id;
        confirmations.push(_next);
        ++timesConfirmed[id];
        delete _next;
    }

    /// @dev The evidence of a confirmation, checked for what it must say.
    function _isEvidence(Confirmation storage c, Terms memory terms) internal view returns (bool) {
        if (c.household != terms.household) return false;
        if (c.method == IDeliveryLedger.AcceptanceMethod.HouseholdKey) {
            return c.witnessings.length == 0 && c.cardRoot == 0 && _signed(c.family, _acceptanceDigest(c, terms));
        }
        if (c.family.deadlineUnixS != 0 || c.family.r != 0 || c.family.vs != 0) return false;
        for (uint256 w = 0; w < c.witnessings.length; ++w) {
            if (!_signed(c.witnessings[w], _witnessingDigest(c.id, c.witnessings[w], terms))) return false;
        }
        if (c.method == IDeliveryLedger.AcceptanceMethod.Card) return _isCard(c, terms);
        return c.method == IDeliveryLedger.AcceptanceMethod.Witnesses && _areIndependent(c, terms);
    }

    /// @dev The card's secret, scratched once, and a cosigner who does not hand over for the provider.
    function _isCard(Confirmation storage c, Terms memory terms) private view returns (bool) {
        return c.witnessings.length == 1 && c.witnessings[0].signer != _staffOf(terms.provider).agent
            && c.cardRoot == CardTree.root(c.household) && c.secret == CardTree.secret(c.household, c.field)
            && timesScratched[c.cardRoot][c.field] == 1;
    }

    /// @dev Two people of two bodies, neither paying nor handing over.
    function _areIndependent(Confirmation storage c, Terms memory terms) private view returns (bool) {
        if (c.witnessings.length != 2 || c.cardRoot != 0) return false;
        (OrganisationId a, OrganisationId b) = (c.witnessings[0].organisation, c.witnessings[1].organisation);
        return !(a == b) && c.witnessings[0].signer != c.witnessings[1].signer && !(a == terms.payer)
            && !(a == terms.provider) && !(b == terms.payer) && !(b == terms.provider);
    }

    function _signed(Signature storage s, bytes32 digest) private view returns (bool) {
        uint256 low = uint256(s.vs) & type(uint256).max >> 1;
        address signer = ecrecover(digest, 27 + uint8(uint256(s.vs) >> 255), s.r, bytes32(low));
        return low <= HALF_ORDER && signer != address(0) && signer == s.signer;
    }

    function _acceptanceDigest(Confirmation storage c, Terms memory terms) private view returns (bytes32) {
        return TypedData.digest(
            TypedData.Domain("Amanat DeliveryLedger", block.chainid, address(deliveries)),
            TypedData.acceptance(terms.household, c.id, terms.amountMinor, terms.unit, GENESIS, c.family.deadlineUnixS)
        );
    }

    function _witnessingDigest(EntitlementId id, Signature storage s, Terms memory terms)
        private
        view
        returns (bytes32)
    {
        bytes32 kind = keccak256(
            "Witnessing(address witness,bytes32 organisation,address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
        );
        return TypedData.digest(
            TypedData.Domain("Amanat FieldAcceptance", block.chainid, address(field)),
            keccak256(
                abi.encode(
                    kind,
                    s.signer,
                    s.organisation,
                    terms.household,
                    id,
                    terms.amountMinor,
                    terms.unit,
                    GENESIS,
                    s.deadlineUnixS
                )
            )
        );
    }
}
