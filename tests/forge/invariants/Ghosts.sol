// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Vm} from "forge-std/Vm.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {Code, DonationId, EntitlementId, OrganisationId, PaymentListId} from "contracts/src/types/Ids.sol";

import {LineModel} from "./LineModel.sol";
import {Mirror} from "./Mirror.sol";

/// @notice What the campaign did, in its own books: whatever the ledgers say is compared with these.
abstract contract Ghosts is Mirror, LineModel {
    /// @dev A gift and whoever may sign for it now.
    struct Gift {
        uint256 fund;
        DonationId id;
        Person owner;
        IFundLedger.Donation record;
    }

    struct Outflow {
        bool isFee;
        bytes32 id;
        IFundLedger.Outflow record;
    }

    struct Passing {
        uint256 from;
        uint256 to;
        IFundLedger.TransferProposal proposal;
        IFundLedger.Transfer record;
    }

    struct List {
        uint256 fund;
        PaymentListId id;
        IDeliveryLedger.PaymentList record;
    }

    /// @dev `record.state` is Offered until somebody acts, also when the list is over.
    struct Entitled {
        uint256 list;
        EntitlementId id;
        uint256 family;
        IDeliveryLedger.Entitlement record;
    }

    /// @dev A call that may be sent again and must then change nothing.
    struct Sent {
        OrganisationId organisation;
        address sender;
        address to;
        bytes call;
    }

    IDeliveryLedger.ListState internal constant PROPOSED = IDeliveryLedger.ListState.Proposed;
    IDeliveryLedger.ListState internal constant CHECKED = IDeliveryLedger.ListState.Checked;
    IDeliveryLedger.ListState internal constant APPROVED = IDeliveryLedger.ListState.Approved;
    IDeliveryLedger.ListState internal constant CANCELLED = IDeliveryLedger.ListState.Cancelled;
    IDeliveryLedger.ListState internal constant ENDED = IDeliveryLedger.ListState.Expired;
    IDeliveryLedger.EntitlementState internal constant OFFERED = IDeliveryLedger.EntitlementState.Offered;
    IDeliveryLedger.EntitlementState internal constant REFUSED = IDeliveryLedger.EntitlementState.Refused;
    IDeliveryLedger.EntitlementState internal constant EXPIRED = IDeliveryLedger.EntitlementState.Expired;
    IDeliveryLedger.EntitlementState internal constant WITHDRAWN = IDeliveryLedger.EntitlementState.Cancelled;
    IDeliveryLedger.EntitlementState internal constant HANDED_OVER = IDeliveryLedger.EntitlementState.HandedOver;
    IDeliveryLedger.EntitlementState internal constant CONFIRMED = IDeliveryLedger.EntitlementState.Confirmed;
    IDeliveryLedger.EntitlementState internal constant DISPUTED = IDeliveryLedger.EntitlementState.Disputed;
    IDeliveryLedger.EntitlementState internal constant UPHELD = IDeliveryLedger.EntitlementState.Upheld;
    IDeliveryLedger.EntitlementState internal constant DISMISSED = IDeliveryLedger.EntitlementState.Dismissed;
    IDeliveryLedger.EntitlementState internal constant RETURNED = IDeliveryLedger.EntitlementState.Returned;

    Gift[] internal gifts;
    Outflow[] internal outflows;
    Passing[] internal passings;
    List[] internal lists;
    /// @dev Lists that were proposed for what the money was not given for.
    PaymentListId[] internal misuses;
    Entitled[] internal entitled;
    Sent[] internal sent;
    mapping(uint256 fund => uint64) internal reservedMinor;
    mapping(uint256 fund => uint64) internal donatedMinor;
    mapping(uint256 fund => uint64) internal feesMinor;
    mapping(uint256 fund => uint64) internal withdrawnMinor;
    mapping(Code season => mapping(Code place => uint64)) internal placesTaken;
    /// @dev One more than the index of the household's last entitlement of a season.
    mapping(Code season => mapping(uint256 family => uint256)) internal seasonal;
    uint256 internal redeemed;

    /// @dev How often each act was done, and how often rightly refused.
    mapping(bytes4 act => uint256) internal done;
    mapping(bytes4 act => uint256) internal refused;
    /// @dev Acts that succeeded or failed against the rules, and one of them.
    uint256 internal surprises;
    bytes4 internal surprisingAct;
    uint256 internal writesWithoutLicence;
    uint256 internal feesAboveCap;
    uint256 private _ids;

    /// @dev After a surprise the campaign stands still: the invariants then look at what the ledgers made of it.
    modifier act() {
        if (surprises == 0) _;
    }

    // --- Sending

    /// @dev Sends the call and notes whether the rules, as the campaign knows them, say that it succeeds.
    /// @return True when it did and should: only then is it booked.
    function _send(OrganisationId organisation, address sender, address to, bytes memory call, bool expected)
        internal
        returns (bool)
    {
        return _sendForBoth([organisation, organisation], sender, to, call, expected);
    }

    /// @dev An act that needs the licences of two bodies.
    function _sendForBoth(OrganisationId[2] memory bodies, address sender, address to, bytes memory call, bool expected)
        internal
        returns (bool)
    {
        (bool ok,) = _sendLogged(sender, to, call);
        if (ok && !(_isLicensed(bodies[0]) && _isLicensed(bodies[1]))) ++writesWithoutLicence;
        return _noted(ok, expected);
    }

    /// @dev An act of anyone, which needs no licence.
    function _sendByAnyone(address to, bytes memory call, bool expected) internal returns (bool) {
        (bool ok,) = _sendLogged(stranger, to, call);
        return _noted(ok, expected);
    }

    /// @dev What was emitted goes to the mirror.
    function _sendLogged(address sender, address to, bytes memory call) internal returns (bool ok, uint256 emitted) {
        vm.recordLogs();
        vm.prank(sender);
        (ok,) = to.call(call);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (!ok) return (ok, 0);
        emitted = logs.length;
        _mirror(logs);
    }

    /// @dev A call that was carried out already and must now change nothing, whatever has happened since.
    /// @return ok True when it was taken, which needs a licence.
    function _sendOnceMore(OrganisationId organisation, address sender, address to, bytes memory call)
        internal
        returns (bool ok)
    {
        uint256 emitted;
        (ok, emitted) = _sendLogged(sender, to, call);
        if (ok && !_isLicensed(organisation)) ++writesWithoutLicence;
        if (emitted != 0) _surprise();
    }

    function _noted(bool ok, bool expected) internal returns (bool) {
        if (ok != expected) _surprise();
        if (ok) ++done[msg.sig];
        else ++refused[msg.sig];
        return ok && expected;
    }

    function _mayBeSentAgain(OrganisationId organisation, address sender, address to, bytes memory call) internal {
        sent.push(Sent(organisation, sender, to, call));
    }

    function _surprise() internal {
        ++surprises;
        surprisingAct = msg.sig;
    }

    // --- Of the funds

    function _free(uint256 fund) internal view returns (uint64) {
        return uint64(_waiting(fund)) - reservedMinor[fund];
    }

    /// @dev Some fund with free units if there is any, searched from a random one on.
    function _fundWithFreeUnits(uint256 seed) internal view returns (bool found, uint256 fund) {
        for (uint256 i = 0; i < funds.length; ++i) {
            fund = addmod(seed, i, funds.length);
            if (_free(fund) > 0) return (true, fund);
        }
    }

    // --- Of the entitlements

    /// @dev As the entitlement stands now: with its list ends what nobody had taken.
    function _stateOf(uint256 index) internal view returns (IDeliveryLedger.EntitlementState state) {
        state = entitled[index].record.state;
        if (state != OFFERED) return state;
        IDeliveryLedger.PaymentList storage list = lists[entitled[index].list].record;
        if (list.state == CANCELLED) return WITHDRAWN;
        if (block.timestamp >= list.expiresAtUnixS) return EXPIRED;
    }

    /// @dev Some entitlement in this state, searched from a random one on.
    function _findEntitled(uint256 seed, IDeliveryLedger.EntitlementState state)
        internal
        view
        returns (bool found, uint256 index)
    {
        for (uint256 i = 0; i < entitled.length; ++i) {
            index = addmod(seed, i, entitled.length);
            if (_stateOf(index) == state) return (true, index);
        }
    }

    /// @dev An entitlement that did not end without aid keeps its household's place in the season.
    function _holdsSeason(uint256 index) internal view returns (bool) {
        IDeliveryLedger.EntitlementState state = _stateOf(index);
        return state != REFUSED && state != EXPIRED && state != WITHDRAWN && state != UPHELD && state != RETURNED;
    }

    function _wasHandedOver(IDeliveryLedger.EntitlementState state) internal pure returns (bool) {
        return state == HANDED_OVER || state == CONFIRMED || state == DISPUTED || state == UPHELD || state == DISMISSED
            || state == RETURNED;
    }

    // --- Words

    function _between(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + seed % (most - least + 1);
    }

    function _draw(uint256 seed, uint256 which) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, which)));
    }

    function _newId() internal returns (bytes32) {
        return keccak256(abi.encode("id", ++_ids));
    }

    function _deadline() internal view returns (uint64) {
        return uint64(block.timestamp + 1 days);
    }
}
